//! Sixteen numbers side by side, by NEON.
#![allow(unsafe_code)] // vector instructions and the memory they read; each is argued beside

use super::lanes::Instructions;
use crate::neon::widened;
use std::arch::aarch64::*;

/// NEON, which every processor of this architecture has: four registers for sixteen numbers.
#[derive(Clone, Copy)]
pub(super) struct Neon;

/// Four registers made one by one.
macro_rules! four {
    ($of:expr) => {{
        let of = $of;
        [of(0), of(1), of(2), of(3)]
    }};
}

// SAFETY of every block: NEON is part of what this architecture's targets are compiled for;
// memory is read and written where the caller promises sixteen numbers.
impl Instructions for Neon {
    type Lanes = [float32x4_t; 4];
    const SUMS: usize = 6;

    #[inline(always)]
    fn zero(self) -> Self::Lanes {
        self.splat(0.0)
    }

    #[inline(always)]
    fn splat(self, number: f32) -> Self::Lanes {
        // SAFETY: see above.
        unsafe { [vdupq_n_f32(number); 4] }
    }

    #[inline(always)]
    fn fused(self, a: Self::Lanes, b: Self::Lanes, c: Self::Lanes) -> Self::Lanes {
        // SAFETY: see above.
        four!(|i: usize| unsafe { vfmaq_f32(c[i], a[i], b[i]) })
    }

    #[inline(always)]
    fn larger(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes {
        four!(|i: usize| larger(a[i], b[i]))
    }

    #[inline(always)]
    fn times(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes {
        // SAFETY: see above.
        four!(|i: usize| unsafe { vmulq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn add(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes {
        // SAFETY: see above.
        four!(|i: usize| unsafe { vaddq_f32(a[i], b[i]) })
    }

    #[inline(always)]
    fn largest(self, lanes: Self::Lanes) -> f32 {
        let [a, b, c, d] = lanes;
        let four = larger(larger(a, c), larger(b, d));
        // SAFETY: see above.
        unsafe {
            let two = larger(four, vextq_f32::<2>(four, four));
            vgetq_lane_f32::<0>(larger(two, vextq_f32::<1>(two, two)))
        }
    }

    #[inline(always)]
    fn sum(self, lanes: Self::Lanes) -> f32 {
        // SAFETY: see above.
        unsafe {
            let [a, b, c, d] = lanes;
            let four = vaddq_f32(vaddq_f32(a, c), vaddq_f32(b, d));
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        }
    }

    #[inline(always)]
    fn prefetch(self, from: *const u8) {
        crate::neon::prefetch(from);
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::Lanes {
        // SAFETY: see above.
        four!(|i: usize| unsafe { vld1q_f32(from.add(4 * i)) })
    }

    #[inline(always)]
    unsafe fn load_halves(self, from: *const u16) -> Self::Lanes {
        // SAFETY: see above.
        four!(|i: usize| unsafe { widened(vld1_u16(from.add(4 * i))) })
    }

    #[inline(always)]
    unsafe fn load_quants(self, from: *const i8) -> Self::Lanes {
        // SAFETY: see above.
        unsafe {
            let all = vld1q_s8(from);
            let (low, high) = (vmovl_s8(vget_low_s8(all)), vmovl_s8(vget_high_s8(all)));
            let numbers = |four| vcvtq_f32_s32(vmovl_s16(four));
            [
                numbers(vget_low_s16(low)),
                numbers(vget_high_s16(low)),
                numbers(vget_low_s16(high)),
                numbers(vget_high_s16(high)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn store(self, lanes: Self::Lanes, to: *mut f32) {
        for (i, lanes) in lanes.into_iter().enumerate() {
            // SAFETY: see above.
            unsafe { vst1q_f32(to.add(4 * i), lanes) };
        }
    }
}

/// The larger ones; `b` where one is not a number. (`vmaxq` would give what is not a number.)
#[inline(always)]
fn larger(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    // SAFETY: see above.
    unsafe { vbslq_f32(vcgtq_f32(a, b), a, b) }
}
