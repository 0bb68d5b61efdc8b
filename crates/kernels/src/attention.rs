//! Attention of a layer's heads over its pages of keys and values.
//!
//! Softmax attention as in "Attention Is All You Need" (2017), section 3.2.1, causal. Each page is
//! reckoned apart from the others (largest score, sum of weights, weighted values), and the pages'
//! parts are joined in order. So each token's result depends on its own query and the positions
//! that it sees, and on nothing else: not on how many tokens are read at once, on the threads, or
//! on the level of instructions (products are fused into sums on all of them).

mod lanes;
#[cfg(target_arch = "aarch64")]
mod neon;
mod numbers;
mod part;
mod rows;
mod tile;
mod weights;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::kv::{LANES, LayerKv, Page};
use crate::pool::{Disjoint, Pool};
use crate::probe::Level;
use part::Part;
use rows::{Rows, Sheet};
use std::cell::Cell;
use std::ops::Range;
use std::thread::LocalKey;

/// Rows (heads of tokens) that a thread takes at once: enough that widening keys and values to
/// f32 for them costs little, few enough that what is written on stays near.
const AT_ONCE: usize = 72;
/// Rows whose parts a thread joins at once, where the pages were reckoned by several.
const JOINED: usize = 8;
/// How many pieces of work each thread should find, where they are not equal.
const PIECES: usize = 4;
/// How many multiplications a thread does in the time that it costs to hand out work once more
/// and to join what it gave.
const JOINING: usize = 200_000;
/// Most numbers of parts that wait to be joined: 32 MB.
const ROOM: usize = 1 << 23;

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
    if task.tokens == 0 {
        return true;
    }
    let out = Disjoint::new(out);
    let pages = task.rows(0, 0..task.tokens).pages();
    if task.is_split(pages.len(), pool.threads()) {
        split(pool, &task, &pages, &out);
    } else {
        let count = task.blocks() * kv.shape().kv_heads;
        pool.each(count, |number| {
            whole(pool.level(), &task.block(number), &out);
        });
    }
    true
}

/// Some rows over all of their pages.
fn whole(level: Level, rows: &Rows<'_>, out: &Disjoint<'_, f32>) {
    let count = rows.count();
    let (sheet, part) = (Sheet::size(rows), Part::size(count, rows.stride()));
    with_scratch(&SHEET, sheet + 2 * part, |numbers| {
        let (sheet, parts) = numbers.split_at_mut(sheet);
        let (all, part) = parts.split_at_mut(part);
        let mut sheet = Sheet::of(sheet, rows);
        let (mut all, mut part) = (Part::of(all, count), Part::of(part, count));
        all.clear();
        for page in rows.pages() {
            let next = Some(page + 1).filter(|next| *next < rows.pages().end);
            rows.reckon(level, page, next, &mut sheet, &mut part);
            part::join(level, &mut all, &mut part);
        }
        finish(level, rows, 0..count, &mut all, out);
    });
}

/// All rows, each block's over runs of pages by several threads, whose parts are then joined. As
/// many pages at a time as there is room for.
fn split(pool: &Pool, task: &Task<'_>, pages: &Range<usize>, out: &Disjoint<'_, f32>) {
    let (level, count) = (pool.level(), task.blocks() * task.kv.shape().kv_heads);
    let (stride, most) = (task.kv.shape().value_stride(), task.block(0).count());
    let size = Part::size(most, stride);
    let at_once = (ROOM / (count * size)).clamp(1, pages.len());
    let pieces = (pool.threads() * PIECES).div_ceil(count);
    let run = at_once.div_ceil(pieces);
    let (runs, joins) = (at_once.div_ceil(run), most.div_ceil(JOINED));
    // Of each block what is joined, then its parts.
    let each = (1 + at_once) * size;
    with_scratch(&PARTS, count * each, |numbers| {
        for block in numbers.chunks_exact_mut(each) {
            Part::of(&mut block[..size], most).clear();
        }
        let numbers = Disjoint::new(numbers);
        for first in pages.clone().step_by(at_once) {
            let last = (first + at_once).min(pages.end);
            let place = |number: usize, page: usize| number * each + (1 + page - first) * size;
            pool.each(count * runs, |piece| {
                let (number, from) = (piece / runs, first + piece % runs * run);
                let rows = task.block(number);
                with_scratch(&SHEET, Sheet::size(&rows), |sheet| {
                    let mut sheet = Sheet::of(sheet, &rows);
                    let until = (from + run).min(last);
                    for page in from..until {
                        let next = Some(page + 1).filter(|next| *next < until);
                        let from = place(number, page);
                        // SAFETY: each page of each block has a place of its own, and comes once.
                        #[allow(unsafe_code)]
                        let part = unsafe { numbers.slice(from, from + size) };
                        let (part, _) = &mut Part::of(part, most).split(rows.count());
                        rows.reckon(level, page, next, &mut sheet, part);
                    }
                });
            });
            pool.each(count * joins, |piece| {
                let (number, from) = (piece / joins, piece % joins * JOINED);
                let rows = task.block(number);
                let some = from..(from + JOINED).min(rows.count());
                if some.is_empty() {
                    return;
                }
                // SAFETY: each row of each block comes once.
                #[allow(unsafe_code)]
                let some_of =
                    |at: usize| unsafe { Part::among(&numbers, at, most, some.clone(), stride) };
                let mut all = some_of(number * each);
                for page in first..last {
                    part::join(level, &mut all, &mut some_of(place(number, page)));
                }
                if last == pages.end {
                    finish(level, &rows, some, &mut all, out);
                }
            });
        }
    });
}

