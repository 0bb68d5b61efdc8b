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
#[cfg(target_arch = "aarch64")]
mod neon;

use crate::block::{BlockType, GROUP, SPAN, UnpackedRow};
use crate::matrix::Matrix;
use crate::probe::Level;
use std::ops::Range;

/// Rows of a panel.
pub(crate) const ROWS: usize = 16;

/// Weight `(row, column)` is `scales[group][row] * quant + offsets[group][row]`, where `quant` is
/// the byte at `quants[column / 4][4 * row + column % 4]`, less 128 for types without offsets.
/// [`Level::Neon`] and those after it have a quant as it is, with its sign; [`Level::NeonI8mm`] has
/// it at byte `column / 8 * 128 + 8 * row + column % 8` of all.
#[repr(C, align(64))]
pub(crate) struct Panel {
    pub quants: [[u8; 4 * ROWS]; SPAN / 4],
    pub scales: [[f32; ROWS]; SPAN / GROUP],
    pub offsets: [[f32; ROWS]; SPAN / GROUP],
}

/// The bytes of sixteen rows, all equally long.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a>([&'a [u8]; ROWS]);

impl<'a> Lines<'a> {
    /// Sixteen rows from `row` on: the last again where there are fewer.
    pub fn of(weights: &Matrix<'a>, row: usize) -> Lines<'a> {
        let last = weights.rows().saturating_sub(1);
        let mut lines: [&[u8]; ROWS] = [&[]; ROWS];
        for (at, line) in lines.iter_mut().enumerate() {
            *line = weights.row((row + at).min(last)).unwrap_or_default();
        }
        assert!(lines.iter().all(|line| line.len() == lines[0].len()));
        Lines(lines)
    }

    /// Bytes of each.
    pub fn length(&self) -> usize {
        self.0[0].len()
    }

    /// One of them.
    pub fn get(&self, row: usize) -> &'a [u8] {
        self.0[row]
    }
}

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

    /// Fills the panel with whole blocks of up to [`SPAN`] columns, the same for each row: bytes
    /// `part` of them. What lies `ahead` bytes after them is asked for meanwhile.
    pub fn pack(
        &mut self,
        level: Level,
        kind: BlockType,
        lines: &Lines<'_>,
        part: Range<usize>,
        ahead: usize,
        rows: &mut Unpacked,
    ) {
        assert!(part.len().is_multiple_of(kind.bytes()) && part.len() <= kind.span_bytes());
        assert!(part.start <= part.end && part.end <= lines.length());
        match level.vectors() {
            // SAFETY: the callers' level is one that the probe has seen.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Level::Avx512Vnni => unsafe {
                if !avx512::pack(kind, lines, part.clone(), ahead, self) {
                    avx512::any(kind, lines, part, rows, self);
                }
            },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Level::Avx2 => unsafe { avx2::any(kind, lines, part, rows, self) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            #[allow(unsafe_code)]
            Level::Neon => unsafe {
                match level {
                    Level::NeonI8mm => neon::pack::<true>(kind, lines, part, ahead, rows, self),
                    _ => neon::pack::<false>(kind, lines, part, ahead, rows, self),
                }
            },
            _ => any::pack(kind, lines, part, rows, self),
        }
    }
}
