//! Instructions of 64-bit Arm processors that the standard library has no stable name for.
#![allow(unsafe_code)] // each touches its own registers alone, and says what it needs

use std::arch::aarch64::*;
use std::arch::asm;

/// Asks for what lies there to be brought near. Where there is nothing, nothing happens.
#[inline(always)]
pub(crate) fn prefetch(from: *const u8) {
    // SAFETY: a hint, which never fails, whatever the address.
    unsafe {
        asm!(
            "prfm pldl1keep, [{from}]",
            from = in(reg) from,
            options(nostack, preserves_flags, readonly)
        );
    }
}

/// The bits of a half-float as a number.
#[inline(always)]
pub(crate) fn to_f32(half: u16) -> f32 {
    let number: f32;
    // SAFETY: part of what this architecture's targets are compiled for.
    unsafe {
        asm!(
            "fcvt {number:s}, {half:h}",
            number = lateout(vreg) number,
            half = in(vreg) half,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    number
}

/// The bits of four half-floats as numbers.
#[inline(always)]
pub(crate) fn widened(halves: uint16x4_t) -> float32x4_t {
    let wide: float32x4_t;
    // SAFETY: as for [`to_f32`].
    unsafe {
        asm!(
            "fcvtl {wide:v}.4s, {halves:v}.4h",
            wide = lateout(vreg) wide,
            halves = in(vreg) halves,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    wide
}

/// The bits of the half-floats nearest to four numbers, of two equally near ones the even.
#[inline(always)]
pub(crate) fn narrowed(wide: float32x4_t) -> uint16x4_t {
    let halves: uint16x4_t;
    // SAFETY: as for [`to_f32`].
    unsafe {
        asm!(
            "fcvtn {halves:v}.4h, {wide:v}.4s",
            halves = lateout(vreg) halves,
            wide = in(vreg) wide,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    halves
}

/// Adds to each of four sums the products of four bytes of `weights` with the `LANE`th four of `x`.
#[inline]
#[target_feature(enable = "neon,dotprod")]
pub(crate) fn dot<const LANE: usize>(
    mut sums: int32x4_t,
    weights: int8x16_t,
    x: int8x16_t,
) -> int32x4_t {
    const { assert!(LANE < 4) };
    // SAFETY: this function's own instruction.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {weights:v}.16b, {x:v}.4b[{lane}]",
            sums = inlateout(vreg) sums,
            weights = in(vreg) weights,
            x = in(vreg) x,
            lane = const LANE,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}

/// Adds to sum `2 * i + j` the products of the `i`th eight bytes of `a` with the `j`th of `b`.
#[inline]
#[target_feature(enable = "neon,i8mm")]
pub(crate) fn two_by_two(mut sums: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: this function's own instruction.
    unsafe {
        asm!(
            "smmla {sums:v}.4s, {a:v}.16b, {b:v}.16b",
            sums = inlateout(vreg) sums,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}
