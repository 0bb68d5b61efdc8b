//! The executor on candle's tensors: the plain reference on the processor.

mod attend;
mod attention;
mod linear;
mod load;
mod ops;
mod rope;

pub(crate) use attention::LayerKv;
pub(crate) use load::Tensors;

use crate::Cancel;
use crate::families::{Architecture, Feed, Mixer, Norm, Projection};
use attention::Attention;
use candle_core::{Result, Tensor};
use linear::Linear;
use protocol::AppError;
use rope::Turns;

/// An architecture with its weights.
pub(crate) struct Decoder {
    embedding: Linear,
    layers: Vec<DecoderLayer>,
    norm: RmsNorm,
    output: Linear,
}

struct DecoderLayer {
    mixer_norm: RmsNorm,
    attention: Attention,
    feed_norm: RmsNorm,
    gate: Linear,
    up: Linear,
    down: Linear,
}

struct RmsNorm {
    weight: Tensor, // (hidden)
    eps: f32,
}

impl RmsNorm {
    fn load(
        tensors: &mut Tensors,
        norm: &Norm,
        size: usize,
    ) -> std::result::Result<Self, AppError> {
        Ok(RmsNorm {
            weight: tensors.vector(&norm.weight, size)?,
            eps: norm.eps,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::rms_norm(x, &self.weight, self.eps)
    }
}

impl Decoder {
    /// Finds and checks every tensor of the architecture.
    ///
    /// Errors: `tensor-missing`, `tensor-shape`, `unknown-type`, `unknown-architecture` (the file
    /// has a tensor that the architecture does not).
    pub fn load(
        architecture: &Architecture,
        tensors: &mut Tensors,
    ) -> std::result::Result<Decoder, AppError> {
        let hidden = architecture.hidden;
        let embedding = Projection {
            weight: architecture.embedding.clone(),
            bias: None,
            rows: architecture.vocabulary,
            columns: hidden,
        };
        let embedding = tensors.linear(&embedding)?;
        let mut layers = Vec::with_capacity(architecture.layers.len());
        for layer in &architecture.layers {
            let Mixer::Attention(attention) = &layer.mixer;
            let Feed::Gated { gate, up, down } = &layer.feed;
            layers.push(DecoderLayer {
                mixer_norm: RmsNorm::load(tensors, &layer.mixer_norm, hidden)?,
                attention: Attention::load(tensors, attention)?,
                feed_norm: RmsNorm::load(tensors, &layer.feed_norm, hidden)?,
                gate: tensors.linear(gate)?,
                up: tensors.linear(up)?,
                down: tensors.linear(down)?,
            });
        }
        let norm = RmsNorm::load(tensors, &architecture.norm, hidden)?;
        let output = tensors.linear(&architecture.output)?;
        tensors.check_all_used(&architecture.name)?;
        Ok(Decoder {
            embedding,
            layers,
            norm,
            output,
        })
    }

    /// An empty store of keys and values for each layer.
    pub fn empty_kv(&self) -> Vec<LayerKv> {
        self.layers.iter().map(|_| LayerKv::default()).collect()
    }

    /// Reads `ids` after the first `past` positions of `kv`, and adds their keys and values.
    /// Gives the last layer's output, (ids, hidden), not yet normed. `most` is the longest that
    /// `kv` may become, in tokens.
    ///
    /// Errors: `cancelled`; then `kv` beyond `past` holds nothing of use.
    pub fn forward(
        &self,
        ids: &[u32],
        past: usize,
        most: usize,
        kv: &mut [LayerKv],
        cancel: &Cancel,
    ) -> std::result::Result<Tensor, AppError> {
        let turns = match self.layers.first() {
            Some(layer) => layer.attention.turns(past, ids.len()),
            None => return Err(failed("a model without layers")),
        };
        let turns = turns.map_err(failed)?;
        let mut x = self.embedding.rows(ids).map_err(failed)?; // (ids, hidden)
        for (layer, kv) in self.layers.iter().zip(kv) {
            x = layer.forward(&x, &turns, past, most, kv, cancel)?;
        }
        Ok(x)
    }

    /// Logits of some rows of [`Decoder::forward`]'s output: (rows, hidden) to rows times the
    /// vocabulary, one row after another.
    pub fn logits(&self, x: &Tensor) -> std::result::Result<Vec<f32>, AppError> {
        self.norm
            .forward(x)
            .and_then(|x| self.output.forward(&x))
            .and_then(|logits| logits.flatten_all()?.to_vec1())
            .map_err(failed)
    }
}

impl DecoderLayer {
    fn forward(
        &self,
        x: &Tensor, // (tokens, hidden)
        turns: &Turns,
        past: usize,
        most: usize,
        kv: &mut LayerKv,
        cancel: &Cancel,
    ) -> std::result::Result<Tensor, AppError> {
        let normed = self.mixer_norm.forward(x).map_err(failed)?;
        let mixed = self
            .attention
            .forward(&normed, turns, past, most, kv, cancel)?;
        cancel.check()?;
        let x = ops::add(x, &mixed).map_err(failed)?;
        let normed = self.feed_norm.forward(&x).map_err(failed)?;
        let gate = self.gate.forward(&normed).map_err(failed)?; // (tokens, width)
        cancel.check()?;
        let up = self.up.forward(&normed).map_err(failed)?; // (tokens, width)
        cancel.check()?;
        let fed = ops::silu_times(&gate, &up)
            .and_then(|x| self.down.forward(&x)) // (tokens, hidden)
            .map_err(failed)?;
        cancel.check()?;
        ops::add(&x, &fed).map_err(failed)
    }
}

/// The shapes were checked at the load, so what fails here is a fault of the program.
pub(crate) fn failed(error: impl std::fmt::Display) -> AppError {
    protocol::failure::internal().detail(error)
}
