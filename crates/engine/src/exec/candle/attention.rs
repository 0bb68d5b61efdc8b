//! Attention grouped by heads of keys and values, over a store that grows in blocks.

use super::attend::Attend;
use super::linear::Linear;
use super::norm;
use super::ops;
use super::rope::Turns;
use crate::Cancel;
use crate::exec::failed;
use crate::exec::load::{Norm, Tensors, Turning, slopes};
use crate::families::{self, Positions};
use candle_core::{DType, Device, Result, Tensor};
use kernels::Pool;
use protocol::AppError;
use std::sync::Arc;

/// Tokens by which a store grows.
const BLOCK: usize = 256;

/// The keys and values of one layer: room for some tokens, of which the first are used. Which,
/// the sequence knows: cutting it short costs nothing.
#[derive(Default)]
pub(crate) struct LayerKv(Option<KeysValues>);

struct KeysValues {
    keys: Tensor,   // (kv_heads, capacity, head_dim)
    values: Tensor, // (kv_heads, capacity, value_dim)
}

pub(super) struct Attention {
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    value_dim: usize,
    /// Which of the decoder's turnings, where it has positions by them.
    turning: Option<usize>,
    slopes: Option<Vec<f32>>, // (heads)
    sinks: Option<Vec<f32>>,  // (heads)
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    q_norm: Option<Norm>,
    k_norm: Option<Norm>,
    clip: Option<f32>,
    scale: f32,
    softcap: Option<f32>,
    window: Option<usize>,
}

impl Attention {
    /// `turnings` are the decoder's so far, for a context of so many tokens.
    ///
    /// Errors: those of [`Tensors::linear`].
    pub fn load(
        tensors: &mut Tensors,
        attention: &families::Attention,
        turnings: &mut Vec<Turning>,
        context: usize,
        pool: &Arc<Pool>,
    ) -> std::result::Result<Attention, AppError> {
        let turning = Turning::of(tensors, &attention.positions, turnings, context)?;
        Ok(Attention {
            heads: attention.heads,
            kv_heads: attention.kv_heads,
            head_dim: attention.head_dim,
            value_dim: attention.value_dim,
            turning,
            slopes: (attention.positions == Positions::Alibi).then(|| slopes(attention.heads)),
            q_norm: Norm::of(tensors, attention.q_norm.as_ref())?,
            k_norm: Norm::of(tensors, attention.k_norm.as_ref())?,
            sinks: match &attention.sinks {
                Some(name) => Some(tensors.values(name, attention.heads)?),
                None => None,
            },
            q: Linear::load(tensors, &attention.q, pool)?,
            k: Linear::load(tensors, &attention.k, pool)?,
            v: Linear::load(tensors, &attention.v, pool)?,
            o: Linear::load(tensors, &attention.o, pool)?,
            clip: attention.clip,
            scale: attention.scale,
            softcap: attention.softcap,
            window: attention.window,
        })
    }

    /// (tokens, hidden) to (tokens, hidden).
    pub fn forward(
        &self,
        x: &Tensor,
        turns: &[Turns],
        past: usize,
        most: usize,
        kv: &mut LayerKv,
        cancel: &Cancel,
    ) -> std::result::Result<Tensor, AppError> {
        let q = self.q.forward(x).map_err(failed)?;
        cancel.check()?;
        let k = self.k.forward(x).map_err(failed)?;
        let v = self.v.forward(x).map_err(failed)?;
        cancel.check()?;
        let turns = self.turning.and_then(|turning| turns.get(turning));
        let mixed = self.mix(q, k, v, turns, past, most, kv).map_err(failed)?;
        cancel.check()?;
        self.o.forward(&mixed).map_err(failed)
    }

