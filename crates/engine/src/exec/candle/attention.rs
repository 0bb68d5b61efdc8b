//! Attention grouped by heads of keys and values, over a store that grows in blocks.

use super::attend::Attend;
use super::linear::Linear;
use super::load::Tensors;
use super::{failed, rope::Turns};
use crate::Cancel;
use crate::families::{self, Rope};
use candle_core::{DType, Device, Result, Tensor};
use protocol::AppError;

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
    rope: Rope,
    factors: Option<Vec<f32>>, // (rope.dims / 2)
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
}

impl Attention {
    pub fn load(
        tensors: &mut Tensors,
        attention: &families::Attention,
    ) -> std::result::Result<Attention, AppError> {
        let factors = match &attention.rope.factors {
            Some(name) => Some(tensors.values(name, attention.rope.dims / 2)?),
            None => None,
        };
        Ok(Attention {
            heads: attention.heads,
            kv_heads: attention.kv_heads,
            head_dim: attention.head_dim,
            value_dim: attention.value_dim,
            rope: attention.rope.clone(),
            factors,
            q: tensors.linear(&attention.q)?,
            k: tensors.linear(&attention.k)?,
            v: tensors.linear(&attention.v)?,
            o: tensors.linear(&attention.o)?,
        })
    }

    /// How far the positions from `past` turn: the same for every layer.
    pub fn turns(&self, past: usize, tokens: usize) -> Result<Turns> {
        Turns::new(&self.rope, self.factors.as_deref(), past, tokens)
    }

    /// (tokens, hidden) to (tokens, hidden).
    pub fn forward(
        &self,
        x: &Tensor,
        turns: &Turns,
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
        let mixed = self
            .mix(&q, &k, &v, turns, past, most, kv)
            .map_err(failed)?;
        cancel.check()?;
        self.o.forward(&mixed).map_err(failed)
    }

    #[expect(clippy::too_many_arguments, reason = "the operands of one formula")]
    fn mix(
        &self,
        q: &Tensor, // (tokens, heads * head_dim)
        k: &Tensor, // (tokens, kv_heads * head_dim)
        v: &Tensor, // (tokens, kv_heads * value_dim)
        turns: &Turns,
        past: usize,
        most: usize,
        kv: &mut LayerKv,
    ) -> Result<Tensor> {
        let tokens = q.dim(0)?;
        let by_head = |x: &Tensor, heads: usize, size: usize| {
            x.reshape((tokens, heads, size))?
                .transpose(0, 1)?
                .contiguous() // (heads, tokens, size)
        };
        let q = turns.apply(&by_head(q, self.heads, self.head_dim)?)?;
        let k = turns.apply(&by_head(k, self.kv_heads, self.head_dim)?)?;
        let v = by_head(v, self.kv_heads, self.value_dim)?;
        let (keys, values) = kv.extend(&k, &v, past, most)?;
        let mixed = q.apply_op3_no_bwd(&keys, &values, &Attend { past })?;
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
