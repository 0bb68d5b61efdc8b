//! Matrices of quantised numbers, read where the file is mapped.

use crate::weights::{Block, Weights, blocks};
use candle_core::quantized::GgmlDType;
use candle_core::quantized::k_quants::*;
use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, bail};
use half::{bf16, f16};
use protocol::{AppError, failure};
use rayon::prelude::*;
use std::sync::Arc;

/// `weight x + bias`, its weight a tensor of the file.
pub(crate) struct Linear {
    weights: Arc<Weights>,
    part: usize,
    offset: u64,
    bytes: u64,
    kind: GgmlDType,
    kernel: Option<kernels::BlockType>,
    rows: usize,
    columns: usize,
    bias: Option<Vec<f32>>, // (rows)
}

/// Calls a generic function for the block type of a kind.
macro_rules! for_blocks {
    ($kind:expr, $function:ident ( $($argument:expr),* )) => {
        match $kind {
            GgmlDType::F32 => $function::<f32>($($argument),*),
            GgmlDType::F16 => $function::<f16>($($argument),*),
            GgmlDType::BF16 => $function::<bf16>($($argument),*),
            GgmlDType::Q4_0 => $function::<BlockQ4_0>($($argument),*),
            GgmlDType::Q4_1 => $function::<BlockQ4_1>($($argument),*),
            GgmlDType::Q5_0 => $function::<BlockQ5_0>($($argument),*),
            GgmlDType::Q5_1 => $function::<BlockQ5_1>($($argument),*),
            GgmlDType::Q8_0 => $function::<BlockQ8_0>($($argument),*),
            GgmlDType::Q8_1 => $function::<BlockQ8_1>($($argument),*),
            GgmlDType::Q2K => $function::<BlockQ2K>($($argument),*),
            GgmlDType::Q3K => $function::<BlockQ3K>($($argument),*),
            GgmlDType::Q4K => $function::<BlockQ4K>($($argument),*),
            GgmlDType::Q5K => $function::<BlockQ5K>($($argument),*),
            GgmlDType::Q6K => $function::<BlockQ6K>($($argument),*),
            GgmlDType::Q8K => $function::<BlockQ8K>($($argument),*),
        }
    };
}

/// The type in candle's words. Q8_1 and Q8_K are only for activations: candle cannot multiply
/// by them.
fn kind_of(tensor: &formats::Tensor) -> std::result::Result<GgmlDType, AppError> {
    Ok(match tensor.kind.name {
        "F32" => GgmlDType::F32,
        "F16" => GgmlDType::F16,
        "BF16" => GgmlDType::BF16,
        "Q4_0" => GgmlDType::Q4_0,
        "Q4_1" => GgmlDType::Q4_1,
        "Q5_0" => GgmlDType::Q5_0,
        "Q5_1" => GgmlDType::Q5_1,
        "Q8_0" => GgmlDType::Q8_0,
        "Q2_K" => GgmlDType::Q2K,
        "Q3_K" => GgmlDType::Q3K,
        "Q4_K" => GgmlDType::Q4K,
        "Q5_K" => GgmlDType::Q5K,
        "Q6_K" => GgmlDType::Q6K,
        "Q8_K" => GgmlDType::Q8K,
        other => return Err(failure::unknown_type(&tensor.name, other)),
    })
}

/// The kernel for a type, where we have one and the rows are whole blocks. Candle's own SIMD is
/// chosen when it is compiled, and one build of ours runs everywhere: there it would be scalar.
fn kernel_of(kind: GgmlDType, columns: usize) -> Option<kernels::BlockType> {
    let kind = match kind {
        GgmlDType::Q4_0 => kernels::BlockType::Q4_0,
        GgmlDType::Q4_1 => kernels::BlockType::Q4_1,
        GgmlDType::Q5_0 => kernels::BlockType::Q5_0,
        GgmlDType::Q5_1 => kernels::BlockType::Q5_1,
        GgmlDType::Q8_0 => kernels::BlockType::Q8_0,
        GgmlDType::Q4K => kernels::BlockType::Q4K,
        GgmlDType::Q5K => kernels::BlockType::Q5K,
        GgmlDType::Q6K => kernels::BlockType::Q6K,
        _ => return None,
    };
    kind.row_bytes(columns).map(|_| kind)
}

