//! Matrices of numbers of any type, read where their file is mapped.

use crate::weights::Weights;
use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, bail};
use kernels::{Activations, BlockType};
use protocol::{AppError, failure};
use rayon::prelude::*;
use std::sync::Arc;

/// `weight x + bias`, its weight a tensor of the file.
pub(crate) struct Linear {
    weights: Arc<Weights>,
    part: usize,
    offset: u64,
    bytes: u64,
    kind: BlockType,
    rows: usize,
    columns: usize,
    bias: Option<Vec<f32>>, // (rows)
}

fn kind_of(tensor: &formats::Tensor) -> std::result::Result<BlockType, AppError> {
    let name = tensor.kind.name;
    BlockType::named(name).ok_or_else(|| failure::unknown_type(&tensor.name, name))
}

fn misplaced(weights: &Weights, tensor: &formats::Tensor) -> AppError {
    let what = format!("the place of {}", tensor.name);
    failure::model_damaged(weights.path(tensor.part), what)
}

/// The numbers of a whole tensor.
pub(super) fn numbers(
    weights: &Weights,
    tensor: &formats::Tensor,
) -> std::result::Result<Vec<f32>, AppError> {
    let kind = kind_of(tensor)?;
    let mut values = vec![0f32; tensor.numbers() as usize];
    let bytes = weights.bytes(tensor.part, tensor.offset, tensor.bytes);
    if !kernels::dequantize(kind, bytes, &mut values) {
        return Err(misplaced(weights, tensor));
    }
    Ok(values)
}

impl Linear {
    /// `tensor` is a matrix whose shape was checked. Errors: `unknown-type`, `model-damaged`.
    pub fn new(
        weights: Arc<Weights>,
        tensor: &formats::Tensor,
        bias: Option<Vec<f32>>,
    ) -> std::result::Result<Linear, AppError> {
        let linear = Linear {
            part: tensor.part,
            offset: tensor.offset,
            bytes: tensor.bytes,
            kind: kind_of(tensor)?,
            rows: tensor.shape[0] as usize,
            columns: tensor.shape[1] as usize,
            bias,
            weights,
        };
        let row_bytes = linear.kind.row_bytes(linear.columns);
        let all = row_bytes.and_then(|bytes| bytes.checked_mul(linear.rows));
        if linear.data().is_empty() || all != Some(linear.data().len()) {
            return Err(misplaced(&linear.weights, tensor));
        }
        Ok(linear)
    }

    fn data(&self) -> &[u8] {
        self.weights.bytes(self.part, self.offset, self.bytes)
    }

    /// Some rows as numbers: (ids, columns).
    pub fn rows(&self, ids: &[u32]) -> Result<Tensor> {
        let row_bytes = self.data().len() / self.rows;
        let mut values = vec![0f32; ids.len() * self.columns];
        for (values, id) in values.chunks_mut(self.columns).zip(ids) {
            let from = *id as usize * row_bytes;
            let Some(row) = self.data().get(from..from + row_bytes) else {
                bail!("row {id} of {}", self.rows);
            };
            if !kernels::dequantize(self.kind, row, values) {
                bail!("row {id} is not whole");
            }
        }
        Tensor::from_vec(values, (ids.len(), self.columns), &Device::Cpu)
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
        if columns != self.columns {
            bail!("{columns} columns for {}", self.columns);
        }
        let x = &x[from..to];
        let mut across = vec![0f32; self.rows * tokens]; // (rows, tokens)
        multiply(self.kind, self.data(), x, columns, &mut across)?;
        if let Some(bias) = &self.bias {
            for (row, bias) in across.chunks_mut(tokens).zip(bias) {
                row.iter_mut().for_each(|value| *value += bias);
            }
        }
        let values = transposed(across, self.rows, tokens);
        Ok((CpuStorage::F32(values), (tokens, self.rows).into()))
    }
}

/// Rows of weights times tokens: `across` is (rows, tokens). Each result is one dot product,
/// computed the same whatever the number of tokens or threads.
fn multiply(
    kind: BlockType,
    bytes: &[u8],
    x: &[f32], // (tokens, columns)
    columns: usize,
    across: &mut [f32],
) -> Result<()> {
    let tokens = x.len() / columns;
    let row_bytes = kind.row_bytes(columns).unwrap_or(1);
    let rows = rows_at_once(columns * tokens);
    let activations = Activations::of(kind, x, columns);
    let whole = across
        .par_chunks_mut(tokens * rows)
        .zip(bytes.par_chunks(row_bytes * rows))
        .all(|(results, weights)| {
            kernels::multiply(kernels::probe(), kind, weights, &activations, results)
        });
    if !whole {
        bail!("a tensor is not whole");
    }
    Ok(())
}

/// Rows that are worth handing to a thread, for a row's number of products.
fn rows_at_once(products: usize) -> usize {
    ((1 << 17) / products.max(1)).max(4)
}

/// (rows, tokens) to (tokens, rows).
fn transposed(across: Vec<f32>, rows: usize, tokens: usize) -> Vec<f32> {
    if tokens == 1 {
        return across;
    }
    let mut values = vec![0f32; across.len()];
    values
        .par_chunks_mut(rows)
        .enumerate()
        .for_each(|(token, values)| {
            for (row, value) in values.iter_mut().enumerate() {
                *value = across[row * tokens + token];
            }
        });
    values
}
