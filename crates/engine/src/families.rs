//! What a model is made of, described once for every executor. One file for each family says
//! how its header and tensor names become an [`Architecture`].

mod header;
mod llama;
mod qwen2;

use formats::Checkpoint;
use protocol::{AppError, failure};

/// A decoder: embedding, layers one after another, a norm, and the logits.
#[derive(Clone, Debug)]
pub(crate) struct Architecture {
    /// Such as `llama`.
    pub name: String,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Longest context in tokens.
    pub context: usize,
    /// Tensor of shape (vocabulary, hidden).
    pub embedding: String,
    /// In the order they compute.
    pub layers: Vec<Layer>,
    /// Before the logits.
    pub norm: Norm,
    /// (vocabulary, hidden); the embedding's tensor where the two are tied.
    pub output: Projection,
}

/// `x + mixer(norm(x))`, then `x + feed(norm(x))`.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub mixer_norm: Norm,
    pub mixer: Mixer,
    pub feed_norm: Norm,
    pub feed: Feed,
}

/// How a token takes in those before it.
#[derive(Clone, Debug)]
pub(crate) enum Mixer {
    Attention(Attention),
}

/// Attention in which several heads share a head of keys and values.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    pub heads: usize,
    pub kv_heads: usize,
    /// Width of one head of queries and keys.
    pub head_dim: usize,
    /// Width of one head of values.
    pub value_dim: usize,
    pub rope: Rope,
    /// (heads * head_dim, hidden)
    pub q: Projection,
    /// (kv_heads * head_dim, hidden)
    pub k: Projection,
    /// (kv_heads * value_dim, hidden)
    pub v: Projection,
    /// (hidden, heads * value_dim)
    pub o: Projection,
}

/// How a token is changed on its own.
#[derive(Clone, Debug)]
pub(crate) enum Feed {
    /// `down(silu(gate(x)) * up(x))`
    Gated {
        /// (width, hidden)
        gate: Projection,
        /// (width, hidden)
        up: Projection,
        /// (hidden, width)
        down: Projection,
    },
}

/// `x / sqrt(mean(x^2) + eps) * weight`
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    /// (hidden)
    pub weight: String,
    pub eps: f32,
}

/// `weight x + bias`
#[derive(Clone, Debug)]
pub(crate) struct Projection {
    pub weight: String,
    pub bias: Option<String>,
    pub rows: usize,
    pub columns: usize,
}

/// Rotary positions: pair `i` of a head turns by `position * base^(-2i/dims) / scale / factor[i]`.
/// Source: Su et al. 2021, <https://arxiv.org/abs/2104.09864>.
#[derive(Clone, Debug)]
pub(crate) struct Rope {
    /// How many of a head's numbers turn; the rest stay.
    pub dims: usize,
    pub base: f64,
    /// Linear scaling; 1 is none.
    pub scale: f64,
    /// Tensor (dims / 2) that divides the frequencies.
    pub factors: Option<String>,
    pub pairs: Pairs,
}

/// Which numbers of a head turn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairs {
    /// Neighbours: 2i and 2i + 1.
    Neighbours,
    /// Halves: i and i + dims / 2.
    Halves,
}

/// Describes a model.
///
/// Errors: `unknown-architecture`, `metadata-missing`, `model-damaged`.
pub(crate) fn describe(checkpoint: &Checkpoint) -> Result<Architecture, AppError> {
    let Some(gguf) = checkpoint.gguf() else {
        let name = formats::one_line(checkpoint.architecture()?);
        return Err(failure::unknown_architecture(name));
    };
    match gguf.architecture()? {
        "llama" => llama::describe(gguf),
        "qwen2" => qwen2::describe(gguf),
        other => Err(failure::unknown_architecture(formats::one_line(other))),
    }
}
