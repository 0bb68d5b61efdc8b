//! Packing by NEON, which multiplies bytes with a sign: quants are stored as they are.
#![allow(unsafe_code)] // loads and stores through pointers, in bounds by lengths asserted beside

use super::{Lines, Panel, ROWS, Unpacked, any};
use crate::block::{BlockType, GROUP, SPAN};
use crate::neon;
use std::arch::aarch64::*;
use std::ops::Range;

/// Rows, and numbers of each, that are exchanged at once.
const SIDE: usize = 4;

/// Every type: rows with four columns each beside each other, or two rows with `EIGHTS`.
#[target_feature(enable = "neon")]
pub(super) fn pack<const EIGHTS: bool>(
    kind: BlockType,
    lines: &Lines<'_>,
    part: Range<usize>,
    ahead: usize,
    rows: &mut Unpacked,
    panel: &mut Panel,
) {
    if ahead != 0 {
        for row in 0..ROWS {
            let from = lines.get(row)[part.clone()].as_ptr().wrapping_add(ahead);
            for at in (0..part.len()).step_by(64) {
                neon::prefetch(from.wrapping_add(at));
            }
        }
    }
    any::unpack(kind, lines, part, rows, false, neon::to_f32, looked_up);
    assert!(rows.iter().all(|row| row.quants.len() == SPAN));
    match EIGHTS {
        true => eights(rows, panel),
        false => fours(rows, panel),
    }
    assert!(
        rows.iter()
            .all(|row| row.scales.len() == SPAN / GROUP && row.offsets.len() == SPAN / GROUP)
    );
    for from_row in (0..ROWS).step_by(SIDE) {
        let rows = &rows[from_row..from_row + SIDE];
        // The rows' own numbers are for each GROUP columns: twice as many as wider groups have.
        let step = kind.group() / GROUP;
        for from in (0..SPAN / kind.group()).step_by(SIDE) {
            let mut scales = [vdupq_n_f32(0.0); SIDE];
            for (lanes, row) in scales.iter_mut().zip(rows) {
                *lanes = stepped(&row.scales[step * from..], step);
            }
            put(scales, &mut panel.scales[from..], from_row);
            if kind.has_offsets() {
                let mut offsets = [vdupq_n_f32(0.0); SIDE];
                for (lanes, row) in offsets.iter_mut().zip(rows) {
                    *lanes = stepped(&row.offsets[step * from..], step);
                }
                put(offsets, &mut panel.offsets[from..], from_row);
            }
        }
    }
}

/// As [`crate::block::looked_up`].
#[inline(always)]
fn looked_up(bytes: &[u8; 16], values: &[i8; 16], quants: &mut [i8; 32]) {
    // SAFETY: sixteen bytes and values are read, and 32 quants written, by instructions that are
    // part of what this architecture's targets are compiled for.
    unsafe {
        let (bytes, values) = (vld1q_u8(bytes.as_ptr()), vld1q_s8(values.as_ptr()));
        let low = vqtbl1q_s8(values, vandq_u8(bytes, vdupq_n_u8(15)));
        let high = vqtbl1q_s8(values, vshrq_n_u8::<4>(bytes));
        vst1q_s8(quants.as_mut_ptr(), low);
        vst1q_s8(quants.as_mut_ptr().add(16), high);
    }
}

/// Four columns of sixteen rows after four columns.
#[inline]
#[target_feature(enable = "neon")]
fn fours(rows: &Unpacked, panel: &mut Panel) {
    for from_row in (0..ROWS).step_by(SIDE) {
        for (at, places) in panel
            .quants
            .as_chunks_mut::<SIDE>()
            .0
            .iter_mut()
            .enumerate()
        {
            let mut four = [vdupq_n_f32(0.0); SIDE];
            for (lanes, row) in four.iter_mut().zip(&rows[from_row..]) {
                // SAFETY: sixteen bytes from `16 * at`, of SPAN.
                *lanes =
                    unsafe { vreinterpretq_f32_s8(vld1q_s8(row.quants.as_ptr().add(16 * at))) };
            }
            for (place, lanes) in places.iter_mut().zip(transposed(four)) {
                // SAFETY: sixteen bytes of the 64, from 0, 16, 32 or 48.
                unsafe {
                    let place = place.as_mut_ptr().add(SIDE * from_row);
                    vst1q_u8(place, vreinterpretq_u8_f32(lanes));
                }
            }
        }
    }
}

/// Eight columns of sixteen rows after eight columns.
#[inline]
#[target_feature(enable = "neon")]
fn eights(rows: &Unpacked, panel: &mut Panel) {
    let places = panel.quants.as_flattened_mut();
    for (pair, rows) in rows.as_chunks::<2>().0.iter().enumerate() {
        let (even, odd) = (rows[0].quants.as_ptr(), rows[1].quants.as_ptr());
        for at in 0..SPAN / 16 {
            // SAFETY: sixteen bytes from `16 * at`, of SPAN each; of the panel's sixteen rows of
            // SPAN bytes two times sixteen, each eight columns' rows being 8 * ROWS bytes.
            unsafe {
                let even = vreinterpretq_s64_s8(vld1q_s8(even.add(16 * at)));
                let odd = vreinterpretq_s64_s8(vld1q_s8(odd.add(16 * at)));
                let to = places.as_mut_ptr().add(2 * at * 8 * ROWS + 16 * pair);
                vst1q_u8(to, vreinterpretq_u8_s64(vzip1q_s64(even, odd)));
                vst1q_u8(
                    to.add(8 * ROWS),
                    vreinterpretq_u8_s64(vzip2q_s64(even, odd)),
                );
            }
        }
    }
}

/// The first four numbers, or of the first eight every second.
#[inline]
#[target_feature(enable = "neon")]
fn stepped(numbers: &[f32], step: usize) -> float32x4_t {
    assert!(numbers.len() >= SIDE * step && step <= 2);
    // SAFETY: four numbers, and four more, by the assertion.
    unsafe {
        let first = vld1q_f32(numbers.as_ptr());
        match step {
            1 => first,
            _ => vuzp1q_f32(first, vld1q_f32(numbers.as_ptr().add(SIDE))),
        }
    }
}

/// Numbers of four rows, from `from_row` on, to their places.
#[inline]
#[target_feature(enable = "neon")]
fn put(lanes: [float32x4_t; SIDE], places: &mut [[f32; ROWS]], from_row: usize) {
    for (place, lanes) in places.iter_mut().zip(transposed(lanes)) {
        // SAFETY: four numbers are written.
        unsafe { vst1q_f32(place[from_row..from_row + SIDE].as_mut_ptr(), lanes) };
    }
}

/// Lane `i` of row `j` becomes lane `j` of row `i`.
#[inline]
#[target_feature(enable = "neon")]
fn transposed(r: [float32x4_t; SIDE]) -> [float32x4_t; SIDE] {
    let [a, b, c, d] = r;
    let (low, high) = (vzip1q_f32(a, c), vzip2q_f32(a, c));
    let (low_too, high_too) = (vzip1q_f32(b, d), vzip2q_f32(b, d));
    [
        vzip1q_f32(low, low_too),
        vzip2q_f32(low, low_too),
        vzip1q_f32(high, high_too),
        vzip2q_f32(high, high_too),
    ]
}
