//! One head of one token over all pages.

use super::Task;
use crate::exp::{exp, tanh};
use crate::half;
use crate::kv::{LANES, Numbers, Page};

const POSITIONS: usize = Page::POSITIONS;

/// Inlined into each caller, so that the compiler uses the caller's instructions.
#[inline(always)]
pub(super) fn attend(task: &Task<'_>, row: usize, out: &mut [f32]) {
    let shape = task.kv.shape();
    let scoring = &task.scoring;
    let (token, head) = (row / scoring.heads, row % scoring.heads);
    let kv_head = head / (scoring.heads / shape.kv_heads);
    let key = shape.key_size;
    let query: Vec<f32> = task.queries[row * key..(row + 1) * key]
        .iter()
        .map(|x| x * scoring.scale)
        .collect();
    let seen = task.past + token + 1;
    let begin = seen.saturating_sub(scoring.window.unwrap_or(usize::MAX));
    let stride = shape.value_stride();
    let (mut largest, mut sum, mut mixed) = (f32::MIN, 0f32, vec![0f32; stride]);
    let pages = task.kv.pages().iter().enumerate();
    for (number, page) in pages.take(seen.div_ceil(POSITIONS)).skip(begin / POSITIONS) {
        let first = number * POSITIONS;
        let visible = begin.saturating_sub(first)..(seen - first).min(POSITIONS);
        let mut weights = [0f32; POSITIONS];
        scores(&query, &widened(page.keys(kv_head)), &mut weights);
        for (position, score) in weights.iter_mut().enumerate() {
            if let Some(slopes) = scoring.slopes {
                *score += fall(slopes[head], first + position) * scoring.scale;
            }
            if let Some(cap) = scoring.softcap {
                *score = tanh(*score / cap) * cap;
            }
            if !visible.contains(&position) {
                *score = f32::NEG_INFINITY;
            }
        }
        let page_largest = weights.iter().copied().fold(f32::MIN, f32::max);
        for weight in &mut weights {
            *weight = exp(*weight - page_largest);
        }
        let page_sum = folded(&weights);
        let values = widened(page.values(kv_head));
        let mut page_mixed = vec![0f32; stride];
        for position in visible {
            let values = &values[position * stride..(position + 1) * stride];
            for (mixed, value) in page_mixed.iter_mut().zip(values) {
                *mixed = weights[position].mul_add(*value, *mixed);
            }
        }
        let joint = largest.max(page_largest);
        let (old, new) = (exp(largest - joint), exp(page_largest - joint));
        sum = page_sum.mul_add(new, sum * old);
        for (mixed, page) in mixed.iter_mut().zip(&page_mixed) {
            *mixed = page.mul_add(new, *mixed * old);
        }
        largest = joint;
    }
    let mut share = 1.0;
    if let Some(sinks) = scoring.sinks {
        let joint = largest.max(sinks[head]);
        share = exp(largest - joint);
        sum = sum.mul_add(share, exp(sinks[head] - joint));
    }
    let share = share / sum;
    for (out, mixed) in out.iter_mut().zip(mixed) {
        *out = mixed * share;
    }
}

#[inline(always)]
fn widened(numbers: Numbers<'_>) -> Vec<f32> {
    match numbers {
        Numbers::F16(halves) => halves.iter().map(|half| half::to_f32(*half)).collect(),
        Numbers::F32(numbers) => numbers.to_vec(),
    }
}

/// Of keys `[4][key_size][16]`.
#[inline(always)]
fn scores(query: &[f32], keys: &[f32], scores: &mut [f32; POSITIONS]) {
    let blocks = keys.chunks_exact(query.len() * LANES);
    for (scores, keys) in scores.chunks_exact_mut(LANES).zip(blocks) {
        for (query, keys) in query.iter().zip(keys.chunks_exact(LANES)) {
            for (score, key) in scores.iter_mut().zip(keys) {
                *score = query.mul_add(*key, *score);
            }
        }
    }
}

#[inline(always)]
fn folded(weights: &[f32; POSITIONS]) -> f32 {
    let mut weights = *weights;
    for half in [32, 16, 8, 4, 2, 1] {
        let (low, high) = weights.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
    }
    weights[0]
}

/// What ALiBi adds to a position's score before the scale.
#[inline(always)]
fn fall(slope: f32, position: usize) -> f32 {
    half::to_bf16(half::to_bf16(slope) * position as f32)
}