/// The numbers of a whole tensor.
pub(super) fn numbers(
    weights: &Weights,
    tensor: &formats::Tensor,
) -> std::result::Result<Vec<f32>, AppError> {
    let kind = kind_of(tensor)?;
    let mut values = vec![0f32; tensor.numbers() as usize];
    let bytes = weights.bytes(tensor.part, tensor.offset, tensor.bytes);
    for_blocks!(kind, dequantise(bytes, &mut values)).map_err(super::failed)?;
    Ok(values)
}

impl Linear {
    /// `tensor` is a matrix whose shape was checked. Errors: `unknown-type`, `model-damaged`.
    pub fn new(
        weights: Arc<Weights>,
        tensor: &formats::Tensor,
        bias: Option<Vec<f32>>,
    ) -> std::result::Result<Linear, AppError> {
        let kind = kind_of(tensor)?;
        let linear = Linear {
            part: tensor.part,
            offset: tensor.offset,
            bytes: tensor.bytes,
            kind,
            kernel: kernel_of(kind, tensor.shape[1] as usize),
            rows: tensor.shape[0] as usize,
            columns: tensor.shape[1] as usize,
            bias,
            weights,
        };
        let whole = for_blocks!(kind, is_whole(linear.data()));
        if !whole || linear.data().is_empty() {
            let what = format!("the place of {}", tensor.name);
            return Err(failure::model_damaged(
                linear.weights.path(tensor.part),
                what,
            ));
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
            for_blocks!(self.kind, dequantise(row, values))?;
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
        match self.kernel {
            Some(kind) => multiply_by_kernel(kind, self.data(), x, columns, &mut across)?,
            None => for_blocks!(self.kind, multiply(self.data(), x, columns, &mut across))?,
        }
        if let Some(bias) = &self.bias {
            for (row, bias) in across.chunks_mut(tokens).zip(bias) {
                row.iter_mut().for_each(|value| *value += bias);
            }
        }
        let values = transposed(across, self.rows, tokens);
        Ok((CpuStorage::F32(values), (tokens, self.rows).into()))
    }
}

fn is_whole<T: Block>(bytes: &[u8]) -> bool {
    blocks::<T>(bytes).is_some()
}

fn dequantise<T: Block + GgmlType>(bytes: &[u8], values: &mut [f32]) -> Result<()> {
    match blocks::<T>(bytes) {
        Some(blocks) if blocks.len() * T::BLCK_SIZE == values.len() => {
            T::to_float(blocks, values);
            Ok(())
        }
        _ => bail!("a tensor is not whole"),
    }
}

/// Rows of weights times tokens: `across` is (rows, tokens). Each result is one dot product,
/// computed the same whatever the number of tokens or threads.
fn multiply<T: Block + GgmlType>(
    bytes: &[u8],
    x: &[f32], // (tokens, columns)
    columns: usize,
    across: &mut [f32],
) -> Result<()> {
    let Some(weights) = blocks::<T>(bytes) else {
        bail!("a tensor is not whole");
    };
    let tokens = x.len() / columns;
    let in_row = columns / T::BLCK_SIZE;
    let x_in_row = columns / T::VecDotType::BLCK_SIZE;
    let mut activations = vec![T::VecDotType::zeros(); tokens * x_in_row];
    activations
        .par_chunks_mut(x_in_row)
        .zip(x.par_chunks(columns))
        .for_each(|(blocks, values)| {
            if T::DIRECT_COPY {
                T::VecDotType::direct_copy(values, blocks);
            } else {
                T::VecDotType::from_float(values, blocks);
            }
        });
    across
        .par_chunks_mut(tokens)
        .zip(weights.par_chunks(in_row))
        .with_min_len(rows_at_once(columns * tokens))
        .for_each(|(results, row)| {
            for (result, x) in results.iter_mut().zip(activations.chunks(x_in_row)) {
                *result = T::vec_dot(columns, row, x);
            }
        });
    Ok(())
}

/// As [`multiply`], by our own kernels.
fn multiply_by_kernel(
    kind: kernels::BlockType,
    bytes: &[u8],
    x: &[f32], // (tokens, columns)
    columns: usize,
    across: &mut [f32],
) -> Result<()> {
    let tokens = x.len() / columns;
    let row_bytes = kind.row_bytes(columns).unwrap_or(1);
    let rows = rows_at_once(columns * tokens);
    let activations = kernels::Activations::quantize(x, columns);
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
