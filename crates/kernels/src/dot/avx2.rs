//! 256-bit dot products.
#![allow(unsafe_code)] // loads through pointers, in bounds by the lengths asserted beside them

use crate::activations::{GROUP, Plane, STEP};
use crate::block::{BlockType, UnpackedRow};
use std::arch::x86_64::*;

/// Unpacks with this processor's instructions.
#[target_feature(enable = "avx2,fma,f16c")]
pub(crate) fn unpack(row: &mut UnpackedRow, kind: BlockType, bytes: &[u8]) {
    row.unpack(kind, bytes, |bits| {
        _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
    });
}

/// Sum of `scale * quant * activation` over the planes of a row: each load of the weights serves
/// them all.
#[target_feature(enable = "avx2,fma,f16c")]
pub(crate) fn dot<const N: usize>(weights: &UnpackedRow, planes: &[Plane<'_>; N]) -> f32 {
    let n = weights.quants.len();
    assert!(n.is_multiple_of(STEP) && weights.scales.len() == n / GROUP);
    for plane in planes {
        assert!(plane.quants.len() == n && plane.scales.len() == n / GROUP);
    }
    let ones = _mm256_set1_epi16(1);
    let mut sum = _mm256_setzero_ps();
    for at in (0..n).step_by(32) {
        // SAFETY: `at + 32 <= n`, the length of the quants; unaligned load.
        let w = unsafe { _mm256_loadu_si256(weights.quants.as_ptr().add(at).cast()) };
        let size = _mm256_abs_epi8(w);
        let group = at / GROUP;
        for plane in planes {
            // SAFETY: as above.
            let a = unsafe { _mm256_loadu_si256(plane.quants.as_ptr().add(at).cast()) };
            // |w| <= 128 and |a| <= 127, so that a pair stays under 2^15 and nothing saturates.
            let pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(a, w));
            let fours = _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, ones));
            let low = weights.scales[group] * plane.scales[group];
            let high = weights.scales[group + 1] * plane.scales[group + 1];
            let scales = _mm256_set_m128(_mm_set1_ps(high), _mm_set1_ps(low));
            sum = _mm256_fmadd_ps(fours, scales, sum);
        }
    }
    let four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps::<1>(sum));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}

/// [`super::offsets`] with this processor's instructions; without fused steps, so that it gives
/// the same bits.
#[target_feature(enable = "avx2")]
pub(crate) fn offsets(offsets: &[f32], sums: &[f32]) -> f32 {
    super::offsets(offsets, sums)
}

/// Half-floats as numbers, eight at a time.
#[target_feature(enable = "avx2,f16c")]
pub(crate) fn halves(bytes: &[u8], numbers: &mut [f32]) {
    let ((bytes, rest), (eights, last)) = (bytes.as_chunks::<16>(), numbers.as_chunks_mut::<8>());
    for (bytes, eight) in bytes.iter().zip(eights) {
        // SAFETY: sixteen bytes are read and eight numbers written; both unaligned.
        unsafe {
            let numbers = _mm256_cvtph_ps(_mm_loadu_si128(bytes.as_ptr().cast()));
            _mm256_storeu_ps(eight.as_mut_ptr(), numbers);
        }
    }
    crate::half::to_numbers(rest, last);
}
