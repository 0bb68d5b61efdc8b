//! Attention of rows of queries over the keys and values of one head, in f32.
//!
//! Softmax attention as in "Attention Is All You Need" (2017), section 3.2.1, causal. Each result
//! is computed in one order whatever stands beside it, so that the same tokens give the same
//! bits, read one by one or many at a time.

use crate::probe::{Level, probe};

/// Queries that share each load of a key.
const AT_ONCE: usize = 4;
/// Running sums of a dot product.
const LANES: usize = 16;

/// The keys and values of one head, position after position, and how its scores are made.
#[derive(Clone, Copy)]
pub struct KeysValues<'a> {
    /// `(positions, key_size)`
    pub keys: &'a [f32],
    /// `(positions, value_size)`
    pub values: &'a [f32],
    /// Numbers of a key.
    pub key_size: usize,
    /// Numbers of a value.
    pub value_size: usize,
    /// Multiplies the scores; usually `1 / sqrt(key_size)`.
    pub scale: f32,
    /// What becomes of the scores besides.
    pub scoring: Scoring<'a>,
}

/// What some families do with scores. The default is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scoring<'a> {
    /// How many positions a query sees, its own included; None: all before it.
    pub window: Option<usize>,
    /// `cap * tanh(score / cap)`, after the scale. Source: Gemma 2, arXiv 2408.00118, section 2.
    pub softcap: Option<f32>,
    /// Added to each position's score before the scale, `(positions)`: ALiBi, arXiv 2108.12409.
    pub bias: Option<&'a [f32]>,
    /// A score beside the positions' that takes weight and gives nothing. Source: the model card
    /// of gpt-oss, arXiv 2508.10925, section 2.
    pub sink: Option<f32>,
}

/// The mixed values of rows of queries, `(rows, key_size)`, of consecutive tokens: the first sees
/// `seen` positions, each further one more. `out` is `(rows, value_size)`. Returns false, with
/// `out` untouched, where the sizes do not agree. A `level` beyond the processor is lowered to
/// its own.
pub fn attend(
    level: Level,
    kv: &KeysValues<'_>,
    queries: &[f32],
    seen: usize,
    out: &mut [f32],
) -> bool {
    let (key, value) = (kv.key_size, kv.value_size);
    if key == 0 || value == 0 || seen == 0 || !queries.len().is_multiple_of(key) {
        return false;
    }
    let rows = queries.len() / key;
    let most = seen + rows.saturating_sub(1);
    let enough = |numbers: &[f32], size: usize| {
        most.checked_mul(size)
            .is_some_and(|all| all <= numbers.len())
    };
    if out.len() != rows * value || !enough(kv.keys, key) || !enough(kv.values, value) {
        return false;
    }
    if kv.scoring.window == Some(0) || kv.scoring.bias.is_some_and(|bias| bias.len() < most) {
        return false;
    }
    match level.min(probe()) {
        // SAFETY: the probe has seen the instructions.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx512Vnni => unsafe { avx512(kv, queries, seen, out) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx2 => unsafe { avx2(kv, queries, seen, out) },
        _ => all(kv, queries, seen, out),
    }
    true
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2")]
fn avx512(kv: &KeysValues<'_>, queries: &[f32], seen: usize, out: &mut [f32]) {
    all(kv, queries, seen, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(kv: &KeysValues<'_>, queries: &[f32], seen: usize, out: &mut [f32]) {
    all(kv, queries, seen, out);
}

/// Inlined into each caller, so that the compiler uses the caller's instructions. No products
/// are fused into sums, so that every processor gives the same bits.
#[inline(always)]
fn all(kv: &KeysValues<'_>, queries: &[f32], mut seen: usize, out: &mut [f32]) {
    let most = seen + queries.len() / kv.key_size;
    let mut scores = vec![0f32; AT_ONCE * most];
    let mut queries = queries.chunks_exact(AT_ONCE * kv.key_size);
    let mut outs = out.chunks_exact_mut(AT_ONCE * kv.value_size);
    for (queries, out) in (&mut queries).zip(&mut outs) {
        rows::<AT_ONCE>(kv, queries, seen, &mut scores, out);
        seen += AT_ONCE;
    }
    let rest = queries.remainder().chunks_exact(kv.key_size);
    for (query, out) in rest.zip(outs.into_remainder().chunks_exact_mut(kv.value_size)) {
        rows::<1>(kv, query, seen, &mut scores, out);
        seen += 1;
    }
}

/// `N` queries, of which the first sees `seen` positions, or the last of them in its window.
#[inline(always)]
fn rows<const N: usize>(
    kv: &KeysValues<'_>,
    queries: &[f32],
    seen: usize,
    scores: &mut [f32],
    out: &mut [f32],
) {
    let most = scores.len() / AT_ONCE;
    let window = kv.scoring.window.unwrap_or(usize::MAX);
    let begin = |row: usize| (seen + row).saturating_sub(window);
    let first = begin(0);
    let keys = kv.keys.chunks_exact(kv.key_size).enumerate();
    for (position, key) in keys.take(seen + N - 1).skip(first) {
        for (row, query) in queries.chunks_exact(kv.key_size).enumerate() {
            // A row's last scores are of positions it does not see: they are not used.
            scores[row * most + position] = dot(query, key);
        }
    }
    for (row, scores) in scores.chunks_exact_mut(most).take(N).enumerate() {
        let begin = begin(row);
        softmax(kv, begin, &mut scores[begin..seen + row]);
    }
    out.fill(0.0);
    let mut values = kv.values.chunks_exact(kv.value_size).enumerate();
    let shared = begin(N - 1).min(seen);
    // Positions that only the first rows' windows reach.
    for (position, value) in values.by_ref().take(shared).skip(first) {
        for (row, out) in out.chunks_exact_mut(kv.value_size).enumerate() {
            if position >= begin(row) {
                add(out, scores[row * most + position], value);
            }
        }
    }
    for (position, value) in values.by_ref().take(seen - shared) {
        for (row, out) in out.chunks_exact_mut(kv.value_size).enumerate() {
            add(out, scores[row * most + position], value);
        }
    }
    for (position, value) in values.take(N - 1) {
        for (row, out) in out.chunks_exact_mut(kv.value_size).enumerate() {
            if seen + row > position && position >= begin(row) {
                add(out, scores[row * most + position], value);
            }
        }
    }
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    for half in [8, 4, 2, 1] {
        let (low, high) = lanes.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes[0] + rest
}

/// Scores of the positions from `begin` to weights that sum to one, or to less beside a sink. A
/// score that is not a number makes all of them so.
#[inline(always)]
fn softmax(kv: &KeysValues<'_>, begin: usize, scores: &mut [f32]) {
    let Scoring {
        softcap,
        bias,
        sink,
        ..
    } = kv.scoring;
    if let Some(bias) = bias {
        for (score, bias) in scores.iter_mut().zip(&bias[begin..]) {
            *score += bias;
        }
    }
    let mut scale = kv.scale;
    if let Some(cap) = softcap {
        for score in scores.iter_mut() {
            *score = (*score * scale / cap).tanh() * cap;
        }
        scale = 1.0;
    }
    let mut largest = scores.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let mut sum = 0f32;
    if let Some(sink) = sink {
        largest = largest.max(sink / scale);
        sum = (sink - largest * scale).exp();
    }
    for score in scores.iter_mut() {
        *score = ((*score - largest) * scale).exp();
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}

#[inline(always)]
fn add(out: &mut [f32], weight: f32, value: &[f32]) {
    for (out, value) in out.iter_mut().zip(value) {
        *out += weight * value;
    }
}