/// Puts some rows' results where they belong.
fn finish(
    level: Level,
    rows: &Rows<'_>,
    some: Range<usize>,
    all: &mut Part<'_>,
    out: &Disjoint<'_, f32>,
) {
    let first = some.start;
    part::divide(level, all, |row| rows.sink(first + row));
    let size = rows.task.kv.shape().value_size;
    for (row, mixed) in some.zip(all.mixed.chunks_exact(rows.stride())) {
        let from = rows.number(row) * size;
        // SAFETY: each row of the task is in one block, and comes once.
        #[allow(unsafe_code)]
        let out = unsafe { out.slice(from, from + size) };
        out.copy_from_slice(&mixed[..size]);
    }
}

thread_local! {
    /// What a thread reckons on, kept for the next time.
    static SHEET: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    /// Parts that wait to be joined, kept with the thread that called.
    static PARTS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Has so many numbers, of any value and at the beginning of a line of the cache, to write on.
fn with_scratch(
    kept: &'static LocalKey<Cell<Vec<f32>>>,
    count: usize,
    work: impl FnOnce(&mut [f32]),
) {
    let mut numbers = kept.take();
    if numbers.len() < count + LANES {
        numbers.resize(count + LANES, 0.0);
    }
    // Where there is no telling, unaligned numbers are as right, and slower.
    let from = numbers.as_ptr().align_offset(64).min(LANES);
    work(&mut numbers[from..from + count]);
    kept.set(numbers);
}

/// What is to be computed, with sizes that agree.
struct Task<'a> {
    kv: &'a LayerKv,
    queries: &'a [f32],
    past: usize,
    tokens: usize,
    /// Heads that share a head of keys and values.
    group: usize,
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
            group: heads / shape.kv_heads,
            scoring: *scoring,
        })
    }

    /// Some tokens' rows over one head of keys and values.
    fn rows(&self, kv_head: usize, tokens: Range<usize>) -> Rows<'_> {
        Rows {
            task: self,
            kv_head,
            tokens,
        }
    }

    /// Into how many blocks the tokens are divided.
    fn blocks(&self) -> usize {
        let at_once = (AT_ONCE / self.group).max(1);
        self.tokens.div_ceil(at_once)
    }

    /// Whether threads would idle for longer, if each block stayed with one of them, than it costs
    /// to divide blocks by pages.
    fn is_split(&self, pages: usize, threads: usize) -> bool {
        let shape = self.kv.shape();
        let count = self.blocks() * shape.kv_heads;
        if pages == 1 || count >= threads * PIECES {
            return false;
        }
        let numbers = pages * Page::POSITIONS * (shape.key_size + shape.value_stride());
        let idle = count.next_multiple_of(threads) - count;
        self.block(0).count() * numbers * idle / threads > JOINING
    }

    /// The rows of one block over one head. The last tokens come first, which see the most; the
    /// very first block is as large as any.
    fn block(&self, number: usize) -> Rows<'_> {
        let (blocks, kv_heads) = (self.blocks(), self.kv.shape().kv_heads);
        let from_end = |block: usize| self.tokens - (self.tokens * block).div_ceil(blocks);
        let block = number / kv_heads;
        self.rows(number % kv_heads, from_end(block + 1)..from_end(block))
    }
}
