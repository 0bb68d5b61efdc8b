//! With 512-bit instructions: numbers are widened as they are loaded.
#![allow(unsafe_code)] // loads and stores through pointers, in bounds by the lengths asserted

use super::{LANES, ROWS};
use crate::block::BlockType;
use std::arch::x86_64::*;

const F16: u8 = 0;
const BF16: u8 = 1;
const F32: u8 = 2;

/// Adds to `sums`, `(tokens, rows)`, the products of rows of weights with rows of activations,
/// `(tokens, columns)`, over the first `steps` times sixteen columns. What lies `ahead` bytes
/// after the weights is asked for meanwhile.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
pub(super) fn multiply(
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    steps: usize,
    ahead: usize,
    sums: &mut [[f32; LANES]],
) {
    match kind {
        BlockType::F16 => of::<F16>(kind, rows, numbers, steps, ahead, sums),
        BlockType::BF16 => of::<BF16>(kind, rows, numbers, steps, ahead, sums),
        _ => of::<F32>(kind, rows, numbers, steps, ahead, sums),
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
fn of<const KIND: u8>(
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    steps: usize,
    ahead: usize,
    sums: &mut [[f32; LANES]],
) {
    let tokens = sums.len() / rows.len().max(1);
    let columns = numbers.len() / tokens.max(1);
    assert!(steps * LANES <= columns && sums.len() == tokens * rows.len());
    assert!(
        rows.iter()
            .all(|row| row.len() >= steps * LANES * kind.bytes())
    );
    let mut token = 0;
    while token < tokens {
        let x = &numbers[token * columns..];
        let sums = &mut sums[token * rows.len()..];
        // Enough sums for all that the processor has under way, few enough for its registers.
        token += match (rows.first_chunk::<ROWS>(), tokens - token) {
            (Some(rows), 3..) => tile::<KIND, ROWS, 3>(rows, x, columns, steps, ahead, sums),
            (Some(rows), 2) => tile::<KIND, ROWS, 2>(rows, x, columns, steps, ahead, sums),
            (Some(rows), _) => tile::<KIND, ROWS, 1>(rows, x, columns, steps, ahead, sums),
            (None, _) => {
                for (row, sum) in rows.iter().zip(sums.iter_mut()) {
                    let sum = std::slice::from_mut(sum);
                    tile::<KIND, 1, 1>(&[row], x, columns, steps, ahead, sum);
                }
                1
            }
        };
    }
}

/// `R` rows times `T` rows of activations. Gives `T`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
fn tile<const KIND: u8, const R: usize, const T: usize>(
    rows: &[&[u8]; R],
    x: &[f32],
    columns: usize,
    steps: usize,
    ahead: usize,
    sums: &mut [[f32; LANES]],
) -> usize {
    let bytes = if KIND == F32 { 64 } else { 32 };
    assert!((T - 1) * columns + steps * LANES <= x.len() && sums.len() >= R * T);
    for row in rows {
        assert!(row.len() >= steps * bytes);
    }
    let mut totals = [[_mm512_setzero_ps(); R]; T];
    for step in 0..steps {
        let mut weights = [_mm512_setzero_ps(); R];
        for (weights, row) in weights.iter_mut().zip(rows) {
            let from = row.as_ptr().wrapping_add(step * bytes);
            // SAFETY: sixteen numbers of a row, by the assertion.
            *weights = unsafe { widened::<KIND>(from) };
            if KIND == F32 || step.is_multiple_of(2) {
                // A hint, which never fails, whatever the address.
                _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(ahead).cast());
            }
        }
        for (t, totals) in totals.iter_mut().enumerate() {
            // SAFETY: sixteen numbers of a row of activations, by the assertion.
            let x = unsafe { _mm512_loadu_ps(x.as_ptr().add(t * columns + step * LANES)) };
            for (total, weights) in totals.iter_mut().zip(weights) {
                *total = _mm512_fmadd_ps(weights, x, *total);
            }
        }
    }
    for t in 0..T {
        for r in 0..R {
            // SAFETY: sixteen numbers are written.
            unsafe { _mm512_storeu_ps(sums[t * R + r].as_mut_ptr(), totals[t][r]) };
        }
    }
    T
}

/// Sixteen numbers.
///
/// # Safety
/// They can be read.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
unsafe fn widened<const KIND: u8>(from: *const u8) -> __m512 {
    // SAFETY: the caller's promise.
    unsafe {
        match KIND {
            F16 => _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())),
            BF16 => {
                let halves = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
                _mm512_castsi512_ps(_mm512_slli_epi32::<16>(halves))
            }
            _ => _mm512_loadu_ps(from.cast()),
        }
    }
}
