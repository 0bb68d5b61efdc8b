//! With 512-bit products of bytes: rows of weights are lanes, activations are broadcast.
#![allow(unsafe_code)] // loads through pointers, in bounds by the lengths asserted beside them

use crate::activations::Span;
use crate::block::SPAN;
use crate::panel::{Panel, ROWS};
use std::arch::x86_64::*;

/// As [`super::multiply`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
pub(super) fn multiply<const GROUP: usize, const OFFSETS: bool>(
    groups: usize,
    panels: &[Panel],
    activations: &[Span],
    sums: &mut [[f32; ROWS]],
) {
    assert!(groups * GROUP <= SPAN && sums.len() == panels.len() * activations.len());
    match panels {
        [a, b] => {
            let (fours, rest) = activations.as_chunks::<4>();
            let (sums, sums_of_rest) = sums.split_at_mut(8 * fours.len());
            for (four, sums) in fours.iter().zip(sums.as_chunks_mut::<8>().0) {
                tile::<2, 4, 8, GROUP, OFFSETS>(groups, [a, b], four, sums);
            }
            let (twos, rest) = rest.as_chunks::<2>();
            let (sums, sums_of_rest) = sums_of_rest.split_at_mut(4 * twos.len());
            for (two, sums) in twos.iter().zip(sums.as_chunks_mut::<4>().0) {
                tile::<2, 2, 4, GROUP, OFFSETS>(groups, [a, b], two, sums);
            }
            let ones = rest.as_chunks::<1>().0.iter();
            for (one, sums) in ones.zip(sums_of_rest.as_chunks_mut::<2>().0) {
                tile::<2, 1, 2, GROUP, OFFSETS>(groups, [a, b], one, sums);
            }
        }
        _ => {
            for (at, panel) in panels.iter().enumerate() {
                for (one, sums) in activations.iter().zip(sums.chunks_mut(panels.len())) {
                    let sums = std::slice::from_mut(&mut sums[at]);
                    if let Some(sums) = sums.first_chunk_mut::<1>() {
                        let one = std::array::from_ref(one);
                        tile::<1, 1, 1, GROUP, OFFSETS>(groups, [panel], one, sums);
                    }
                }
            }
        }
    }
}

/// `P` panels times `T` rows of activations; `PT` is `P * T`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
fn tile<
    const P: usize,
    const T: usize,
    const PT: usize,
    const GROUP: usize,
    const OFFSETS: bool,
>(
    groups: usize,
    panels: [&Panel; P],
    spans: &[Span; T],
    sums: &mut [[f32; ROWS]; PT],
) {
    debug_assert!(PT == P * T && groups * GROUP <= SPAN);
    let mut totals = [[_mm512_setzero_ps(); P]; T];
    for t in 0..T {
        for p in 0..P {
            // SAFETY: sixteen numbers are read.
            totals[t][p] = unsafe { _mm512_loadu_ps(sums[t * P + p].as_ptr()) };
        }
    }
    for group in 0..groups {
        let mut upper = [[_mm512_setzero_si512(); P]; T];
        let mut lower = upper;
        if !OFFSETS {
            for (lower, span) in lower.iter_mut().zip(spans) {
                let shift = match GROUP {
                    16 => span.half_shifts[group],
                    _ => span.shifts[group],
                };
                *lower = [_mm512_set1_epi32(shift); P];
            }
        }
        for four in group * (GROUP / 4)..(group + 1) * (GROUP / 4) {
            let mut weights = [_mm512_setzero_si512(); P];
            for (weights, panel) in weights.iter_mut().zip(panels) {
                // SAFETY: `four` is below SPAN / 4: 64 bytes of quants, aligned as the panel is.
                *weights = unsafe { _mm512_load_si512(panel.quants.as_ptr().add(four).cast()) };
            }
            for t in 0..T {
                // SAFETY: four bytes of each plane of SPAN bytes.
                let (a, b) = unsafe {
                    let [upper, lower] = &spans[t].codes;
                    (
                        _mm512_set1_epi32(upper.as_ptr().cast::<i32>().add(four).read()),
                        _mm512_set1_epi32(lower.as_ptr().cast::<i32>().add(four).read()),
                    )
                };
                for p in 0..P {
                    upper[t][p] = _mm512_dpbusd_epi32(upper[t][p], weights[p], a);
                    lower[t][p] = _mm512_dpbusd_epi32(lower[t][p], weights[p], b);
                }
            }
        }
        let mut scales = [_mm512_setzero_ps(); P];
        for (scales, panel) in scales.iter_mut().zip(panels) {
            // SAFETY: sixteen numbers of a panel's scales, aligned as it is; so the offsets below.
            *scales = unsafe { _mm512_load_ps(panel.scales[group].as_ptr()) };
        }
        for t in 0..T {
            let scale = _mm512_set1_ps(spans[t].scales[group * GROUP / 32]);
            for p in 0..P {
                let whole = _mm512_add_epi32(_mm512_slli_epi32::<8>(upper[t][p]), lower[t][p]);
                let scale = _mm512_mul_ps(scales[p], scale);
                totals[t][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole), scale, totals[t][p]);
            }
            if OFFSETS {
                let sum = _mm512_set1_ps(match GROUP {
                    16 => spans[t].half_sums[group],
                    _ => spans[t].sums[group],
                });
                for p in 0..P {
                    // SAFETY: as for the scales.
                    let offsets = unsafe { _mm512_load_ps(panels[p].offsets[group].as_ptr()) };
                    totals[t][p] = _mm512_fmadd_ps(offsets, sum, totals[t][p]);
                }
            }
        }
    }
    for t in 0..T {
        for p in 0..P {
            // SAFETY: sixteen numbers are written.
            unsafe { _mm512_storeu_ps(sums[t * P + p].as_mut_ptr(), totals[t][p]) };
        }
    }
}
