//! Rows of plain numbers times activations, in f32.
//!
//! Sixteen running sums a result, folded at the end: the same on every level, whatever stands
//! beside it. The compiler makes of it the instructions that the caller has.

use crate::block::BlockType;
use crate::half;
use crate::probe::Level;

/// Running sums of a dot product.
const LANES: usize = 16;
/// Rows of weights that share each load of the activations.
pub(crate) const ROWS: usize = 4;
/// Rows of activations that share each load of the weights.
const AT_ONCE: usize = 4;
/// Columns that are widened at once, to stay in the nearest cache.
const WIDE: usize = 512;

/// Memory that is used again.
#[derive(Default)]
pub(crate) struct Scratch {
    /// (ROWS, WIDE)
    wide: Vec<f32>,
    /// (tokens, rows)
    sums: Vec<[f32; LANES]>,
}

/// At most [`ROWS`] rows of weights times rows of activations, `(tokens, columns)`, to `out`,
/// `(tokens, rows)`. `level` is one that the probe has seen.
pub(crate) fn multiply(
    level: Level,
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    match level {
        // SAFETY: the caller's level is one that the probe has seen.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx512Vnni => unsafe { avx512(kind, rows, numbers, scratch, out) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx2 => unsafe { avx2(kind, rows, numbers, scratch, out) },
        _ => all(kind, rows, numbers, scratch, out, half::to_numbers),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
fn avx512(
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    all(kind, rows, numbers, scratch, out, |bytes, numbers| {
        half::by_eights(bytes, numbers);
    });
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2(kind: BlockType, rows: &[&[u8]], numbers: &[f32], scratch: &mut Scratch, out: &mut [f32]) {
    all(kind, rows, numbers, scratch, out, |bytes, numbers| {
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

/// Inlined into each caller, so that the compiler uses the caller's instructions.
#[inline(always)]
fn all(
    kind: BlockType,
    rows: &[&[u8]],
    numbers: &[f32],
    scratch: &mut Scratch,
    out: &mut [f32],
    halves: impl Fn(&[u8], &mut [f32]),
) {
    let columns = rows[0].len() / kind.bytes();
    let tokens = out.len() / rows.len();
    let Scratch { wide, sums } = scratch;
    wide.resize(ROWS * WIDE, 0.0);
    sums.clear();
    sums.resize(tokens * rows.len(), [0.0; LANES]);
    let whole = columns - columns % LANES;
    for from in (0..whole).step_by(WIDE) {
        let count = WIDE.min(whole - from);
        for (wide, row) in wide.chunks_exact_mut(WIDE).zip(rows) {
            let bytes = &row[from * kind.bytes()..(from + count) * kind.bytes()];
            widen(kind, bytes, &mut wide[..count], &halves);
        }
        let x = |token: usize| &numbers[token * columns + from..][..count];
        let mut token = 0;
        while token < tokens {
            let more = tokens - token;
            let sums = &mut sums[token * rows.len()..];
            token += match (rows.len(), more >= AT_ONCE) {
                (ROWS, true) => {
                    let x: [&[f32]; AT_ONCE] = std::array::from_fn(|t| x(token + t));
                    tile::<ROWS, AT_ONCE>(wide, x, sums)
                }
                (ROWS, false) => tile::<ROWS, 1>(wide, [x(token)], sums),
                _ => some_rows(rows.len(), wide, x(token), sums),
            };
        }
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

/// The last rows of a matrix, one by one.
#[inline(always)]
fn some_rows(rows: usize, wide: &[f32], x: &[f32], sums: &mut [[f32; LANES]]) -> usize {
    for row in 0..rows {
        tile::<1, 1>(&wide[row * WIDE..], [x], &mut sums[row..]);
    }
    1
}

/// `R` rows of `wide` times `T` rows of activations, all equally long, added to `sums`, `(T, R)`.
/// Gives `T`.
#[inline(always)]
fn tile<const R: usize, const T: usize>(
    wide: &[f32],
    x: [&[f32]; T],
    sums: &mut [[f32; LANES]],
) -> usize {
    let x = x.map(|x| x.as_chunks::<LANES>().0);
    let steps = x[0].len();
    let x = x.map(|x| &x[..steps]);
    let w: [&[[f32; LANES]]; R] = std::array::from_fn(|row| {
        &wide[row * WIDE..][..steps * LANES].as_chunks::<LANES>().0[..steps]
    });
    let mut lanes: [[[f32; LANES]; R]; T] =
        std::array::from_fn(|t| std::array::from_fn(|r| sums[t * R + r]));
    for step in 0..steps {
        for t in 0..T {
            for r in 0..R {
                for lane in 0..LANES {
                    lanes[t][r][lane] =
                        w[r][step][lane].mul_add(x[t][step][lane], lanes[t][r][lane]);
                }
            }
        }
    }
    for t in 0..T {
        for r in 0..R {
            sums[t * R + r] = lanes[t][r];
        }
    }
    T
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
