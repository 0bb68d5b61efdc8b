//! A page's scores become weights relative to the largest of them.
#![allow(unsafe_code)] // instructions by level, each probed before

use super::lanes::{Instructions, LEAST};
use super::part::Part;
use super::rows::{Rows, Scores};
use crate::exp::{exp_below, tanh};
use crate::half;
use crate::kv::{LANES, Page};
use crate::probe::{Level, probe};

/// Makes each row's scores of a page weights, and says in `part` what they are relative to and
/// what their sum is.
pub(super) fn weigh(
    level: Level,
    rows: &Rows<'_>,
    page: usize,
    scores: &mut [Scores],
    part: &mut Part<'_>,
) {
    match level.min(probe()).vectors() {
        // SAFETY: the probe has seen the instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512Vnni => unsafe { weigh_avx512(rows, page, scores, part) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { weigh_avx2(rows, page, scores, part) },
        _ => weigh_by(LEAST, rows, page, scores, part),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
fn weigh_avx512(rows: &Rows<'_>, page: usize, scores: &mut [Scores], part: &mut Part<'_>) {
    // SAFETY: this function's own instructions.
    weigh_by(
        unsafe { super::x86::Avx512::new() },
        rows,
        page,
        scores,
        part,
    );
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn weigh_avx2(rows: &Rows<'_>, page: usize, scores: &mut [Scores], part: &mut Part<'_>) {
    // SAFETY: as above.
    weigh_by(unsafe { super::x86::Avx2::new() }, rows, page, scores, part);
}

#[inline(always)]
fn weigh_by<I: Instructions>(
    by: I,
    rows: &Rows<'_>,
    page: usize,
    scores: &mut [Scores],
    part: &mut Part<'_>,
) {
    let scoring = &rows.task.scoring;
    let tokens = scores.chunks_exact_mut(rows.group());
    let largest = part.largest.chunks_exact_mut(rows.group());
    let sums = part.sum.chunks_exact_mut(rows.group());
    for (token, (scores, (largest, sums))) in tokens.zip(largest.zip(sums)).enumerate() {
        let visible = rows.visible(token * rows.group(), page);
        if visible.is_empty() {
            largest.fill(f32::NEG_INFINITY);
            sums.fill(0.0);
            continue;
        }
        if let Some(slopes) = scoring.slopes {
            let slopes = &slopes[rows.kv_head * rows.group()..];
            for (weights, slope) in scores.iter_mut().zip(slopes) {
                fall(weights, *slope, page, scoring.scale);
            }
        }
        if let Some(cap) = scoring.softcap {
            for score in scores.as_flattened_mut() {
                *score = tanh(*score / cap) * cap;
            }
        }
        if visible.len() < Page::POSITIONS {
            for weights in scores.iter_mut() {
                weights[..visible.start].fill(f32::NEG_INFINITY);
                weights[visible.end..].fill(f32::NEG_INFINITY);
            }
        }
        for (weights, (largest, sum)) in scores.iter_mut().zip(largest.iter_mut().zip(sums)) {
            let [a, b, c, d] = lanes(by, weights);
            let most = by.larger(by.larger(a, c), by.larger(b, d));
            let most = by.largest(most);
            *largest = if most > f32::MIN { most } else { f32::MIN };
            for weight in weights.iter_mut() {
                *weight = exp_below(*weight - *largest);
            }
            let [a, b, c, d] = lanes(by, weights);
            *sum = by.sum(by.add(by.add(a, c), by.add(b, d)));
        }
    }
}

#[inline(always)]
fn lanes<I: Instructions>(by: I, weights: &Scores) -> [I::Lanes; 4] {
    let mut lanes = [by.zero(); 4];
    for (lanes, weights) in lanes.iter_mut().zip(weights.as_chunks::<LANES>().0) {
        // SAFETY: sixteen numbers lie there.
        *lanes = unsafe { by.load(weights.as_ptr()) };
    }
    lanes
}

/// Adds what ALiBi takes from a page's scores by their positions.
#[inline(always)]
fn fall(scores: &mut Scores, slope: f32, page: usize, scale: f32) {
    let slope = half::to_bf16(slope);
    let first = (page * Page::POSITIONS) as f32; // exact, as all positions below 2^24
    for (position, score) in (0u8..).zip(scores.iter_mut()) {
        *score += half::to_bf16(slope * (first + f32::from(position))) * scale;
    }
}
