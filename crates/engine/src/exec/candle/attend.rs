//! Attention over the store of keys and values, by the kernel, in parallel over heads and tokens.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, bail};
use half::bf16;
use kernels::{KeysValues, Scoring};
use rayon::prelude::*;

/// Tokens of one head that a thread takes at once.
const TOKENS: usize = 16;

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
        let group = heads / kv_heads;
        let mut mixed = vec![0f32; heads * tokens * value_size];
        mixed
            .par_chunks_mut(tokens * value_size)
            .enumerate()
            .try_for_each(|(number, mixed)| {
                let queries = head(queries, queries_layout, number)?;
                let keys = head(keys, keys_layout, number / group)?;
                let values = head(values, values_layout, number / group)?;
                let of_head = |numbers: Option<&[f32]>| {
                    numbers.and_then(|numbers| numbers.get(number)).copied()
                };
                let bias = of_head(self.slopes).map(|slope| fall(slope, positions));
                let kv = KeysValues {
                    keys,
                    values,
                    key_size,
                    value_size,
                    scale: self.scale,
                    scoring: Scoring {
                        window: self.window,
                        softcap: self.softcap,
                        bias: bias.as_deref(),
                        sink: of_head(self.sinks),
                    },
                };
                let whole = mixed
                    .par_chunks_mut(TOKENS * value_size)
                    .zip(queries.par_chunks(TOKENS * key_size))
                    .enumerate()
                    .all(|(part, (mixed, queries))| {
                        let seen = self.past + part * TOKENS + 1;
                        kernels::attend(kernels::probe(), &kv, queries, seen, mixed)
                    });
                if whole {
                    Ok(())
                } else {
                    bail!("fewer positions than tokens")
                }
            })?;
        Ok((CpuStorage::F32(mixed), (heads, tokens, value_size).into()))
    }
}
