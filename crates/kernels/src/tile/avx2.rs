//! With 256-bit vectors: rows of weights are lanes, activations are broadcast. Products of 16 bits,
//! or of bytes (AVX-VNNI) where a processor has them.
#![allow(unsafe_code)] // loads through pointers, in bounds by the lengths asserted beside them

use crate::activations::Span;
use crate::block::SPAN;
use crate::panel::{Panel, ROWS};
use std::arch::x86_64::*;

/// Rows of a vector.
const LANES: usize = 8;

/// Eight rows of a panel, and which of the sums are its.
struct Place<'a> {
    panel: &'a Panel,
    half: usize,
    stride: usize,
    at: usize,
}

/// Four columns of a quant's 16 bits: the even ones, then the odd ones.
macro_rules! by_words {
    ($codes:expr, $four:expr, $weights:expr, $whole:expr, $upper:expr) => {
        // SAFETY: eight bytes for every four columns.
        let (a, b) = unsafe {
            let words = $codes.as_ptr().cast::<i32>().add(2 * $four);
            (
                _mm256_set1_epi32(words.read()),
                _mm256_set1_epi32(words.add(1).read()),
            )
        };
        let evens = _mm256_and_si256($weights, _mm256_set1_epi16(0xff));
        let odds = _mm256_srli_epi16::<8>($weights);
        $whole = _mm256_add_epi32($whole, _mm256_madd_epi16(evens, a));
        $whole = _mm256_add_epi32($whole, _mm256_madd_epi16(odds, b));
    };
}

/// Four columns of a quant's bytes: the upper ones apart.
macro_rules! by_bytes {
    ($codes:expr, $four:expr, $weights:expr, $whole:expr, $upper:expr) => {
        // SAFETY: four bytes of each plane of SPAN bytes.
        let (a, b) = unsafe {
            let [upper, lower] = &$codes;
            (
                _mm256_set1_epi32(upper.as_ptr().cast::<i32>().add($four).read()),
                _mm256_set1_epi32(lower.as_ptr().cast::<i32>().add($four).read()),
            )
        };
        $upper = _mm256_dpbusd_avx_epi32($upper, $weights, a);
        $whole = _mm256_dpbusd_avx_epi32($whole, $weights, b);
    };
}

/// The functions for some instructions.
macro_rules! tiles {
    ($features:literal, $step:ident) => {
        /// As [`crate::tile::multiply`].
        #[target_feature(enable = $features)]
        pub(in crate::tile) fn multiply<const GROUP: usize, const OFFSETS: bool>(
            groups: usize,
            panels: &[Panel],
            activations: &[Span],
            sums: &mut [[f32; ROWS]],
        ) {
            assert!(groups * GROUP <= SPAN && sums.len() == panels.len() * activations.len());
            let mut spans = activations;
            let mut sums = sums;
            while let [_, ..] = spans {
                let at_once = if spans.len() < 4 { 1 } else { 4 };
                let (now, later) = spans.split_at(at_once);
                let (sums_now, sums_later) = sums.split_at_mut(at_once * panels.len());
                for (at, panel) in panels.iter().enumerate() {
                    for half in 0..ROWS / LANES {
                        let place = Place {
                            panel,
                            half,
                            stride: panels.len(),
                            at,
                        };
                        match now.first_chunk::<4>() {
                            Some(now) => tile::<4, GROUP, OFFSETS>(groups, &place, now, sums_now),
                            None => {
                                if let Some(now) = now.first_chunk::<1>() {
                                    tile::<1, GROUP, OFFSETS>(groups, &place, now, sums_now);
                                }
                            }
                        }
                    }
                }
                (spans, sums) = (later, sums_later);
            }
        }

        #[inline]
        #[target_feature(enable = $features)]
        fn tile<const T: usize, const GROUP: usize, const OFFSETS: bool>(
            groups: usize,
            place: &Place<'_>,
            spans: &[Span; T],
            sums: &mut [[f32; ROWS]],
        ) {
            let Place {
                panel,
                half,
                stride,
                at,
            } = *place;
            let from = half * LANES;
            let sums_of = |t: usize| t * stride + at;
            let mut totals = [_mm256_setzero_ps(); T];
            for (t, total) in totals.iter_mut().enumerate() {
                // SAFETY: eight of sixteen numbers, by the bounds that the slices check; so below.
                *total = unsafe { _mm256_loadu_ps(sums[sums_of(t)][from..].as_ptr()) };
            }
            for group in 0..groups {
                let mut whole = [_mm256_setzero_si256(); T];
                #[allow(unused_mut)] // where upper bytes are not apart
                let mut upper = whole;
                if !OFFSETS {
                    for (whole, span) in whole.iter_mut().zip(spans) {
                        *whole = _mm256_set1_epi32(match GROUP {
                            16 => span.half_shifts[group],
                            _ => span.shifts[group],
                        });
                    }
                }
                for four in group * (GROUP / 4)..(group + 1) * (GROUP / 4) {
                    // SAFETY: half of the 64 bytes.
                    let weights = unsafe {
                        _mm256_load_si256(panel.quants[four][4 * from..].as_ptr().cast())
                    };
                    for t in 0..T {
                        $step!(spans[t].codes, four, weights, whole[t], upper[t]);
                    }
                }
                for (whole, upper) in whole.iter_mut().zip(upper) {
                    *whole = _mm256_add_epi32(*whole, _mm256_slli_epi32::<8>(upper));
                }
                // SAFETY: eight of sixteen numbers.
                let scales = unsafe { _mm256_loadu_ps(panel.scales[group][from..].as_ptr()) };
                for t in 0..T {
                    let scale =
                        _mm256_mul_ps(scales, _mm256_set1_ps(spans[t].scales[group * GROUP / 32]));
                    totals[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(whole[t]), scale, totals[t]);
                    if OFFSETS {
                        let sum = match GROUP {
                            16 => spans[t].half_sums[group],
                            _ => spans[t].sums[group],
                        };
                        // SAFETY: eight of sixteen numbers.
                        let offsets =
                            unsafe { _mm256_loadu_ps(panel.offsets[group][from..].as_ptr()) };
                        totals[t] = _mm256_fmadd_ps(offsets, _mm256_set1_ps(sum), totals[t]);
                    }
                }
            }
            for t in 0..T {
                // SAFETY: eight of sixteen numbers.
                unsafe { _mm256_storeu_ps(sums[sums_of(t)][from..].as_mut_ptr(), totals[t]) };
            }
        }
    };
}

/// Products of 16 bits.
pub(super) mod words {
    use super::*;
    tiles!("avx2,fma,f16c", by_words);
}

/// Products of bytes.
pub(super) mod bytes {
    use super::*;
    tiles!("avx2,fma,f16c,avxvnni", by_bytes);
}
