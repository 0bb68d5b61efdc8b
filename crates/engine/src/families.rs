//! What a model is made of, described once for every executor and for both formats. One file for
//! each family says how the header of a GGUF file or a folder's config.json, and the names of the
//! tensors, become an [`Architecture`].

mod decoder;
mod experts;
mod facts;
mod falcon;
mod gemma;
mod gpt_oss;
mod llama;
mod mistral;
mod mixtral;
mod names;
mod olmo;
mod olmo2;
mod olmoe;
mod phi3;
mod qwen2;
mod qwen3;
mod rope;
mod smollm3;
pub(crate) mod stock;
mod window;

pub(crate) use kernels::steps::{Activation, NormKind, Pairs};
pub(crate) use rope::{Factors, Rope, Scaling};

use formats::Checkpoint;
use protocol::AppError;

/// A decoder: embedding, layers one after another, a norm, and the logits.
#[derive(Clone, Debug)]
pub(crate) struct Architecture {
    /// Such as `llama`.
    pub name: String,
    /// Rows of the embedding: at least the tokenizer's tokens.
    pub vocabulary: usize,
    /// Longest context in tokens.
    pub context: usize,
    /// (vocabulary, hidden)
    pub embedding: Projection,
    /// Multiplies what the embedding gives.
    pub embedding_scale: f32,
    /// In the order they compute.
    pub layers: Vec<Layer>,
    /// Before the logits.
    pub norm: Norm,
    /// (vocabulary, hidden); the embedding's tensor where the two are tied.
    pub output: Projection,
    /// Multiplies the logits.
    pub logit_scale: f32,
    /// `cap * tanh(logit / cap)`, after the scale.
    pub logit_softcap: Option<f32>,
}

/// One layer.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub mixer: Mixer,
    pub feed: Feed,
    pub residual: Residual,
}

/// How a layer's mixer and feed join the stream.
#[derive(Clone, Debug)]
pub(crate) enum Residual {
    /// `x + after(mixer(before(x)))`, then the same with the feed.
    Serial { mixer: Norms, feed: Norms },
    /// `x + mixer(norm(x)) + feed(norm(x))`; the feed's norm is the mixer's where it has none of
    /// its own.
    Parallel { mixer: Norm, feed: Option<Norm> },
}

/// The norms around a mixer or a feed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Norms {
    pub before: Option<Norm>,
    pub after: Option<Norm>,
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
    pub positions: Positions,
    /// (heads * head_dim, hidden)
    pub q: Projection,
    /// (kv_heads * head_dim, hidden)
    pub k: Projection,
    /// (kv_heads * value_dim, hidden)
    pub v: Projection,
    /// (hidden, heads * value_dim)
    pub o: Projection,
    /// Before positions; of one head's width, or of all heads'.
    pub q_norm: Option<Norm>,
    /// As `q_norm`.
    pub k_norm: Option<Norm>,
    /// q, k and v, normed, are kept between `-clip` and `clip`.
    pub clip: Option<f32>,
    /// Multiplies the scores.
    pub scale: f32,
    /// `cap * tanh(score / cap)`.
    pub softcap: Option<f32>,
    /// How many tokens a token sees, itself included; None: all before it.
    pub window: Option<usize>,
    /// Tensor (heads): each head's score that gives nothing.
    pub sinks: Option<String>,
}

/// How a token's place is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Positions {
    Rope(Rope),
    /// A score that falls with the distance, steeper for each head; arXiv 2108.12409.
    Alibi,
    /// Not at all: the layer has only the causal order.
    None,
}

/// How a token is changed on its own.
#[derive(Clone, Debug)]
pub(crate) enum Feed {
    Gated(Gated),
    /// `down(activation(up(x)))`
    Plain {
        activation: Activation,
        /// (width, hidden)
        up: Projection,
        /// (hidden, width)
        down: Projection,
    },
    Experts(Experts),
}

/// `down(activation(gate(x)) * up(x))`
#[derive(Clone, Debug)]
pub(crate) struct Gated {
    pub activation: Activation,
    /// (width, hidden)
    pub gate: Projection,
    /// (width, hidden)
    pub up: Projection,
    /// (hidden, width)
    pub down: Projection,
}

/// Several feeds, of which a router chooses some for each token.
#[derive(Clone, Debug)]
pub(crate) struct Experts {
    /// (experts, hidden)
    pub router: Projection,
    pub experts: Vec<Gated>,
    /// How many are chosen.
    pub used: usize,
    /// Whether the weights of the chosen sum to one; else they are those of a softmax over all.
    pub normalised: bool,
}

