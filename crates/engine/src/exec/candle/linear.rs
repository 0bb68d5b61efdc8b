//! Matrices of numbers of any type, read where their file is mapped.

use crate::families::Rows;
use crate::weights::Weights;
use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, bail};
use kernels::{Activations, BlockType, Pool, Product};
use protocol::{AppError, failure};
use rayon::prelude::*;
use std::sync::{Arc, OnceLock};

/// Numbers row after row: where they lie, and how.
pub(super) struct Matrix {
    place: Place,
    kind: BlockType,
    /// Numbers of a row.
    columns: usize,
}

enum Place {
    /// A tensor of the files.
    Mapped {
        weights: Arc<Weights>,
        part: usize,
        offset: u64,
        bytes: u64,
    },
    /// Numbers that had to be laid out anew.
    Owned(Arc<[u8]>),
}

impl Place {
    fn bytes(&self) -> &[u8] {
        match self {
            Place::Mapped {
                weights,
                part,
                offset,
                bytes,
            } => weights.bytes(*part, *offset, *bytes),
            Place::Owned(bytes) => bytes,
        }
    }
}

/// `weight x + bias`.
pub(crate) struct Linear {
    matrix: Matrix,
    /// Which rows of the matrix.
    taken: Rows,
    row_bytes: usize,
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
pub(crate) fn numbers(
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

impl Matrix {
    /// A tensor as it lies: all its dimensions but the last are rows.
    ///
    /// Errors: `unknown-type`, `model-damaged`.
    pub fn mapped(
        weights: &Arc<Weights>,
        tensor: &formats::Tensor,
    ) -> std::result::Result<Matrix, AppError> {
        let matrix = Matrix {
            place: Place::Mapped {
                weights: weights.clone(),
                part: tensor.part,
                offset: tensor.offset,
                bytes: tensor.bytes,
            },
            kind: kind_of(tensor)?,
            columns: tensor.shape.last().copied().unwrap_or(0) as usize,
        };
        let numbers = tensor.numbers() as usize;
        let row_bytes = matrix.kind.row_bytes(matrix.columns);
        let all = row_bytes.map(|bytes| bytes * numbers.checked_div(matrix.columns).unwrap_or(0));
        if matrix.place.bytes().is_empty() || all != Some(matrix.place.bytes().len()) {
            return Err(misplaced(weights, tensor));
        }
        Ok(matrix)
    }

    /// A tensor (…, columns, rows) as (…, rows, columns).
    ///
    /// Errors: `unknown-type`, `model-damaged`.
    pub fn transposed(
        weights: &Arc<Weights>,
        tensor: &formats::Tensor,
    ) -> std::result::Result<Matrix, AppError> {
        let kind = kind_of(tensor)?;
        let [.., columns, rows] = tensor.shape[..] else {
            return Err(misplaced(weights, tensor));
        };
        if kind.weights() != 1 {
            return Err(failure::unknown_type(&tensor.name, kind.name()));
        }
        let (columns, rows, size) = (columns as usize, rows as usize, kind.bytes());
        let from = weights.bytes(tensor.part, tensor.offset, tensor.bytes);
        let mut bytes = Vec::with_capacity(from.len());
        for from in from.chunks((rows * columns * size).max(1)) {
            for row in 0..rows {
                for column in 0..columns {
                    let at = (column * rows + row) * size;
                    bytes.extend_from_slice(from.get(at..at + size).unwrap_or_default());
                }
            }
        }
        Ok(Matrix {
            place: Place::Owned(bytes.into()),
            kind,
            columns,
        })
    }

    /// MXFP4 whose `blocks` (…, rows, groups, 16) and `scales` (…, rows, groups) lie apart, and
    /// whose bytes hold neighbours where GGML's hold numbers half a block apart.
    ///
    /// Errors: `model-damaged`.
    pub fn mxfp4(
        weights: &Arc<Weights>,
        blocks: &formats::Tensor,
        scales: &formats::Tensor,
    ) -> std::result::Result<Matrix, AppError> {
        const HALF: usize = 16;
        let groups = scales.shape.last().copied().unwrap_or(0) as usize;
        let (quants, exponents) = (
            weights.bytes(blocks.part, blocks.offset, blocks.bytes),
            weights.bytes(scales.part, scales.offset, scales.bytes),
        );
        if quants.is_empty() || quants.len() != HALF * exponents.len() {
            return Err(misplaced(weights, blocks));
        }
        let mut bytes = vec![0u8; exponents.len() * (1 + HALF)];
        bytes
            .par_chunks_mut(1 + HALF)
            .zip(quants.par_chunks(HALF).zip(exponents))
            .for_each(|(block, (quants, exponent))| {
                block[0] = *exponent;
                let number = |at: usize| quants[at / 2] >> (4 * (at % 2)) & 15;
                for (at, byte) in block[1..].iter_mut().enumerate() {
                    *byte = number(at) | number(at + HALF) << 4;
                }
            });
        Ok(Matrix {
            place: Place::Owned(bytes.into()),
            kind: BlockType::MXFP4,
            columns: groups * 2 * HALF,
        })
    }
}

impl Linear {
    /// Some rows of a matrix. Errors: `internal`, where it has fewer.
    pub(super) fn new(
        matrix: Matrix,
        taken: Rows,
        bias: Option<Vec<f32>>,
    ) -> std::result::Result<Linear, AppError> {
        let row_bytes = matrix.kind.row_bytes(matrix.columns).unwrap_or(0);
        let last = taken.first + taken.count.saturating_sub(1) * taken.stride + taken.run;
        let bytes = last.checked_mul(row_bytes);
        if row_bytes == 0 || taken.run == 0 || bytes.is_none_or(|b| b > matrix.place.bytes().len())
        {
            return Err(super::failed("rows that a tensor does not have"));
        }
        Ok(Linear {
            matrix,
            taken,
            row_bytes,
            bias,
        })
    }

    /// Some rows as numbers: (ids, columns).
    pub fn rows(&self, ids: &[u32]) -> Result<Tensor> {
        let Rows {
            first,
            run,
            stride,
            count,
        } = self.taken;
        let columns = self.matrix.columns;
        let mut values = vec![0f32; ids.len() * columns];
        for (values, id) in values.chunks_mut(columns).zip(ids) {
            let (nth, row) = (*id as usize / run, *id as usize % run);
            let at = (first + nth * stride + row) * self.row_bytes;
            let row = self.matrix.place.bytes().get(at..at + self.row_bytes);
            let Some(row) = row.filter(|_| nth < count) else {
                bail!("row {id} of {}", self.taken.len());
            };
            if !kernels::dequantize(self.matrix.kind, row, values) {
                bail!("row {id} is not whole");
            }
        }
        Tensor::from_vec(values, (ids.len(), columns), &Device::Cpu)
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
        if columns != self.matrix.columns {
            bail!("{columns} columns for {}", self.matrix.columns);
        }
        let x = &x[from..to];
        let Rows {
            first,
            run,
            stride,
            count,
        } = self.taken;
        let (kind, rows) = (self.matrix.kind, self.taken.len());
        let weights = kernels::Matrix::new(kind, self.matrix.place.bytes(), columns)
            .and_then(|weights| weights.taking(first, run, stride, count));
        let Some(weights) = weights else {
            bail!("a tensor is not whole");
        };
        let mut values = vec![0f32; tokens * rows]; // (tokens, rows)
        let mut activations = Activations::empty();
        activations.set(pool(), &[kind], x, columns);
        let product = Product {
            weights,
            bias: self.bias.as_deref(),
            x: &activations,
            tokens: 0..tokens,
            out: &mut values,
        };
        if !kernels::products(pool(), &mut [product]) {
            bail!("a tensor is not whole");
        }
        Ok((CpuStorage::F32(values), (tokens, rows).into()))
    }
}

/// The threads of this executor's products: as many as there are cores. It is a reference.
fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| Pool::new(std::thread::available_parallelism().map_or(1, usize::from)))
}
