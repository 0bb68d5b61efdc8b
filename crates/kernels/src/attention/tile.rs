//! The one inner loop of attention: a few rows of numbers by columns of lanes, summed in registers.
//!
//! It makes scores (queries by keys, summed over a key's numbers) and mixes values (weights by
//! values, summed over positions). Each sum is one chain of fused multiply-adds in order, so that
//! it does not depend on how rows and columns are put together in tiles.
#![allow(unsafe_code)] // instructions by level, and reads without checks in the inner loop

use super::lanes::{Instructions, LEAST};
use super::numbers::{Plain, QuantKeys, QuantValues, Ready, Source};
use crate::kv::LANES;
use crate::probe::{Level, probe};

/// Most rows of a tile.
pub(super) const ROWS: usize = 6;
/// Bytes that are fetched from memory at once.
const LINE: usize = 64;

/// Rows of numbers, `each` apart.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub numbers: &'a [f32],
    pub rows: usize,
    pub each: usize,
}

/// Columns of lanes: the `i`th lanes of a column begin at `column * apart + i * step`.
#[derive(Clone, Copy)]
pub(super) struct Right<'a> {
    pub numbers: Ready<'a>,
    pub columns: usize,
    pub apart: usize,
    pub step: usize,
    /// What will be read next: it is fetched from memory meanwhile.
    pub next: Option<&'a [u8]>,
}

/// Where sums go: rows, `each` apart, of which the first `columns * 16` are written.
pub(super) struct Sums<'a> {
    pub numbers: &'a mut [f32],
    pub each: usize,
    /// Whether they begin at zero, and not at what is there.
    pub fresh: bool,
}

/// For each row and column the sum over `i` below `count` of the left's number times the right's
/// lanes.
///
/// # Panics
/// Where there are fewer numbers than that takes.
pub(super) fn multiply(
    level: Level,
    left: Left<'_>,
    right: Right<'_>,
    count: usize,
    sums: &mut Sums<'_>,
) {
    let (rows, columns) = (left.rows, right.columns);
    if rows == 0 || columns == 0 || count == 0 {
        return;
    }
    let (apart, step) = (right.apart, right.step);
    let there = right.numbers.steps(apart, step);
    assert!(
        (rows - 1) * left.each + count <= left.numbers.len()
            && there
                .is_some_and(|there| (columns - 1) * apart + (count - 1) * step + LANES <= there)
            && (rows - 1) * sums.each + columns * LANES <= sums.numbers.len()
    );
    match level.min(probe()).vectors() {
        // SAFETY: the numbers are there by the assertion, the instructions by the probe.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512Vnni => unsafe { avx512(left, right, count, sums) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(left, right, count, sums) },
        // SAFETY: the numbers are there by the assertion.
        _ => unsafe { of_kind(LEAST, left, right, count, sums) },
    }
}

/// # Safety
/// As [`tiles`], and the processor has the instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma,f16c")]
unsafe fn avx512(left: Left<'_>, right: Right<'_>, count: usize, sums: &mut Sums<'_>) {
    // SAFETY: the caller's promise.
    unsafe { of_kind(super::x86::Avx512::new(), left, right, count, sums) };
}

/// # Safety
/// As above.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn avx2(left: Left<'_>, right: Right<'_>, count: usize, sums: &mut Sums<'_>) {
    // SAFETY: the caller's promise.
    unsafe { of_kind(super::x86::Avx2::new(), left, right, count, sums) };
}

/// # Safety
/// As [`tiles`].
#[inline(always)]
unsafe fn of_kind<I: Instructions>(
    by: I,
    left: Left<'_>,
    right: Right<'_>,
    count: usize,
    sums: &mut Sums<'_>,
) {
    let Right { apart, step, .. } = right;
    // SAFETY of all: the caller's promise.
    match right.numbers {
        Ready::F16(numbers) => unsafe {
            let source = Plain::new(numbers, apart, step);
            tiles(by, left, right, source, count, sums);
        },
        Ready::F32(numbers) => unsafe {
            let source = Plain::new(numbers, apart, step);
            tiles(by, left, right, source, count, sums);
        },
        Ready::Keys(quants, scales) => unsafe {
            let source = QuantKeys::new(quants, scales, apart);
            tiles(by, left, right, source, count, sums);
        },
        Ready::Values(quants, scales) => unsafe {
            let source = QuantValues::new(quants, scales, step);
            tiles(by, left, right, source, count, sums);
        },
    }
}