/// What makes a vector's size one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Norm {
    pub kind: NormKind,
    /// Numbers that are normed together.
    pub size: usize,
    /// (size); None: all one.
    pub weight: Option<String>,
    /// (size); None: all zero.
    pub bias: Option<String>,
    pub eps: f32,
    /// Whether one is added to the weight that is stored.
    pub plus_one: bool,
}

/// `weight x + bias`
#[derive(Clone, Debug)]
pub(crate) struct Projection {
    /// Taken as a matrix: all dimensions but the last are rows.
    pub weight: String,
    /// What the tensor's shape must be.
    pub shape: Vec<usize>,
    /// Which of its rows.
    pub rows: Rows,
    /// A tensor with a number for each row of the weight's tensor, of which the same are taken;
    /// and its shape.
    pub bias: Option<(String, Vec<usize>)>,
    pub form: Form,
}

/// How a projection's numbers lie in its tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Row after row.
    Plain,
    /// (…, columns, rows): column after column. The shape and the rows are those of the matrix as
    /// it is used.
    Transposed,
    /// MXFP4 in two tensors of bytes, `…_blocks` (…, columns / 32, 16) and `…_scales` (…, columns
    /// / 32); `weight` names them without their ends.
    Mxfp4Apart,
}

/// Some rows of a matrix: `count` runs of `run` rows, which begin `stride` rows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    pub first: usize,
    pub run: usize,
    pub stride: usize,
    pub count: usize,
}

impl Rows {
    /// `rows` rows from `first`.
    pub fn from(first: usize, rows: usize) -> Rows {
        Rows {
            first,
            run: rows,
            stride: rows,
            count: 1,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.run * self.count
    }

    /// The first row of each run.
    pub fn starts(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |run| self.first + run * self.stride)
    }
}

impl Projection {
    /// Other rows of the same tensor.
    pub fn part(&self, rows: Rows) -> Projection {
        Projection {
            rows,
            ..self.clone()
        }
    }
}

/// A model, described for who computes it.
#[derive(Clone, Debug)]
pub(crate) enum Described {
    /// By our executors.
    Decoder(Box<Architecture>),
    /// By candle-transformers.
    Stock(stock::Stock),
}

impl Described {
    /// Such as `llama`.
    pub fn name(&self) -> &str {
        match self {
            Described::Decoder(architecture) => &architecture.name,
            Described::Stock(stock) => stock.name,
        }
    }

    /// Rows of the embedding.
    pub fn vocabulary(&self) -> usize {
        match self {
            Described::Decoder(architecture) => architecture.vocabulary,
            Described::Stock(stock) => stock.vocabulary,
        }
    }

    /// Longest context in tokens.
    pub fn context(&self) -> usize {
        match self {
            Described::Decoder(architecture) => architecture.context,
            Described::Stock(stock) => stock.context,
        }
    }
}

/// Describes a model.
///
/// Errors: `unknown-architecture`, `metadata-missing`, `model-damaged`, `tensor-missing`.
pub(crate) fn describe(checkpoint: &Checkpoint) -> Result<Described, AppError> {
    let facts = facts::Facts::of(checkpoint);
    let architecture = match facts.architecture()? {
        "llama" => llama::describe(&facts),
        "mistral" => mistral::describe(&facts),
        "mixtral" => mixtral::describe(&facts),
        "falcon" | "RefinedWeb" | "RefinedWebModel" => falcon::describe(&facts),
        "olmo" | "hf_olmo" => olmo::describe(&facts),
        "olmo2" | "olmo3" => olmo2::describe(&facts),
        "olmoe" => olmoe::describe(&facts),
        "qwen2" => qwen2::describe(&facts),
        "qwen3" => qwen3::describe(&facts),
        "qwen3moe" | "qwen3_moe" => qwen3::describe_moe(&facts),
        "gemma2" => gemma::describe_2(&facts),
        "gemma3" | "gemma3_text" => gemma::describe_3(&facts),
        "phi3" => phi3::describe(&facts),
        "smollm3" => smollm3::describe(&facts),
        "gpt-oss" | "gpt_oss" => gpt_oss::describe(&facts),
        _ => return stock::describe(&facts).map(Described::Stock),
    };
    Ok(Described::Decoder(Box::new(architecture?)))
}
