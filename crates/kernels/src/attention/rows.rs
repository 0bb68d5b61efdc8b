//! Rows that share keys and values, and what one page gives to them.

use super::Task;
use super::numbers::{self, Ready, Side};
use super::part::Part;
use super::tile::{self, Left, ROWS, Right, Sums};
use super::weights::weigh;
use crate::kv::{KvShape, LANES, Page};
use crate::probe::Level;
use std::ops::Range;

/// Scores, or weights, of a page's positions.
pub(super) type Scores = [f32; Page::POSITIONS];

/// Rows that share a head of keys and values: the heads of its group, token by token.
#[derive(Clone)]
pub(super) struct Rows<'a> {
    pub task: &'a Task<'a>,
    pub kv_head: usize,
    pub tokens: Range<usize>,
}

/// What a thread writes on while it reckons.
pub(super) struct Sheet<'a> {
    queries: &'a mut [f32], // (rows, key_size), scaled
    scores: &'a mut [Scores],
    wide: &'a mut [f32], // the keys or the values of a page, made ready
}

impl<'a> Sheet<'a> {
    /// Numbers of a sheet, a multiple of sixteen.
    pub fn size(rows: &Rows<'_>) -> usize {
        let (shape, count) = (rows.task.kv.shape(), rows.count());
        let wide = wide(shape);
        let queries = (count * shape.key_size).next_multiple_of(LANES);
        count * Page::POSITIONS + wide + queries
    }

    /// Lays it out in so many numbers, with the rows' queries.
    pub fn of(numbers: &'a mut [f32], rows: &Rows<'_>) -> Sheet<'a> {
        let (shape, count) = (rows.task.kv.shape(), rows.count());
        let (scores, rest) = numbers.split_at_mut(count * Page::POSITIONS);
        let (wide, rest) = rest.split_at_mut(wide(shape));
        let queries = &mut rest[..count * shape.key_size];
        let size = rows.group() * shape.key_size;
        for (token, scaled) in rows.tokens.clone().zip(queries.chunks_exact_mut(size)) {
            let from = (token * shape.kv_heads + rows.kv_head) * size;
            for (scaled, query) in scaled.iter_mut().zip(&rows.task.queries[from..]) {
                *scaled = query * rows.task.scoring.scale;
            }
        }
        Sheet {
            queries,
            scores: scores.as_chunks_mut().0,
            wide,
        }
    }
}

/// Room for a head's keys or values of a page.
fn wide(shape: KvShape) -> usize {
    numbers::room(Page::POSITIONS * shape.key_size.max(shape.value_stride()))
}

