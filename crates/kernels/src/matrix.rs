//! Weights where they lie: rows of one type, of which some are taken.

use crate::block::BlockType;

/// Rows of weights in the bytes of a file or of a memory of their own.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    kind: BlockType,
    bytes: &'a [u8],
    columns: usize,
    row_bytes: usize,
    first: usize,
    run: usize,
    stride: usize,
    rows: usize,
}

impl<'a> Matrix<'a> {
    /// All whole rows of `columns` weights that `bytes` hold. None where a row is no whole number
    /// of blocks, or nothing.
    pub fn new(kind: BlockType, bytes: &'a [u8], columns: usize) -> Option<Matrix<'a>> {
        let row_bytes = kind.row_bytes(columns).filter(|bytes| *bytes > 0)?;
        let rows = bytes.len() / row_bytes;
        Some(Matrix {
            kind,
            bytes,
            columns,
            row_bytes,
            first: 0,
            run: rows.max(1),
            stride: rows.max(1),
            rows,
        })
    }

    /// Only `count` runs of `run` rows, which begin `stride` rows apart, the first at `first`, of
    /// a matrix that has all its rows. None where it does not have them.
    pub fn taking(self, first: usize, run: usize, stride: usize, count: usize) -> Option<Self> {
        let last = count
            .checked_sub(1)?
            .checked_mul(stride)?
            .checked_add(first)?;
        let whole = last.checked_add(run)? <= self.rows && self.first == 0;
        (whole && run > 0 && self.run == self.rows.max(1)).then_some(Matrix {
            first,
            run,
            stride,
            rows: run.checked_mul(count)?,
            ..self
        })
    }

    /// How the weights are stored.
    pub fn kind(&self) -> BlockType {
        self.kind
    }

    /// Weights of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The bytes of a row; None beyond the last.
    pub fn row(&self, row: usize) -> Option<&'a [u8]> {
        if row >= self.rows {
            return None;
        }
        let at = match self.run == self.rows {
            true => self.first + row, // without a division
            false => self.first + row / self.run * self.stride + row % self.run,
        };
        self.bytes
            .get(at * self.row_bytes..(at + 1) * self.row_bytes)
    }
}
