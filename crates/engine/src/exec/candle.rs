//! The executor on candle's tensors: the plain reference on the processor.

mod attend;
mod attention;
mod feed;
mod linear;
mod norm;
mod ops;
mod rope;

pub(crate) use attention::LayerKv;

use crate::Cancel;
use crate::exec::failed;
use crate::exec::load::{Norm, Residual, Tensors, Turning};
use crate::families::{Architecture, Mixer};
use attention::Attention;
use candle_core::Tensor;
use feed::Feed;
use kernels::Pool;
use linear::Linear;
use norm::norm;
use protocol::AppError;
use rope::Turns;
use std::sync::Arc;

/// An architecture with its weights.
pub(crate) struct Decoder {
    embedding: Linear,
    embedding_scale: f32,
    turnings: Vec<Turning>,
    layers: Vec<Layer>,
    norm: Norm,
    output: Linear,
    logit_scale: f32,
    logit_softcap: Option<f32>,
}

struct Layer {
    attention: Attention,
    feed: Feed,
    residual: Residual,
}

fn normed(of: &Option<Norm>, x: Tensor) -> Result<Tensor, AppError> {
    match of {
        Some(of) => norm(of, &x).map_err(failed),
        None => Ok(x),
    }
}

impl Decoder {
    /// Finds and checks every tensor of the architecture. `context` is the longest that its
    /// sequences become.
    ///
    /// Errors: `tensor-missing`, `tensor-shape`, `unknown-type`, `unknown-architecture` (the file
    /// has a tensor that the architecture does not).
    pub fn load(
        architecture: &Architecture,
        context: usize,
        tensors: &mut Tensors,
        pool: &Arc<Pool>,
    ) -> Result<Decoder, AppError> {
        let embedding = Linear::load(tensors, &architecture.embedding, pool)?;
        let mut turnings = Vec::new();
        let mut layers = Vec::with_capacity(architecture.layers.len());
        for layer in &architecture.layers {
            let Mixer::Attention(attention) = &layer.mixer;
            let attention = Attention::load(tensors, attention, &mut turnings, context, pool)?;
            layers.push(Layer {
                attention,
                feed: Feed::load(tensors, &layer.feed, pool)?,
                residual: Residual::load(tensors, &layer.residual)?,
            });
        }
        let norm = Norm::load(tensors, &architecture.norm)?;
        let output = Linear::load(tensors, &architecture.output, pool)?;
        Ok(Decoder {
            embedding,
            embedding_scale: architecture.embedding_scale,
            turnings,
            layers,
            norm,
            output,
            logit_scale: architecture.logit_scale,
            logit_softcap: architecture.logit_softcap,
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
    ) -> Result<Tensor, AppError> {
        let turns = self
            .turnings
            .iter()
            .map(|turning| Turns::of(turning, past, ids.len()))
            .collect::<candle_core::Result<Vec<Turns>>>()
            .map_err(failed)?;
        let mut x = self
            .embedding
            .rows(ids) // (ids, hidden)
            .and_then(|x| ops::scale(x, self.embedding_scale).map_err(failed))?;
        for (layer, kv) in self.layers.iter().zip(kv) {
            x = layer.forward(
                x,
                |x, cancel| layer.attention.forward(x, &turns, past, most, kv, cancel),
                cancel,
            )?;
        }
        Ok(x)
    }

    /// Logits of some rows of [`Decoder::forward`]'s output: (rows, hidden) to rows times the
    /// vocabulary, one row after another.
    pub fn logits(&self, x: &Tensor) -> Result<Vec<f32>, AppError> {
        norm(&self.norm, x)
            .and_then(|x| self.output.forward(&x))
            .and_then(|logits| ops::scale(logits, self.logit_scale))
            .and_then(|logits| ops::softcap(logits, self.logit_softcap))
            .and_then(|logits| logits.flatten_all()?.to_vec1())
            .map_err(failed)
    }
}

impl Layer {
    /// (tokens, hidden) to (tokens, hidden); `mix` is the layer's attention.
    fn forward(
        &self,
        x: Tensor,
        mix: impl FnOnce(&Tensor, &Cancel) -> Result<Tensor, AppError>,
        cancel: &Cancel,
    ) -> Result<Tensor, AppError> {
        let add = |a: &Tensor, b: &Tensor| ops::add(a, b).map_err(failed);
        match &self.residual {
            Residual::Serial { mixer, feed } => {
                let mixed = mix(&normed(&mixer.before, x.clone())?, cancel)?;
                let x = add(&x, &normed(&mixer.after, mixed)?)?;
                cancel.check()?;
                let fed = self
                    .feed
                    .forward(&normed(&feed.before, x.clone())?, cancel)?;
                cancel.check()?;
                add(&x, &normed(&feed.after, fed)?)
            }
            Residual::Parallel { mixer, feed } => {
                let read = norm(mixer, &x).map_err(failed)?;
                let mixed = mix(&read, cancel)?;
                cancel.check()?;
                let read = match feed {
                    Some(feed) => norm(feed, &x).map_err(failed)?,
                    None => read,
                };
                let fed = self.feed.forward(&read, cancel)?;
                add(&add(&x, &mixed)?, &fed)
            }
        }
    }
}
