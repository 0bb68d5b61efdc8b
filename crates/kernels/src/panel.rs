//! Sixteen rows of weights, a span of columns, laid out so that rows are lanes.
//!
//! Weights are packed when they are multiplied, from where the file is mapped, into memory that
//! stays in the nearest cache: one packing serves all rows of activations. So a model takes no
//! more memory than its file, and is there as soon as it is mapped.

mod any;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

use crate::block::{BlockType, GROUP, SPAN, UnpackedRow};
use crate::matrix::Matrix;
use crate::probe::Level;

/// Rows of a panel.
pub(crate) const ROWS: usize = 16;

/// Weight `(row, column)` is `scales[group][row] * quant + offsets[group][row]`, where `quant` is
/// the byte at `quants[column / 4][4 * row + column % 4]`, less 128 for types without offsets.
#[repr(C, align(64))]
pub(crate) struct Panel {
    pub quants: [[u8; 4 * ROWS]; SPAN / 4],
    pub scales: [[f32; ROWS]; SPAN / GROUP],
    pub offsets: [[f32; ROWS]; SPAN / GROUP],
}

/// The bytes of each row of a panel over one span.
pub(crate) type Lines<'a> = [&'a [u8]; ROWS];

/// Memory to unpack the rows of a panel in.
pub(crate) type Unpacked = [UnpackedRow; ROWS];

/// Such memory.
pub(crate) fn unpacked() -> Unpacked {
    std::array::from_fn(|_| UnpackedRow::new(SPAN))
}

impl Panel {
    pub(crate) const EMPTY: Panel = Panel {
        quants: [[0; 4 * ROWS]; SPAN / 4],
        scales: [[0.0; ROWS]; SPAN / GROUP],
        offsets: [[0.0; ROWS]; SPAN / GROUP],
    };

    /// Fills the panel with whole blocks of up to [`SPAN`] columns, the same for each row.
    pub fn pack(&mut self, level: Level, kind: BlockType, lines: &Lines<'_>, rows: &mut Unpacked) {
        let length = lines[0].len();
        assert!(length.is_multiple_of(kind.bytes()) && length <= kind.span_bytes());
        assert!(lines.iter().all(|line| line.len() == length));
        match level {
            // SAFETY: the callers' level is one that the probe has seen.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Level::Avx512Vnni => unsafe {
                if !avx512::pack(kind, lines, self) {
                    avx512::any(kind, lines, rows, self);
                }
            },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Level::Avx2 => unsafe { avx2::any(kind, lines, rows, self) },
            _ => any::pack(kind, lines, rows, self),
        }
    }
}

/// The bytes of sixteen rows from `row` over a span: of the last row again where there are fewer.
pub(crate) fn lines<'a>(weights: &Matrix<'a>, row: usize, span: usize) -> Lines<'a> {
    let bytes = weights.kind().span_bytes();
    let last = weights.rows().saturating_sub(1);
    std::array::from_fn(|at| {
        let row = weights.row((row + at).min(last)).unwrap_or_default();
        &row[(span * bytes).min(row.len())..((span + 1) * bytes).min(row.len())]
    })
}
