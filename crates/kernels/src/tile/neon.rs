//! By NEON: four rows of weights are lanes, and four sums of whole numbers a register.
//!
//! Products of 16 bits, which every processor has; dot products of bytes; or products of two rows
//! of bytes with two, of which the upper and the lower bytes of one row of activations are one.
#![allow(unsafe_code)] // loads through pointers, in bounds by the lengths asserted beside them

mod probe;

use crate::activations::Span;
use crate::block::SPAN;
use crate::neon::{dot, two_by_two};
use crate::panel::{Panel, ROWS};
use std::arch::aarch64::*;

pub(crate) use probe::best;

/// Rows of a vector.
const LANES: usize = 4;

/// Four rows of a panel, and which of the sums are its.
struct Place<'a> {
    panel: &'a Panel,
    quarter: usize,
    stride: usize,
    at: usize,
}

/// The sums of a group of columns: of four rows, for each row of activations. By products of
/// 16 bits.
macro_rules! by_words {
    ($group:expr, $panel:expr, $quarter:expr, $spans:expr) => {{
        let mut low = [vdupq_n_s32(0); T];
        let mut high = low;
        for four in $group * (GROUP / 4)..($group + 1) * (GROUP / 4) {
            // SAFETY: sixteen of 64 bytes, and `four` is below SPAN / 4.
            let weights = unsafe {
                let of_rows = $panel.quants.as_ptr().add(four).cast::<i8>();
                vreinterpretq_s16_s8(vld1q_s8(of_rows.add(16 * $quarter)))
            };
            let evens = vshrq_n_s16::<8>(vshlq_n_s16::<8>(weights));
            let odds = vshrq_n_s16::<8>(weights);
            for t in 0..T {
                // SAFETY: eight bytes for every four columns: of the even ones, of the odd ones.
                let (a, b) = unsafe {
                    let words = $spans[t].codes.as_ptr().cast::<i32>().add(2 * four);
                    (
                        vreinterpretq_s16_s32(vdupq_n_s32(words.read())),
                        vreinterpretq_s16_s32(vdupq_n_s32(words.add(1).read())),
                    )
                };
                low[t] = vmlal_s16(low[t], vget_low_s16(evens), vget_low_s16(a));
                high[t] = vmlal_high_s16(high[t], evens, a);
                low[t] = vmlal_s16(low[t], vget_low_s16(odds), vget_low_s16(b));
                high[t] = vmlal_high_s16(high[t], odds, b);
            }
        }
        // Two sums for each row lie beside each other.
        for t in 0..T {
            low[t] = vpaddq_s32(low[t], high[t]);
        }
        low
    }};
}

/// As [`by_words`], by dot products of bytes.
macro_rules! by_dots {
    ($group:expr, $panel:expr, $quarter:expr, $spans:expr) => {{
        let mut upper = [vdupq_n_s32(0); T];
        let mut lower = upper;
        for sixteen in $group * (GROUP / 16)..($group + 1) * (GROUP / 16) {
            let mut weights = [vdupq_n_s8(0); 4];
            for (four, weights) in weights.iter_mut().enumerate() {
                // SAFETY: sixteen of 64 bytes, and `sixteen` is below SPAN / 16.
                *weights = unsafe {
                    let of_rows = $panel.quants.as_ptr().add(4 * sixteen + four).cast::<i8>();
                    vld1q_s8(of_rows.add(16 * $quarter))
                };
            }
            let [w, x, y, z] = weights;
            for t in 0..T {
                // SAFETY: sixteen bytes of each plane of SPAN bytes.
                let (a, b) = unsafe {
                    let [upper, lower] = &$spans[t].codes;
                    (
                        vld1q_s8(upper.as_ptr().add(16 * sixteen)),
                        vld1q_s8(lower.as_ptr().add(16 * sixteen)),
                    )
                };
                upper[t] = dot::<1>(dot::<0>(upper[t], w, a), x, a);
                lower[t] = dot::<1>(dot::<0>(lower[t], w, b), x, b);
                upper[t] = dot::<3>(dot::<2>(upper[t], y, a), z, a);
                lower[t] = dot::<3>(dot::<2>(lower[t], y, b), z, b);
            }
        }
        for t in 0..T {
            upper[t] = vaddq_s32(vshlq_n_s32::<8>(upper[t]), lower[t]);
        }
        upper
    }};
}

