//! Steps between the matrices, in parallel over the pool that runs the executor. (candle's own
//! have a pool of their own, whose size is fixed at the first use.)

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

/// Numbers that are worth handing to a thread.
const AT_ONCE: usize = 1 << 14;

fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((from, to))) => Ok(&values[from..to]),
        _ => bail!("contiguous f32 needed"),
    }
}

struct Pairwise(fn(f32, f32) -> f32);

impl CustomOp2 for Pairwise {
    fn name(&self) -> &'static str {
        "pairwise"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        if a_layout.shape() != b_layout.shape() {
            bail!("shapes {:?} and {:?}", a_layout.shape(), b_layout.shape());
        }
        let (a, b) = (numbers(a, a_layout)?, numbers(b, b_layout)?);
        let mut values = vec![0f32; a.len()];
        values
            .par_chunks_mut(AT_ONCE)
            .zip(a.par_chunks(AT_ONCE).zip(b.par_chunks(AT_ONCE)))
            .for_each(|(values, (a, b))| {
                for ((value, a), b) in values.iter_mut().zip(a).zip(b) {
                    *value = (self.0)(*a, *b);
                }
            });
        Ok((CpuStorage::F32(values), a_layout.shape().clone()))
    }
}

/// `a + b` of one shape.
pub(super) fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.apply_op2_no_bwd(b, &Pairwise(|a, b| a + b))
}

/// `silu(a) * b`, silu(x) = x / (1 + e^-x), of one shape.
pub(super) fn silu_times(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.apply_op2_no_bwd(b, &Pairwise(|a, b| a / (1.0 + (-a).exp()) * b))
}