/// Inlined into each caller, so that the compiler uses the caller's instructions.
///
/// # Safety
/// The numbers that rows, columns, `count` and steps speak of are there.
#[inline(always)]
unsafe fn tiles<I: Instructions, S: Source>(
    by: I,
    left: Left<'_>,
    right: Right<'_>,
    source: S,
    count: usize,
    sums: &mut Sums<'_>,
) {
    let (next, mut lines) = match right.next {
        Some(bytes) => (bytes.as_ptr(), bytes.len()),
        None => (std::ptr::null(), 0),
    };
    // So many with each step of the first tile.
    lines = lines.div_ceil(LINE * count);
    // As even as may be: a last tile of one row would keep few multipliers busy.
    let tiles = left.rows.div_ceil(ROWS);
    let begin = |tile: usize| left.rows * tile / tiles;
    for number in 0..tiles {
        let (row, rows) = (begin(number), begin(number + 1) - begin(number));
        let mut column = 0;
        while column < right.columns {
            let room = (right.columns - column).min(I::SUMS / rows);
            // SAFETY: rows and columns that are there, by the caller's promise.
            let tile = unsafe {
                Tile {
                    left: left.numbers.as_ptr().add(row * left.each),
                    each: left.each,
                    right: source,
                    column,
                    count,
                    sums: sums
                        .numbers
                        .as_mut_ptr()
                        .add(row * sums.each + column * LANES),
                    sums_each: sums.each,
                    fresh: sums.fresh,
                    next,
                    lines,
                }
            };
            lines = 0;
            // SAFETY: as above.
            column += match room {
                4.. => unsafe { tile.rows::<I, 4>(by, rows) },
                2.. => unsafe { tile.rows::<I, 2>(by, rows) },
                _ => unsafe { tile.rows::<I, 1>(by, rows) },
            };
        }
    }
}

/// Where a tile's numbers lie.
#[derive(Clone, Copy)]
struct Tile<S> {
    left: *const f32,
    each: usize,
    right: S,
    column: usize,
    count: usize,
    sums: *mut f32,
    sums_each: usize,
    fresh: bool,
    next: *const u8,
    lines: usize,
}

impl<S: Source> Tile<S> {
    /// Gives how many columns were made.
    ///
    /// # Safety
    /// As `sum`.
    #[inline(always)]
    unsafe fn rows<I: Instructions, const C: usize>(self, by: I, rows: usize) -> usize {
        // SAFETY: the caller's promise.
        unsafe {
            match rows {
                1 => self.sum::<I, 1, C>(by),
                2 => self.sum::<I, 2, C>(by),
                3 => self.sum::<I, 3, C>(by),
                4 => self.sum::<I, 4, C>(by),
                5 => self.sum::<I, 5, C>(by),
                _ => self.sum::<I, ROWS, C>(by),
            }
        }
        C
    }

    /// # Safety
    /// `R` rows and `C` columns are there.
    #[inline(always)]
    unsafe fn sum<I: Instructions, const R: usize, const C: usize>(self, by: I) {
        let mut sums = [[by.zero(); C]; R];
        // SAFETY of all that is read and written: the caller's promise.
        if !self.fresh {
            for (row, sums) in sums.iter_mut().enumerate() {
                for (column, sum) in sums.iter_mut().enumerate() {
                    let from = row * self.sums_each + column * LANES;
                    *sum = unsafe { by.load(self.sums.add(from)) };
                }
            }
        }
        let mut next = self.next;
        for i in 0..self.count {
            for _ in 0..self.lines {
                by.prefetch(next);
                next = next.wrapping_add(LINE);
            }
            let mut lanes = [by.zero(); C];
            for (column, lanes) in lanes.iter_mut().enumerate() {
                *lanes = unsafe { self.right.lanes(by, self.column + column, i) };
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let number = by.splat(unsafe { *self.left.add(row * self.each + i) });
                for (sum, lanes) in sums.iter_mut().zip(lanes) {
                    *sum = by.fused(number, lanes, *sum);
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (column, sum) in sums.into_iter().enumerate() {
                let to = row * self.sums_each + column * LANES;
                unsafe { by.store(sum, self.sums.add(to)) };
            }
        }
    }
}
