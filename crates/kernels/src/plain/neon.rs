//! By NEON: numbers are widened as they are loaded.
#![allow(unsafe_code)] // loads and stores through pointers, in bounds by the lengths asserted

use super::LANES;
use crate::block::BlockType;
use crate::neon;
use std::arch::aarch64::*;

const F16: u8 = 0;
const BF16: u8 = 1;
const F32: u8 = 2;

/// Numbers of a register.
const SIDE: usize = 4;

/// Adds to `sums`, `(tokens, rows)`, the products of rows of weights with rows of activations,
/// `(tokens, columns)`, over the first `steps` times sixteen columns. What lies `ahead` bytes
/// after the weights is asked for meanwhile.
#[target_feature(enable = "neon")]
pub(super) fn multiply(
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    steps: usize,
    ahead: usize,
    sums: &mut [[f32; LANES]],
) {
    match kind {
        BlockType::F16 => of::<F16>(rows, numbers, steps, ahead, sums),
        BlockType::BF16 => of::<BF16>(rows, numbers, steps, ahead, sums),
        _ => of::<F32>(rows, numbers, steps, ahead, sums),
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn of<const KIND: u8>(
    rows: &[&[u8]],
    numbers: &[f32],
    steps: usize,
    ahead: usize,
    sums: &mut [[f32; LANES]],
) {
    let tokens = sums.len() / rows.len().max(1);
    let columns = numbers.len() / tokens.max(1);
    let mut token = 0;
    while token < tokens {
        let x = &numbers[token * columns..];
        let sums = &mut sums[token * rows.len()..];
        // Each result is four registers of sums: as many results as there are registers for.
        token += match tokens - token {
            3.. => some::<KIND, 2, 3>(rows, x, columns, steps, ahead, sums),
            2 => some::<KIND, 2, 2>(rows, x, columns, steps, ahead, sums),
            _ => some::<KIND, 4, 1>(rows, x, columns, steps, ahead, sums),
        };
    }
}

/// `T` rows of activations, by `R` rows of weights at once. Gives `T`.
#[inline]
#[target_feature(enable = "neon")]
fn some<const KIND: u8, const R: usize, const T: usize>(
    rows: &[&[u8]],
    x: &[f32],
    columns: usize,
    steps: usize,
    ahead: usize,
    sums: &mut [[f32; LANES]],
) -> usize {
    let (groups, rest) = rows.as_chunks::<R>();
    for (group, some) in groups.iter().enumerate() {
        let sums = &mut sums[group * R..];
        tile::<KIND, R, T>(some, x, columns, steps, ahead, rows.len(), sums);
    }
    for (row, one) in rest.as_chunks::<1>().0.iter().enumerate() {
        let sums = &mut sums[groups.len() * R + row..];
        tile::<KIND, 1, T>(one, x, columns, steps, ahead, rows.len(), sums);
    }
    T
}

/// `R` rows times `T` rows of activations, whose sums lie `stride` apart.
#[inline]
#[target_feature(enable = "neon")]
fn tile<const KIND: u8, const R: usize, const T: usize>(
    rows: &[&[u8]; R],
    x: &[f32],
    columns: usize,
    steps: usize,
    ahead: usize,
    stride: usize,
    sums: &mut [[f32; LANES]],
) {
    let bytes = if KIND == F32 { 64 } else { 32 };
    assert!((T - 1) * columns + steps * LANES <= x.len());
    for row in rows {
        assert!(row.len() >= steps * bytes);
    }
    let mut totals = [[[vdupq_n_f32(0.0); LANES / SIDE]; R]; T];
    for step in 0..steps {
        if KIND == F32 || step.is_multiple_of(2) {
            for row in rows {
                neon::prefetch(row.as_ptr().wrapping_add(step * bytes + ahead));
            }
        }
        for side in 0..LANES / SIDE {
            let mut weights = [vdupq_n_f32(0.0); R];
            for (weights, row) in weights.iter_mut().zip(rows) {
                // SAFETY: four of sixteen numbers of a row, by the assertion.
                *weights = unsafe {
                    let from = row.as_ptr().add(step * bytes + side * bytes / 4);
                    widened::<KIND>(from)
                };
            }
            for (t, totals) in totals.iter_mut().enumerate() {
                let at = t * columns + step * LANES + side * SIDE;
                // SAFETY: four numbers of a row of activations, by the assertion.
                let x = unsafe { vld1q_f32(x.as_ptr().add(at)) };
                for (total, weights) in totals.iter_mut().zip(weights) {
                    total[side] = vfmaq_f32(total[side], weights, x);
                }
            }
        }
    }
    for (t, totals) in totals.iter().enumerate() {
        for (r, total) in totals.iter().enumerate() {
            let places = sums[t * stride + r].as_chunks_mut::<SIDE>().0;
            for (place, lanes) in places.iter_mut().zip(total) {
                // SAFETY: four numbers are written.
                unsafe { vst1q_f32(place.as_mut_ptr(), *lanes) };
            }
        }
    }
}

/// Four numbers.
///
/// # Safety
/// They can be read.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn widened<const KIND: u8>(from: *const u8) -> float32x4_t {
    // SAFETY: the caller's promise; the loads need no alignment but that of a byte.
    unsafe {
        match KIND {
            F16 => neon::widened(vreinterpret_u16_u8(vld1_u8(from))),
            BF16 => {
                let halves = vreinterpret_u16_u8(vld1_u8(from));
                vreinterpretq_f32_u32(vshll_n_u16::<16>(halves))
            }
            _ => vreinterpretq_f32_u8(vld1q_u8(from)),
        }
    }
}