/// As [`by_words`], by products of two rows of bytes with two.
macro_rules! by_pairs {
    ($group:expr, $panel:expr, $quarter:expr, $spans:expr) => {{
        let mut first = [vdupq_n_s32(0); T];
        let mut second = first;
        for eight in $group * (GROUP / 8)..($group + 1) * (GROUP / 8) {
            // SAFETY: 32 of the 128 bytes that eight columns of a panel's rows have, `eight` being
            // below SPAN / 8.
            let (a, b) = unsafe {
                let of_rows = $panel.quants.as_ptr().cast::<i8>().add(8 * ROWS * eight);
                let of_rows = of_rows.add(32 * $quarter);
                (vld1q_s8(of_rows), vld1q_s8(of_rows.add(16)))
            };
            for t in 0..T {
                // SAFETY: sixteen bytes for every eight columns.
                let x = unsafe { vld1q_s8($spans[t].codes.as_ptr().cast::<i8>().add(16 * eight)) };
                first[t] = two_by_two(first[t], a, x);
                second[t] = two_by_two(second[t], b, x);
            }
        }
        // A row's sum of upper bytes lies beside that of its lower ones.
        let places = vcombine_s32(vcreate_s32(8), vcreate_s32(8));
        for t in 0..T {
            first[t] = vpaddq_s32(vshlq_s32(first[t], places), vshlq_s32(second[t], places));
        }
        first
    }};
}

/// The functions for some instructions.
macro_rules! tiles {
    ($features:literal, $products:ident) => {
        /// As [`crate::tile::multiply`].
        #[target_feature(enable = $features)]
        pub(in crate::tile) fn multiply<const GROUP: usize, const OFFSETS: bool>(
            groups: usize,
            panels: &[Panel],
            activations: &[Span],
            sums: &mut [[f32; ROWS]],
        ) {
            assert!(groups * GROUP <= SPAN && sums.len() == panels.len() * activations.len());
            let (mut spans, mut sums) = (activations, sums);
            while let [_, ..] = spans {
                let at_once = match spans.len() {
                    4.. => 4,
                    2.. => 2,
                    _ => 1,
                };
                let (now, later) = spans.split_at(at_once);
                let (sums_now, sums_later) = sums.split_at_mut(at_once * panels.len());
                for (at, panel) in panels.iter().enumerate() {
                    for quarter in 0..ROWS / LANES {
                        let place = Place {
                            panel,
                            quarter,
                            stride: panels.len(),
                            at,
                        };
                        if let Some(now) = now.first_chunk::<4>() {
                            tile::<4, GROUP, OFFSETS>(groups, &place, now, sums_now);
                        } else if let Some(now) = now.first_chunk::<2>() {
                            tile::<2, GROUP, OFFSETS>(groups, &place, now, sums_now);
                        } else if let Some(now) = now.first_chunk::<1>() {
                            tile::<1, GROUP, OFFSETS>(groups, &place, now, sums_now);
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
                quarter,
                stride,
                at,
            } = *place;
            let from = quarter * LANES;
            let mut totals = [vdupq_n_f32(0.0); T];
            for (t, total) in totals.iter_mut().enumerate() {
                // SAFETY: four of sixteen numbers, by the bounds that the slices check; so below.
                *total = unsafe { vld1q_f32(sums[t * stride + at][from..].as_ptr()) };
            }
            for group in 0..groups {
                let whole = $products!(group, panel, quarter, spans);
                // SAFETY: four of sixteen numbers; so the offsets below.
                let scales = unsafe { vld1q_f32(panel.scales[group][from..].as_ptr()) };
                for t in 0..T {
                    let scale = vmulq_n_f32(scales, spans[t].scales[group * GROUP / 32]);
                    totals[t] = vfmaq_f32(totals[t], vcvtq_f32_s32(whole[t]), scale);
                }
                if OFFSETS {
                    let offsets = unsafe { vld1q_f32(panel.offsets[group][from..].as_ptr()) };
                    for t in 0..T {
                        let sum = match GROUP {
                            16 => spans[t].half_sums[group],
                            _ => spans[t].sums[group],
                        };
                        totals[t] = vfmaq_n_f32(totals[t], offsets, sum);
                    }
                }
            }
            for t in 0..T {
                // SAFETY: four of sixteen numbers.
                unsafe { vst1q_f32(sums[t * stride + at][from..].as_mut_ptr(), totals[t]) };
            }
        }
    };
}

/// Products of 16 bits.
pub(super) mod words {
    use super::*;
    tiles!("neon", by_words);
}

/// Dot products of bytes.
pub(super) mod dots {
    use super::*;
    tiles!("neon,dotprod", by_dots);
}

/// Products of two rows of bytes with two.
pub(super) mod pairs {
    use super::*;
    tiles!("neon,i8mm", by_pairs);
}
