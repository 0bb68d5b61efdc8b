//! Rows of plain numbers times activations, in f32.
//!
//! Sixteen running sums a result, folded at the end: the same on every level, whatever stands
//! beside it. The compiler makes of it the instructions that the caller has.

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

use crate::block::BlockType;
use crate::half;
use crate::probe::Level;

/// Running sums of a dot product.
const LANES: usize = 16;
/// Rows of weights that are multiplied at once.
pub(crate) const ROWS: usize = 8;
/// Rows of weights that share each load of the activations, where registers are few.
const SOME: usize = 4;
/// Columns that are widened at once, to stay in the nearest cache.
const WIDE: usize = 512;

/// Memory that is used again.
#[derive(Default)]
pub(crate) struct Scratch {
    /// (SOME, WIDE)
    wide: Vec<f32>,
    /// (tokens, rows)
    sums: Vec<[f32; LANES]>,
}

/// At most [`ROWS`] rows of weights, all equally long, times rows of activations, `(tokens,
/// columns)`, to `out`, `(tokens, rows)`. `level` is one that the probe has seen; what lies `ahead`
/// bytes after the weights is read next.
pub(crate) fn multiply(
    level: Level,
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    ahead: usize,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    let Scratch { wide, sums } = scratch;
    sums.clear();
    sums.resize(out.len(), [0.0; LANES]);
    let tokens = out.len() / rows.len();
    let columns = numbers.len() / tokens.max(1);
    let whole = columns - columns % LANES;
    match level.vectors() {
        // SAFETY: the caller's level is one that the probe has seen.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx512Vnni => unsafe {
            avx512::multiply(kind, rows, numbers, whole / LANES, ahead, sums);
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx2 => unsafe { avx2(kind, rows, numbers, wide, sums) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        #[allow(unsafe_code)]
        Level::Neon => unsafe {
            neon::multiply(kind, rows, numbers, whole / LANES, ahead, sums);
        },
        _ => all(kind, rows, numbers, wide, sums, half::to_numbers),
    }
    for (token, out) in out.chunks_exact_mut(rows.len()).enumerate() {
        for (row, out) in out.iter_mut().enumerate() {
            *out = folded(sums[token * rows.len() + row]);
            for column in whole..columns {
                let mut weight = [0f32];
                let bytes = &rows[row][column * kind.bytes()..(column + 1) * kind.bytes()];
                widen(kind, bytes, &mut weight, half::to_numbers);
                *out = weight[0].mul_add(numbers[token * columns + column], *out);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2(
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    wide: &mut Vec<f32>,
    sums: &mut [[f32; LANES]],
) {
    all(kind, rows, numbers, wide, sums, |bytes, numbers| {
        half::by_eights(bytes, numbers);
    });
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

/// Adds the products to `sums`, `(tokens, rows)`. Inlined into each caller, so that the compiler
/// uses the caller's instructions.
#[inline(always)]
fn all(
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    wide: &mut Vec<f32>,
    sums: &mut [[f32; LANES]],
    halves: impl Fn(&[u8], &mut [f32]),
) {
    let tokens = sums.len() / rows.len();
    let columns = numbers.len() / tokens.max(1);
    let whole = columns - columns % LANES;
    wide.resize(SOME * WIDE, 0.0);
    for (group, some) in rows.chunks(SOME).enumerate() {
        for from in (0..whole).step_by(WIDE) {
            let count = WIDE.min(whole - from);
            for (wide, row) in wide.chunks_exact_mut(WIDE).zip(some) {
                let bytes = &row[from * kind.bytes()..(from + count) * kind.bytes()];
                widen(kind, bytes, &mut wide[..count], &halves);
            }
            for token in 0..tokens {
                let x = &numbers[token * columns + from..][..count];
                let sums = &mut sums[token * rows.len() + group * SOME..][..some.len()];
                match sums.first_chunk_mut::<SOME>() {
                    Some(sums) => tile::<SOME>(wide, x, sums),
                    None => {
                        for (row, sum) in sums.iter_mut().enumerate() {
                            tile::<1>(&wide[row * WIDE..], x, std::array::from_mut(sum));
                        }
                    }
                }
            }
        }
    }
}

/// `R` rows of `wide` times a row of activations, equally long, added to `sums`.
#[inline(always)]
fn tile<const R: usize>(wide: &[f32], x: &[f32], sums: &mut [[f32; LANES]; R]) {
    let x = x.as_chunks::<LANES>().0;
    for (row, sum) in sums.iter_mut().enumerate() {
        let mut lanes = *sum;
        let weights = wide[row * WIDE..].as_chunks::<LANES>().0;
        for (x, weights) in x.iter().zip(weights) {
            for (lane, (x, weight)) in lanes.iter_mut().zip(x.iter().zip(weights)) {
                *lane = weight.mul_add(*x, *lane);
            }
        }
        *sum = lanes;
    }
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
