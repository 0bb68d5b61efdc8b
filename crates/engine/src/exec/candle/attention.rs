//! Attention grouped by heads of keys and values, over a store that grows in blocks.

use super::attend::Attend;
use super::linear::Linear;
use super::norm;
use super::ops;
use super::rope::Turns;
use crate::Cancel;
use crate::exec::failed;
use crate::exec::load::{self, Norm, Tensors, Turning};
use crate::families::{self, Projection};
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

pub(super) struct Attention(load::Attention<Linear>);

impl Attention {
    /// As [`load::Attention::load`]. Errors: the same.
    pub fn load(
        tensors: &mut Tensors,
        attention: &families::Attention,
        turnings: &mut Vec<Turning>,
        context: usize,
        pool: &Arc<Pool>,
    ) -> std::result::Result<Attention, AppError> {
        let linear = |tensors: &mut Tensors<'_>, of: &Projection| Linear::load(tensors, of, pool);
        load::Attention::load(tensors, attention, turnings, context, linear).map(Attention)
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
        let q = self.0.q.forward(x).map_err(failed)?;
        cancel.check()?;
        let k = self.0.k.forward(x).map_err(failed)?;
        let v = self.0.v.forward(x).map_err(failed)?;
        cancel.check()?;
        let turns = self.0.turning.and_then(|turning| turns.get(turning));
        let mixed = self.mix(q, k, v, turns, past, most, kv).map_err(failed)?;
        cancel.check()?;
        self.0.o.forward(&mixed).map_err(failed)
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
            let x = ops::clip(x, self.0.clip)?;
            let x = by_head(x, heads, self.0.head_dim)?;
            match turns {
                Some(turns) => turns.apply(&x),
                None => Ok(x),
            }
        };
        let q = ready(q, &self.0.q_norm, self.0.heads)?;
        let k = ready(k, &self.0.k_norm, self.0.kv_heads)?;
        let v = by_head(
            ops::clip(v, self.0.clip)?,
            self.0.kv_heads,
            self.0.value_dim,
        )?;
        let (keys, values) = kv.extend(&k, &v, past, most)?;
        let attend = Attend {
            past,
            scale: self.0.scale,
            window: self.0.window,
            softcap: self.0.softcap,
            sinks: self.0.sinks.as_deref(),
            slopes: self.0.slopes.as_deref(),
        };
        let mixed = q.apply_op3_no_bwd(&keys, &values, &attend)?;
        mixed
            .transpose(0, 1)?
            .contiguous()?
            .reshape((tokens, self.0.heads * self.0.value_dim))
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
