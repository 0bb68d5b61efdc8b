//! Norms of rows, in parallel over them.

use crate::exec::load::Norm;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use kernels::steps::{self, NormKind};
use rayon::prelude::*;

/// Numbers that are worth handing to a thread.
const AT_ONCE: usize = 1 << 13;
/// Running sums of a row.
const LANES: usize = 16;

/// Each row's numbers on their own: the shape stays.
pub(super) fn norm(norm: &Norm, x: &Tensor) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Normed(norm.step()))
}

struct Normed<'a>(steps::Norm<'a>);

impl Normed<'_> {
    fn row(&self, row: &mut [f32]) {
        let count = row.len() as f32;
        if self.0.kind == NormKind::Layer {
            let mean = sum(row, |x| x) / count;
            row.iter_mut().for_each(|x| *x -= mean);
        }
        let scale = 1.0 / (sum(row, |x| x * x) / count + self.0.eps).sqrt();
        match self.0.weight {
            Some(weight) => {
                for (x, weight) in row.iter_mut().zip(weight) {
                    *x = *x * scale * weight;
                }
            }
            None => row.iter_mut().for_each(|x| *x *= scale),
        }
        if let Some(bias) = self.0.bias {
            for (x, bias) in row.iter_mut().zip(bias) {
                *x += bias;
            }
        }
    }
}

fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [0f32; LANES];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += of(*x);
        }
    }
    let rest: f32 = rest.iter().map(|x| of(*x)).sum();
    lanes.iter().sum::<f32>() + rest
}

impl CustomOp1 for Normed<'_> {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let size = self.0.size;
        let (CpuStorage::F32(x), Some((from, to))) = (storage, layout.contiguous_offsets()) else {
            bail!("a norm wants contiguous f32");
        };
        if size == 0 || !(to - from).is_multiple_of(size) {
            bail!("{} numbers in norms of {}", to - from, size);
        }
        let mut values = x[from..to].to_vec();
        let rows = (AT_ONCE / size).max(1);
        values.par_chunks_mut(rows * size).for_each(|rows| {
            for row in rows.chunks_mut(size) {
                self.row(row);
            }
        });
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}
