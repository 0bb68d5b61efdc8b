//! Matrices times tensors, by the kernels.

use crate::exec::failed;
use crate::exec::load::{self, Tensors};
use crate::families::Projection;
use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, bail};
use kernels::{Activations, Pool, Product};
use protocol::AppError;
use std::sync::Arc;

/// `weight x + bias`.
pub(super) struct Linear {
    of: load::Linear,
    pool: Arc<Pool>,
}

impl Linear {
    /// Errors: those of [`Tensors::linear`].
    pub fn load(
        tensors: &mut Tensors,
        projection: &Projection,
        pool: &Arc<Pool>,
    ) -> std::result::Result<Linear, AppError> {
        Ok(Linear {
            of: tensors.linear(projection)?,
            pool: pool.clone(),
        })
    }

    /// Some rows as numbers: (ids, columns).
    pub fn rows(&self, ids: &[u32]) -> std::result::Result<Tensor, AppError> {
        let columns = self.of.columns();
        let mut values = vec![0f32; ids.len() * columns];
        self.of.lookup(ids, &mut values)?;
        Tensor::from_vec(values, (ids.len(), columns), &Device::Cpu).map_err(failed)
    }

    /// (tokens, columns) to (tokens, rows).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.apply_op1_no_bwd(self)
    }
}

impl CustomOp1 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (CpuStorage::F32(x), Some((from, to))) = (storage, layout.contiguous_offsets()) else {
            bail!("linear wants contiguous {:?}", DType::F32);
        };
        let (tokens, columns) = layout.shape().dims2()?;
        let weights = self.of.matrix();
        let weights = weights.map_err(|error| candle_core::Error::Msg(error.to_string()))?;
        let mut activations = Activations::empty();
        activations.set(&self.pool, &[weights.kind()], &x[from..to], columns);
        let mut values = vec![0f32; tokens * weights.rows()];
        let product = Product {
            weights,
            bias: self.of.bias(),
            x: &activations,
            tokens: 0..tokens,
            out: &mut values,
        };
        if !kernels::products(&self.pool, &mut [product]) {
            bail!("{columns} columns for {}", weights.columns());
        }
        Ok((CpuStorage::F32(values), (tokens, weights.rows()).into()))
    }
}
