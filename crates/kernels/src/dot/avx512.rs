//! 512-bit dot products with VNNI: 64 products and their sums by four in one instruction.
#![allow(unsafe_code)] // loads through pointers, in bounds by the lengths asserted beside them

use crate::activations::{GROUP, Plane, STEP};
use crate::block::{BlockType, UnpackedRow};
use std::arch::x86_64::*;

/// Unpacks with this processor's instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
pub(crate) fn unpack(row: &mut UnpackedRow, kind: BlockType, bytes: &[u8]) {
    row.unpack(kind, bytes, |bits| {
        _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
    });
}

/// Sums of `scale * quant * activation` over a row, for `N` rows of activations at once: each
/// load of the weights serves them all. Every sum is made in the same order whatever `N` is.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
pub(crate) fn dot<const N: usize>(weights: &UnpackedRow, activations: &[Plane<'_>; N]) -> [f32; N] {
    let n = weights.quants.len();
    assert!(n.is_multiple_of(STEP) && weights.scales.len() == n / GROUP);
    for row in activations {
        assert!(row.quants.len() == n && row.scales.len() == n / GROUP && row.shift.len() == n / 4);
    }
    let flip = _mm512_set1_epi8(-128);
    // Each of four scales to the four 32-bit sums of its sixteen columns.
    let spread = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    let mut sums = [_mm512_setzero_ps(); N];
    for at in (0..n).step_by(STEP) {
        // SAFETY: `at + 64 <= n`, the length of the quants; `at / 16 + 4 <= n / 16`, that of the scales.
        let (w, weight_scales) = unsafe {
            (
                _mm512_loadu_si512(weights.quants.as_ptr().add(at).cast()),
                _mm_loadu_ps(weights.scales.as_ptr().add(at / GROUP)),
            )
        };
        let unsigned = _mm512_xor_si512(w, flip); // w + 128
        for (sum, row) in sums.iter_mut().zip(activations) {
            // SAFETY: as above, and `at / 4 + 16 <= n / 4`, the length of the shift.
            let (a, scales, shift) = unsafe {
                (
                    _mm512_loadu_si512(row.quants.as_ptr().add(at).cast()),
                    _mm_loadu_ps(row.scales.as_ptr().add(at / GROUP)),
                    _mm512_loadu_si512(row.shift.as_ptr().add(at / 4).cast()),
                )
            };
            let less = _mm512_sub_epi32(_mm512_setzero_si512(), shift);
            let fours = _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(less, unsigned, a));
            let scales = _mm512_castps128_ps512(_mm_mul_ps(weight_scales, scales));
            *sum = _mm512_fmadd_ps(fours, _mm512_permutexvar_ps(spread, scales), *sum);
        }
    }
    sums.map(|sum| _mm512_reduce_add_ps(sum))
}