impl Rows<'_> {
    /// Heads that share the head of keys and values.
    #[inline(always)]
    pub fn group(&self) -> usize {
        self.task.group
    }

    pub fn count(&self) -> usize {
        self.tokens.len() * self.group()
    }

    /// The pages that any of them sees.
    pub fn pages(&self) -> Range<usize> {
        let (first, last) = (self.sees(0), self.sees(self.count() - 1));
        first.start / Page::POSITIONS..last.end.div_ceil(Page::POSITIONS)
    }

    /// Numbers from one row's mixed values to the next's.
    pub fn stride(&self) -> usize {
        self.task.kv.shape().value_stride()
    }

    fn head(&self, row: usize) -> usize {
        self.kv_head * self.group() + row % self.group()
    }

    /// Which of all tokens' rows it is.
    pub fn number(&self, row: usize) -> usize {
        (self.tokens.start + row / self.group()) * self.task.scoring.heads + self.head(row)
    }

    /// The row's score that gives nothing.
    pub fn sink(&self, row: usize) -> Option<f32> {
        self.task.scoring.sinks.map(|sinks| sinks[self.head(row)])
    }

    /// The positions that a row sees.
    #[inline(always)]
    fn sees(&self, row: usize) -> Range<usize> {
        let until = self.task.past + self.tokens.start + row / self.group() + 1;
        until.saturating_sub(self.task.scoring.window.unwrap_or(usize::MAX))..until
    }

    /// Those of them that are a page's, counted from its first.
    #[inline(always)]
    pub fn visible(&self, row: usize, page: usize) -> Range<usize> {
        let (sees, first) = (self.sees(row), page * Page::POSITIONS);
        let within = |position: usize| position.saturating_sub(first).min(Page::POSITIONS);
        within(sees.start)..within(sees.end)
    }

    /// Some rows at a time: all of them where they see the same of a page.
    fn runs(&self, page: usize) -> impl Iterator<Item = Range<usize>> {
        let count = self.count();
        let alike = self.visible(0, page) == self.visible(count - 1, page);
        let at_once = if alike { count } else { ROWS };
        let runs = (0..count).step_by(at_once);
        runs.map(move |row| row..(row + at_once).min(count))
    }

    /// What a page gives to the rows; `next` is the page that will be reckoned after it.
    pub fn reckon(
        &self,
        level: Level,
        page: usize,
        next: Option<usize>,
        sheet: &mut Sheet<'_>,
        part: &mut Part<'_>,
    ) {
        self.score(level, page, sheet);
        weigh(level, self, page, sheet.scores, part);
        self.mix(level, page, next, sheet, part);
    }

    /// Whether a page's numbers are widened once: where several tiles meet them.
    fn are_many(&self) -> bool {
        self.count() > ROWS
    }

    /// The scores of a page's positions, at least of those that a row sees.
    fn score(&self, level: Level, page: usize, sheet: &mut Sheet<'_>) {
        let kv = self.task.kv;
        let size = kv.shape().key_size;
        let page_of = &kv.pages()[page];
        let (keys, next) = (
            page_of.keys(self.kv_head),
            page_of.value_bytes(self.kv_head),
        );
        let keys = Ready::new(level, keys, Side::Keys, self.are_many(), sheet.wide);
        let scores = sheet.scores.as_flattened_mut();
        for run in self.runs(page) {
            let (first, last) = (
                self.visible(run.start, page),
                self.visible(run.end - 1, page),
            );
            let columns = first.start / LANES..last.end.div_ceil(LANES);
            let left = Left {
                numbers: &sheet.queries[run.start * size..],
                rows: run.len(),
                each: size,
            };
            let right = Right {
                numbers: keys.from(columns.start * size * LANES),
                columns: columns.len(),
                apart: size * LANES,
                step: LANES,
                next: Some(next),
            };
            let mut sums = Sums {
                numbers: &mut scores[run.start * Page::POSITIONS + columns.start * LANES..],
                each: Page::POSITIONS,
                fresh: true,
            };
            tile::multiply(level, left, right, size, &mut sums);
        }
    }

    /// Mixes a page's values by the weights.
    fn mix(
        &self,
        level: Level,
        page: usize,
        next: Option<usize>,
        sheet: &mut Sheet<'_>,
        part: &mut Part<'_>,
    ) {
        let kv = self.task.kv;
        let values = kv.pages()[page].values(self.kv_head);
        let mut mixing = Mixing {
            level,
            values: Ready::new(level, values, Side::Values, self.are_many(), sheet.wide),
            weights: sheet.scores.as_flattened(),
            mixed: part.mixed,
            stride: kv.shape().value_stride(),
            next: next.map(|page| kv.pages()[page].key_bytes(self.kv_head)),
        };
        for run in self.runs(page) {
            let seen = |row: usize| self.visible(row, page);
            // Rows are in the order of their tokens: none sees less than the last at the front,
            // or less than the first at the end.
            let (first, last) = (seen(run.start), seen(run.end - 1));
            if first == last {
                mixing.add(run, first, true);
                continue;
            }
            mixing.clear(run.clone());
            // A position that a row does not see must not be touched, not even by a weight of
            // zero: its value may be anything.
            let shared = last.start..first.end;
            if shared.is_empty() {
                run.for_each(|row| mixing.add(row..row + 1, seen(row), false));
                continue;
            }
            for row in run.clone() {
                mixing.add(row..row + 1, seen(row).start..shared.start, false);
            }
            mixing.add(run.clone(), shared.clone(), false);
            for row in run {
                mixing.add(row..row + 1, shared.end..seen(row).end, false);
            }
        }
    }
}

/// A page's values, and where they are mixed.
struct Mixing<'a> {
    level: Level,
    values: Ready<'a>,
    weights: &'a [f32],   // (rows, 64)
    mixed: &'a mut [f32], // (rows, stride)
    stride: usize,
    /// The next page's keys.
    next: Option<&'a [u8]>,
}

impl Mixing<'_> {
    fn clear(&mut self, rows: Range<usize>) {
        self.mixed[rows.start * self.stride..rows.end * self.stride].fill(0.0);
    }

    /// Adds some positions' values to some rows, or puts them there.
    fn add(&mut self, rows: Range<usize>, positions: Range<usize>, fresh: bool) {
        let left = Left {
            numbers: &self.weights[rows.start * Page::POSITIONS + positions.start..],
            rows: rows.len(),
            each: Page::POSITIONS,
        };
        let right = Right {
            numbers: self.values.from(positions.start * self.stride),
            columns: self.stride / LANES,
            apart: LANES,
            step: self.stride,
            next: self.next,
        };
        let mut sums = Sums {
            numbers: &mut self.mixed[rows.start * self.stride..],
            each: self.stride,
            fresh,
        };
        tile::multiply(self.level, left, right, positions.len(), &mut sums);
    }
}
