//! Weights that are plain numbers, of 32 or 16 bits, by activations in f32.
//!
//! Each result is sixteen running sums, added in one order, whatever stands beside it and on
//! every processor: no products are fused into sums.

use crate::block::BlockType;
use crate::half;
use crate::probe::Level;
use std::slice::ChunksExact;

/// Running sums of a dot product.
const LANES: usize = 16;
/// Rows of weights that share each load of the activations.
const ROWS: usize = 4;

/// As `multiply`, for sizes that agree. `numbers` are `(tokens, columns)`, `level` is one that
/// the probe has seen.
pub(crate) fn multiply(
    level: Level,
    kind: BlockType,
    weights: ChunksExact<'_, u8>,
    numbers: &[f32],
    columns: usize,
    out: &mut [f32],
) {
    match level {
        // SAFETY: the caller's level is one that the probe has seen.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx512Vnni => unsafe { avx512(kind, weights, numbers, columns, out) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx2 => unsafe { avx2(kind, weights, numbers, columns, out) },
        _ => all(kind, weights, numbers, columns, out, half::to_numbers),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,f16c")]
fn avx512(
    kind: BlockType,
    weights: ChunksExact<'_, u8>,
    numbers: &[f32],
    columns: usize,
    out: &mut [f32],
) {
    let halves = |bytes: &[u8], numbers: &mut [f32]| crate::dot::avx2::halves(bytes, numbers);
    all(kind, weights, numbers, columns, out, halves);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
fn avx2(
    kind: BlockType,
    weights: ChunksExact<'_, u8>,
    numbers: &[f32],
    columns: usize,
    out: &mut [f32],
) {
    let halves = |bytes: &[u8], numbers: &mut [f32]| crate::dot::avx2::halves(bytes, numbers);
    all(kind, weights, numbers, columns, out, halves);
}

/// The numbers of weights: as many as `numbers` holds. `halves` reads half-floats.
#[inline(always)]
pub(crate) fn widen(
    kind: BlockType,
    bytes: &[u8],
    numbers: &mut [f32],
    halves: impl Fn(&[u8], &mut [f32]),
) {
    match kind {
        BlockType::F16 => halves(bytes, numbers),
        BlockType::BF16 => {
            for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
                *number = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
            }
        }
        _ => {
            for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
                *number = f32::from_le_bytes(*bytes);
            }
        }
    }
}

/// Inlined into each caller, so that the compiler uses the caller's instructions.
#[inline(always)]
fn all(
    kind: BlockType,
    weights: ChunksExact<'_, u8>,
    numbers: &[f32],
    columns: usize,
    out: &mut [f32],
    halves: impl Fn(&[u8], &mut [f32]),
) {
    let tokens = numbers.len() / columns;
    let mut wide = vec![0f32; ROWS * columns];
    let mut weights = weights;
    for out in out.chunks_mut(ROWS * tokens) {
        let rows = out.len() / tokens;
        for (wide, bytes) in wide
            .chunks_exact_mut(columns)
            .zip(weights.by_ref().take(rows))
        {
            widen(kind, bytes, wide, &halves);
        }
        if rows == ROWS {
            some_rows::<ROWS>(&wide, numbers, columns, out);
        } else {
            let wide = wide.chunks_exact(columns);
            for (wide, out) in wide.zip(out.chunks_exact_mut(tokens)) {
                some_rows::<1>(wide, numbers, columns, out);
            }
        }
    }
}

/// `wide` is `(R, columns)`, `out` `(R, tokens)`.
#[inline(always)]
fn some_rows<const R: usize>(wide: &[f32], numbers: &[f32], columns: usize, out: &mut [f32]) {
    let tokens = numbers.len() / columns;
    let rows: [&[f32]; R] = std::array::from_fn(|row| &wide[row * columns..(row + 1) * columns]);
    for (token, numbers) in numbers.chunks_exact(columns).enumerate() {
        for (row, sum) in dots(rows, numbers).into_iter().enumerate() {
            out[row * tokens + token] = sum;
        }
    }
}

/// The dot product of each row of weights with a row of activations, all equally long.
#[inline(always)]
fn dots<const R: usize>(rows: [&[f32]; R], token: &[f32]) -> [f32; R] {
    let (x, x_rest) = token.as_chunks::<LANES>();
    let w = rows.map(|row| &row.as_chunks::<LANES>().0[..x.len()]);
    let mut lanes = [[0f32; LANES]; R];
    for (step, x) in x.iter().enumerate() {
        for (lanes, w) in lanes.iter_mut().zip(w) {
            for (lane, (w, x)) in lanes.iter_mut().zip(w[step].iter().zip(x)) {
                *lane += w * x;
            }
        }
    }
    let mut sums = lanes.map(folded);
    for (sum, row) in sums.iter_mut().zip(rows) {
        let rest = row[x.len() * LANES..].iter().zip(x_rest);
        *sum += rest.map(|(w, x)| w * x).sum::<f32>();
    }
    sums
}

#[inline(always)]
fn folded(mut lanes: [f32; LANES]) -> f32 {
    for half in [8, 4, 2, 1] {
        let (low, high) = lanes.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
    }
    lanes[0]
}
