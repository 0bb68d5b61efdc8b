//! Every type, row after row.

use super::{Lines, Panel, Unpacked};
use crate::block::{BlockType, GROUP, looked_up};
use crate::half;
use std::ops::Range;

/// Packs in plain Rust.
pub(super) fn pack(
    kind: BlockType,
    lines: &Lines<'_>,
    part: Range<usize>,
    rows: &mut Unpacked,
    panel: &mut Panel,
) {
    unpack(kind, lines, part, rows, true, half::to_f32, looked_up);
    for (row, unpacked) in rows.iter().enumerate() {
        let fours = unpacked.quants.as_chunks::<4>().0;
        for (place, four) in panel.quants.iter_mut().zip(fours) {
            for (byte, quant) in place[4 * row..4 * row + 4].iter_mut().zip(four) {
                *byte = *quant as u8;
            }
        }
    }
    scales(kind, rows, panel);
}

/// Each row's quants and scales; with 128 more for quants that may be negative, where they are
/// wanted `raised`.
#[inline(always)]
pub(super) fn unpack(
    kind: BlockType,
    lines: &Lines<'_>,
    part: Range<usize>,
    rows: &mut Unpacked,
    raised: bool,
    half: impl Fn(u16) -> f32 + Copy,
    look_up: impl Fn(&[u8; 16], &[i8; 16], &mut [i8; 32]) + Copy,
) {
    for (at, row) in rows.iter_mut().enumerate() {
        row.unpack(kind, &lines.get(at)[part.clone()], half, look_up);
        if raised && !kind.has_offsets() {
            row.quants.iter_mut().for_each(|quant| *quant ^= -128);
        }
    }
}

/// The scales of all rows, group after group.
#[inline(always)]
pub(super) fn scales(kind: BlockType, rows: &Unpacked, panel: &mut Panel) {
    let step = kind.group() / GROUP;
    for (row, unpacked) in rows.iter().enumerate() {
        let groups = unpacked.scales.iter().zip(&unpacked.offsets).step_by(step);
        let places = panel.scales.iter_mut().zip(&mut panel.offsets);
        for ((scales, offsets), (scale, offset)) in places.zip(groups) {
            (scales[row], offsets[row]) = (*scale, *offset);
        }
    }
}
