//! Attention over the store of keys and values, in plain f32, row by row: slow and easy to check,
//! for it is what the kernel's is tested against.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, bail};
use half::bf16;
use rayon::prelude::*;

/// Running sums of a dot product, so that the compiler lays them side by side.
const LANES: usize = 16;

/// Queries (heads, tokens, key_size), keys (kv_heads, positions, key_size) and values (kv_heads,
/// positions, value_size) to mixed values (heads, tokens, value_size). Heads share the keys and
/// values of their group; token `t` sees the first `past + t + 1` positions.
pub(super) struct Attend<'a> {
    pub past: usize,
    /// Multiplies the scores.
    pub scale: f32,
    pub window: Option<usize>,
    pub softcap: Option<f32>,
    /// (heads)
    pub sinks: Option<&'a [f32]>,
    /// (heads): how steeply a score falls with the distance.
    pub slopes: Option<&'a [f32]>,
}

/// What ALiBi adds to each position's score, (positions): up to a constant that the softmax takes
/// out, the slope times the distance. Falcon's published code rounds slope and product to bf16.
fn fall(slope: f32, positions: usize) -> Vec<f32> {
    let slope = bf16::from_f32(slope).to_f32();
    (0..positions)
        .map(|position| bf16::from_f32(slope * position as f32).to_f32())
        .collect()
}

/// Where one head's rows lie: the part of a store that each head has, with room after it.
fn head<'a>(storage: &'a CpuStorage, layout: &Layout, head: usize) -> Result<&'a [f32]> {
    let (_, positions, size) = layout.shape().dims3()?;
    let stride = layout.stride();
    // The stride of a single position says nothing.
    let rows = stride[2] == 1 && (positions == 1 || stride[1] == size);
    let (CpuStorage::F32(numbers), true) = (storage, rows) else {
        bail!("rows of f32 needed");
    };
    let from = layout.start_offset() + head * stride[0];
    match numbers.get(from..from + positions * size) {
        Some(rows) => Ok(rows),
        None => bail!("head {head} is outside of its store"),
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.into_iter().chain(rest).sum()
}

impl Attend<'_> {
    /// The weight of each position whose key is given; they sum to one, or to less beside a sink.
    fn weights(
        &self,
        query: &[f32],
        keys: &[f32],
        fall: Option<&[f32]>,
        sink: Option<f32>,
    ) -> Vec<f32> {
        let mut weights: Vec<f32> = keys
            .chunks_exact(query.len())
            .map(|key| dot(query, key))
            .collect();
        for (weight, fall) in weights.iter_mut().zip(fall.unwrap_or_default()) {
            *weight += fall;
        }
        for weight in &mut weights {
            *weight *= self.scale;
            if let Some(cap) = self.softcap {
                *weight = (*weight / cap).tanh() * cap;
            }
        }
        let largest = weights.iter().copied().chain(sink).fold(f32::MIN, f32::max);
        for weight in &mut weights {
            *weight = (*weight - largest).exp();
        }
        let sum: f32 =
            weights.iter().sum::<f32>() + sink.map_or(0.0, |sink| (sink - largest).exp());
        for weight in &mut weights {
            *weight /= sum;
        }
        weights
    }
}

impl CustomOp3 for Attend<'_> {
    fn name(&self) -> &'static str {
        "attend"
    }

    fn cpu_fwd(
        &self,
        queries: &CpuStorage,
        queries_layout: &Layout,
        keys: &CpuStorage,
        keys_layout: &Layout,
        values: &CpuStorage,
        values_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (heads, tokens, key_size) = queries_layout.shape().dims3()?;
        let (kv_heads, positions, value_size) = values_layout.shape().dims3()?;
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            bail!("{heads} heads over {kv_heads}");
        }
        if positions < self.past + tokens {
            bail!(
                "{positions} positions, and {tokens} tokens after {}",
                self.past
            );
        }
        let group = heads / kv_heads;
        let mut mixed = vec![0f32; heads * tokens * value_size];
        let rows = mixed.par_chunks_mut(tokens * value_size).enumerate();
        rows.try_for_each(|(number, mixed)| {
            let queries = head(queries, queries_layout, number)?;
            let keys = head(keys, keys_layout, number / group)?;
            let values = head(values, values_layout, number / group)?;
            let of_head = |numbers: Option<&[f32]>| numbers.map(|numbers| numbers[number]);
            let fall = of_head(self.slopes).map(|slope| fall(slope, positions));
            let sink = of_head(self.sinks);
            let rows = mixed.par_chunks_mut(value_size);
            let rows = rows.zip(queries.par_chunks(key_size)).enumerate();
            rows.for_each(|(token, (mixed, query))| {
                let seen = self.past + token + 1;
                let begin = seen.saturating_sub(self.window.unwrap_or(usize::MAX));
                let keys = &keys[begin * key_size..seen * key_size];
                let values = &values[begin * value_size..seen * value_size];
                let fall = fall.as_deref().map(|fall| &fall[begin..seen]);
                let weights = self.weights(query, keys, fall, sink);
                for (weight, values) in weights.iter().zip(values.chunks_exact(value_size)) {
                    for (mixed, value) in mixed.iter_mut().zip(values) {
                        *mixed += weight * value;
                    }
                }
            });
            Ok::<_, candle_core::Error>(())
        })?;
        Ok((CpuStorage::F32(mixed), (heads, tokens, value_size).into()))
    }
}
