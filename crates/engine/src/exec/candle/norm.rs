//! Norms of rows, in parallel over them.

use super::load::Tensors;
use crate::families::{self, NormKind};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use protocol::AppError;
use rayon::prelude::*;

/// Numbers that are worth handing to a thread.
const AT_ONCE: usize = 1 << 13;
/// Running sums of a row.
const LANES: usize = 16;

/// A norm with its weights.
pub(super) struct Norm {
    kind: NormKind,
    size: usize,
    weight: Option<Vec<f32>>, // (size)
    bias: Option<Vec<f32>>,   // (size)
    eps: f32,
}

impl Norm {
    /// Errors: those of [`Tensors::values`].
    pub fn load(
        tensors: &mut Tensors,
        norm: &families::Norm,
    ) -> std::result::Result<Norm, AppError> {
        let mut values = |name: &Option<String>| {
            let name = name.as_ref();
            name.map(|name| tensors.values(name, norm.size)).transpose()
        };
        let mut weight = values(&norm.weight)?;
        if norm.plus_one {
            weight
                .iter_mut()
                .flatten()
                .for_each(|weight| *weight += 1.0);
        }
        Ok(Norm {
            kind: norm.kind,
            size: norm.size,
            weight,
            bias: values(&norm.bias)?,
            eps: norm.eps,
        })
    }

    /// Each `size` numbers on their own: the shape stays.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.apply_op1_no_bwd(self)
    }

    fn row(&self, row: &mut [f32]) {
        let count = row.len() as f32;
        if self.kind == NormKind::Layer {
            let mean = sum(row, |x| x) / count;
            row.iter_mut().for_each(|x| *x -= mean);
        }
        let scale = 1.0 / (sum(row, |x| x * x) / count + self.eps).sqrt();
        match &self.weight {
            Some(weight) => {
                for (x, weight) in row.iter_mut().zip(weight) {
                    *x = *x * scale * weight;
                }
            }
            None => row.iter_mut().for_each(|x| *x *= scale),
        }
        if let Some(bias) = &self.bias {
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

impl CustomOp1 for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (CpuStorage::F32(x), Some((from, to))) = (storage, layout.contiguous_offsets()) else {
            bail!("a norm wants contiguous f32");
        };
        if self.size == 0 || !(to - from).is_multiple_of(self.size) {
            bail!("{} numbers in norms of {}", to - from, self.size);
        }
        let mut values = x[from..to].to_vec();
        let rows = (AT_ONCE / self.size).max(1);
        values.par_chunks_mut(rows * self.size).for_each(|rows| {
            for row in rows.chunks_mut(self.size) {
                self.row(row);
            }
        });
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}