    #[expect(clippy::too_many_arguments, reason = "the operands of one formula")]
    fn mix(
        &self,
        q: Tensor, // (tokens, heads * head_dim)
        k: Tensor, // (tokens, kv_heads * head_dim)
        v: Tensor, // (tokens, kv_heads * value_dim)
        turns: Option<&Turns>,
        past: usize,
        most: usize,
        kv: &mut LayerKv,
    ) -> Result<Tensor> {
        let tokens = q.dim(0)?;
        let by_head = |x: Tensor, heads: usize, size: usize| {
            x.reshape((tokens, heads, size))?
                .transpose(0, 1)?
                .contiguous() // (heads, tokens, size)
        };
        let ready = |x: Tensor, norm: &Option<Norm>, heads: usize| {
            let x = match norm {
                // Of the width of a head or of all: either way row after row.
                Some(of) => norm::norm(of, &x)?,
                None => x,
            };
            let x = ops::clip(x, self.clip)?;
            let x = by_head(x, heads, self.head_dim)?;
            match turns {
                Some(turns) => turns.apply(&x),
                None => Ok(x),
            }
        };
        let q = ready(q, &self.q_norm, self.heads)?;
        let k = ready(k, &self.k_norm, self.kv_heads)?;
        let v = by_head(ops::clip(v, self.clip)?, self.kv_heads, self.value_dim)?;
        let (keys, values) = kv.extend(&k, &v, past, most)?;
        let attend = Attend {
            past,
            scale: self.scale,
            window: self.window,
            softcap: self.softcap,
            sinks: self.sinks.as_deref(),
            slopes: self.slopes.as_deref(),
        };
        let mixed = q.apply_op3_no_bwd(&keys, &values, &attend)?;
        mixed
            .transpose(0, 1)?
            .contiguous()?
            .reshape((tokens, self.heads * self.value_dim))
    }
}

impl LayerKv {
    /// The same keys and values in memory of its own: tensors share theirs, and these are
    /// written to.
    pub fn fork(&self) -> Result<LayerKv> {
        let copied = |kv: &KeysValues| -> Result<KeysValues> {
            Ok(KeysValues {
                keys: kv.keys.copy()?,
                values: kv.values.copy()?,
            })
        };
        Ok(LayerKv(self.0.as_ref().map(copied).transpose()?))
    }

    /// Puts keys and values, (kv_heads, tokens, size) each, at the positions from `past`, and
    /// gives all up to them: (kv_heads, past + tokens, size).
    fn extend(
        &mut self,
        k: &Tensor,
        v: &Tensor,
        past: usize,
        most: usize,
    ) -> Result<(Tensor, Tensor)> {
        let length = past + k.dim(1)?;
        let capacity = match &self.0 {
            Some(store) => store.keys.dim(1)?,
            None => 0,
        };
        if capacity < length {
            // By half as much again, so that a long answer copies little.
            let wanted = (length + length / 2).next_multiple_of(BLOCK);
            let capacity = wanted.min(most).max(length);
            let old = self.0.take();
            let grown = |new: &Tensor, old: Option<Tensor>| {
                let (heads, _, size) = new.dims3()?;
                let room = Tensor::zeros((heads, capacity, size), DType::F32, &Device::Cpu)?;
                if let Some(old) = old.filter(|_| past > 0) {
                    room.slice_set(&old.narrow(1, 0, past)?.contiguous()?, 1, 0)?;
                }
                Ok::<_, candle_core::Error>(room)
            };
            let (old_k, old_v) = old.map_or((None, None), |kv| (Some(kv.keys), Some(kv.values)));
            self.0 = Some(KeysValues {
                keys: grown(k, old_k)?,
                values: grown(v, old_v)?,
            });
        }
        let Some(store) = &self.0 else {
            candle_core::bail!("no room for keys and values");
        };
        store.keys.slice_set(k, 1, past)?;
        store.values.slice_set(v, 1, past)?;
        Ok((
            store.keys.narrow(1, 0, length)?,
            store.values.narrow(1, 0, length)?,
        ))
    }
}
