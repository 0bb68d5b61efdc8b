//! Matrices of numbers of any type, read where their file is mapped.

use crate::exec::failed;
use crate::families::Rows;
use crate::weights::Weights;
use kernels::BlockType;
use protocol::{AppError, failure};
use rayon::prelude::*;
use std::sync::Arc;

/// Numbers row after row: where they lie, and how.
pub(super) struct Numbers {
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
    numbers: Numbers,
    /// Which rows of them.
    taken: Rows,
    bias: Option<Vec<f32>>, // (rows)
}

fn kind_of(tensor: &formats::Tensor) -> Result<BlockType, AppError> {
    let name = tensor.kind.name;
    BlockType::named(name).ok_or_else(|| failure::unknown_type(&tensor.name, name))
}

fn misplaced(weights: &Weights, tensor: &formats::Tensor) -> AppError {
    let what = format!("the place of {}", tensor.name);
    failure::model_damaged(weights.path(tensor.part), what)
}

/// The numbers of a whole tensor.
pub(crate) fn numbers(weights: &Weights, tensor: &formats::Tensor) -> Result<Vec<f32>, AppError> {
    let kind = kind_of(tensor)?;
    let mut values = vec![0f32; tensor.numbers() as usize];
    let bytes = weights.bytes(tensor.part, tensor.offset, tensor.bytes);
    if !kernels::dequantize(kind, bytes, &mut values) {
        return Err(misplaced(weights, tensor));
    }
    Ok(values)
}

impl Numbers {
    /// A tensor as it lies: all its dimensions but the last are rows.
    ///
    /// Errors: `unknown-type`, `model-damaged`.
    pub fn mapped(weights: &Arc<Weights>, tensor: &formats::Tensor) -> Result<Numbers, AppError> {
        let made = Numbers {
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
        let row_bytes = made.kind.row_bytes(made.columns);
        let all = row_bytes.map(|bytes| bytes * numbers.checked_div(made.columns).unwrap_or(0));
        if made.place.bytes().is_empty() || all != Some(made.place.bytes().len()) {
            return Err(misplaced(weights, tensor));
        }
        Ok(made)
    }

    /// A tensor (…, columns, rows) as (…, rows, columns).
    ///
    /// Errors: `unknown-type`, `model-damaged`.
    pub fn transposed(
        weights: &Arc<Weights>,
        tensor: &formats::Tensor,
    ) -> Result<Numbers, AppError> {
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
        Ok(Numbers {
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
    ) -> Result<Numbers, AppError> {
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
        Ok(Numbers {
            place: Place::Owned(bytes.into()),
            kind: BlockType::MXFP4,
            columns: groups * 2 * HALF,
        })
    }
}

impl Linear {
    /// Some rows of the numbers. Errors: `internal`, where there are fewer.
    pub(super) fn new(
        numbers: Numbers,
        taken: Rows,
        bias: Option<Vec<f32>>,
    ) -> Result<Linear, AppError> {
        let linear = Linear {
            numbers,
            taken,
            bias,
        };
        linear.matrix()?;
        Ok(linear)
    }

    /// Where the weights lie, for the kernels: (rows, columns). Errors: `internal`, where a
    /// tensor is not whole, which was checked.
    pub fn matrix(&self) -> Result<kernels::Matrix<'_>, AppError> {
        let Numbers {
            place,
            kind,
            columns,
        } = &self.numbers;
        let Rows {
            first,
            run,
            stride,
            count,
        } = self.taken;
        kernels::Matrix::new(*kind, place.bytes(), *columns)
            .and_then(|matrix| matrix.taking(first, run, stride, count))
            .ok_or_else(|| failed("rows that a tensor does not have"))
    }

    /// Added to each row's results, (rows).
    pub fn bias(&self) -> Option<&[f32]> {
        self.bias.as_deref()
    }

    /// How the weights are stored.
    pub fn kind(&self) -> BlockType {
        self.numbers.kind
    }

    /// How many numbers it makes.
    pub fn rows(&self) -> usize {
        self.taken.len()
    }

    /// How many numbers it takes.
    pub fn columns(&self) -> usize {
        self.numbers.columns
    }

    /// Some rows as numbers, (ids, columns), into `out`. Errors: `internal`, where one is not
    /// there.
    pub fn lookup(&self, ids: &[u32], out: &mut [f32]) -> Result<(), AppError> {
        let matrix = self.matrix()?;
        for (out, id) in out.chunks_mut(self.columns()).zip(ids) {
            let row = matrix.row(*id as usize);
            if !row.is_some_and(|row| kernels::dequantize(matrix.kind(), row, out)) {
                return Err(failed(format!("row {id} of {}", matrix.rows())));
            }
        }
        Ok(())
    }
}
