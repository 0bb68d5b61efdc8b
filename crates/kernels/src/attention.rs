//! Attention of a layer's heads over its pages of keys and values.
//!
//! Softmax attention as in "Attention Is All You Need" (2017), section 3.2.1, causal. Each page is
//! reckoned apart from the others (largest score, sum of weights, weighted values), and the pages'
//! parts are joined in order. So each token's result depends on its own query and the positions
//! that it sees, and on nothing else: not on how many tokens are read at once, on the threads, or
//! on the level of instructions (products are fused into sums on all of them).

mod row;

use crate::kv::{LayerKv, Page};
use crate::pool::{Disjoint, Pool};
use crate::probe::Level;

/// A layer's heads, and how their scores are made.
#[derive(Clone, Copy, Debug)]
pub struct HeadScoring<'a> {
    /// Heads of queries: a multiple of those of keys and values.
    pub heads: usize,
    /// Multiplies the scores; usually `1 / sqrt(key_size)`.
    pub scale: f32,
    /// How many positions a token sees, its own included; None: all before it.
    pub window: Option<usize>,
    /// `cap * tanh(score / cap)`, after the scale. Source: Gemma 2, arXiv 2408.00118, section 2.
    pub softcap: Option<f32>,
    /// (heads): how steeply a head's scores fall with the distance. ALiBi, arXiv 2108.12409; what
    /// is added, before the scale, is the slope times the position, which up to a constant of the
    /// softmax is the distance. Slope and product are rounded to bf16, as in Falcon's published
    /// code.
    pub slopes: Option<&'a [f32]>,
    /// (heads): a score beside the positions' that takes weight and gives nothing. Source: the
    /// model card of gpt-oss, arXiv 2508.10925, section 2.
    pub sinks: Option<&'a [f32]>,
}

/// The mixed values of consecutive tokens: queries (tokens, heads * key_size) over the positions
/// in `kv` to `out` (tokens, heads * value_size). The token after `past` others sees the first
/// `past + 1` positions, each further one sees one more; all must have been written. Heads that
/// follow each other share a head of keys and values. Returns false, with `out` untouched, where
/// the sizes do not agree.
pub fn attend(
    pool: &Pool,
    kv: &LayerKv,
    queries: &[f32],
    past: usize,
    scoring: &HeadScoring<'_>,
    out: &mut [f32],
) -> bool {
    let Some(task) = Task::new(kv, queries, past, scoring, out.len()) else {
        return false;
    };
    let value = kv.shape().value_size;
    let out = Disjoint::new(out);
    pool.each(task.tokens * task.scoring.heads, |row| {
        // SAFETY: each row comes once.
        #[allow(unsafe_code)]
        let out = unsafe { out.slice(row * value, (row + 1) * value) };
        match pool.level() {
            // SAFETY: a pool's level is one that the probe has seen.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Level::Avx512Vnni => unsafe { avx512(&task, row, out) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Level::Avx2 => unsafe { avx2(&task, row, out) },
            _ => row::attend(&task, row, out),
        }
    });
    true
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
fn avx512(task: &Task<'_>, row: usize, out: &mut [f32]) {
    row::attend(task, row, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(task: &Task<'_>, row: usize, out: &mut [f32]) {
    row::attend(task, row, out);
}

/// What is to be computed, with sizes that agree.
struct Task<'a> {
    kv: &'a LayerKv,
    queries: &'a [f32],
    past: usize,
    tokens: usize,
    scoring: HeadScoring<'a>,
}

impl<'a> Task<'a> {
    fn new(
        kv: &'a LayerKv,
        queries: &'a [f32],
        past: usize,
        scoring: &HeadScoring<'a>,
        out: usize,
    ) -> Option<Task<'a>> {
        let shape = kv.shape();
        let (key, value) = (shape.key_size, shape.value_size);
        if key == 0 || value == 0 || shape.kv_heads == 0 || scoring.window == Some(0) {
            return None;
        }
        let heads = scoring.heads;
        if heads == 0 || !heads.is_multiple_of(shape.kv_heads) {
            return None;
        }
        let tokens = queries.len() / heads.checked_mul(key)?;
        let rows = tokens * heads;
        let positions = past.checked_add(tokens)?;
        let of_heads = |numbers: Option<&[f32]>| numbers.is_none_or(|n| n.len() == heads);
        (rows * key == queries.len()
            && rows.checked_mul(value) == Some(out)
            && positions <= kv.pages().len() * Page::POSITIONS
            && of_heads(scoring.slopes)
            && of_heads(scoring.sinks))
        .then_some(Task {
            kv,
            queries,
            past,
            tokens,
            scoring: *scoring,
        })
    }
}
