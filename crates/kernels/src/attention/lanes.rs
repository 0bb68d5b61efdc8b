//! Sixteen numbers side by side, by each kind of instructions.
#![allow(unsafe_code)] // memory is read and written as the callers promise

use crate::half;
use crate::kv::LANES;

/// A kind of instructions. Who has a value of it has made sure that the processor has them.
pub(super) trait Instructions: Copy {
    /// Sixteen numbers.
    type Lanes: Copy;
    /// How many [`Lanes`](Instructions::Lanes) the registers hold as running sums, beside what
    /// is added to them.
    const SUMS: usize;

    fn zero(self) -> Self::Lanes;

    fn splat(self, number: f32) -> Self::Lanes;

    /// `a * b + c`, rounded once.
    fn fused(self, a: Self::Lanes, b: Self::Lanes, c: Self::Lanes) -> Self::Lanes;

    /// The larger ones; `b` where one is not a number.
    fn larger(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;

    fn times(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;

    fn add(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;

    /// The upper half with the lower half, until one is left.
    fn largest(self, lanes: Self::Lanes) -> f32;

    /// As [`largest`](Instructions::largest).
    fn sum(self, lanes: Self::Lanes) -> f32;

    /// Says that the line of the cache in which this lies will soon be read. It may lie anywhere.
    fn prefetch(self, from: *const u8);

    /// # Safety
    /// Sixteen numbers lie there, aligned for one.
    unsafe fn load(self, from: *const f32) -> Self::Lanes;

    /// # Safety
    /// Sixteen half-floats lie there, aligned for one.
    unsafe fn load_halves(self, from: *const u16) -> Self::Lanes;

    /// # Safety
    /// Sixteen whole numbers lie there.
    unsafe fn load_quants(self, from: *const i8) -> Self::Lanes;

    /// # Safety
    /// There is room for sixteen numbers, aligned for one, that nobody else looks at.
    unsafe fn store(self, lanes: Self::Lanes, to: *mut f32);
}

/// What every processor of this architecture has.
#[cfg(target_arch = "aarch64")]
pub(super) const LEAST: super::neon::Neon = super::neon::Neon;
/// What every processor of this architecture has.
#[cfg(not(target_arch = "aarch64"))]
pub(super) const LEAST: Portable = Portable;

/// Plain Rust.
#[cfg_attr(target_arch = "aarch64", allow(dead_code))] // where every processor has better
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Instructions for Portable {
    type Lanes = [f32; LANES];
    const SUMS: usize = 1;

    #[inline(always)]
    fn zero(self) -> Self::Lanes {
        [0.0; LANES]
    }

    #[inline(always)]
    fn splat(self, number: f32) -> Self::Lanes {
        [number; LANES]
    }

    #[inline(always)]
    fn fused(self, a: Self::Lanes, b: Self::Lanes, mut c: Self::Lanes) -> Self::Lanes {
        for (c, (a, b)) in c.iter_mut().zip(a.into_iter().zip(b)) {
            *c = a.mul_add(b, *c);
        }
        c
    }

    #[inline(always)]
    fn larger(self, a: Self::Lanes, mut b: Self::Lanes) -> Self::Lanes {
        for (a, b) in a.into_iter().zip(&mut b) {
            *b = if a > *b { a } else { *b };
        }
        b
    }

    #[inline(always)]
    fn times(self, a: Self::Lanes, mut b: Self::Lanes) -> Self::Lanes {
        for (a, b) in a.into_iter().zip(&mut b) {
            *b *= a;
        }
        b
    }

    #[inline(always)]
    fn add(self, a: Self::Lanes, mut b: Self::Lanes) -> Self::Lanes {
        for (a, b) in a.into_iter().zip(&mut b) {
            *b += a;
        }
        b
    }

    #[inline(always)]
    fn largest(self, lanes: Self::Lanes) -> f32 {
        folded(lanes, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn sum(self, lanes: Self::Lanes) -> f32 {
        folded(lanes, |a, b| a + b)
    }

    #[inline(always)]
    fn prefetch(self, _: *const u8) {}

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::Lanes {
        // SAFETY: sixteen numbers lie there, by the caller's promise.
        unsafe { *from.cast() }
    }

    #[inline(always)]
    unsafe fn load_halves(self, from: *const u16) -> Self::Lanes {
        // SAFETY: as above.
        let halves: [u16; LANES] = unsafe { *from.cast() };
        halves.map(half::to_f32)
    }

    #[inline(always)]
    unsafe fn load_quants(self, from: *const i8) -> Self::Lanes {
        // SAFETY: as above.
        let quants: [i8; LANES] = unsafe { *from.cast() };
        quants.map(f32::from)
    }

    #[inline(always)]
    unsafe fn store(self, lanes: Self::Lanes, to: *mut f32) {
        // SAFETY: there is room for them, by the caller's promise.
        unsafe { *to.cast() = lanes };
    }
}

#[inline(always)]
fn folded(mut lanes: [f32; LANES], of: impl Fn(f32, f32) -> f32) -> f32 {
    for half in [8, 4, 2, 1] {
        let (low, high) = lanes.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low = of(*low, *high);
        }
    }
    lanes[0]
}
