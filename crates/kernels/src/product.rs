//! Weights times activations, on all threads of a pool.

use crate::activations::{Activations, Span};
use crate::block::SPAN;
use crate::matrix::Matrix;
use crate::panel::{self, Lines, Panel, Unpacked};
use crate::pool::{Disjoint, Pool};
use crate::probe::Level;
use crate::{plain, tile};
use std::cell::RefCell;
use std::ops::Range;

/// Panels that are multiplied at once.
const PANELS: usize = 2;
/// Rows of weights that are multiplied at once.
const TILE: usize = PANELS * panel::ROWS;
/// Tokens up to which reading weights takes longer than multiplying.
const FEW: usize = 8;
/// Bytes of a span of a row from which one panel at a time is read where there are few tokens: with
/// thirty-two such rows open, memory gives a fifth less than with sixteen.
const WIDE: usize = 256;
/// Spans of a row that are asked for ahead of the one that is packed: as long as memory takes to
/// answer, and few enough to stay in the nearest cache.
const LEAD: usize = 4;
/// Products that a token's step computes at once, but for those of experts: for so many nothing is
/// allocated.
const AT_HAND: usize = 4;
/// Pieces that each thread should find, so that a slow one does not hold up all.
const PIECES: usize = 8;

/// A matrix times rows of activations.
pub struct Product<'a> {
    /// (rows, columns)
    pub weights: Matrix<'a>,
    /// Added to each row's results, (rows).
    pub bias: Option<&'a [f32]>,
    /// (…, columns)
    pub x: &'a Activations,
    /// Which rows of the activations.
    pub tokens: Range<usize>,
    /// (tokens, rows)
    pub out: &'a mut [f32],
}

impl Product<'_> {
    fn is_whole(&self, level: Level) -> bool {
        let Product {
            weights, x, tokens, ..
        } = self;
        let made = match weights.kind().is_plain() {
            true => x.plain().is_some(),
            false => x.spans(level).is_some(),
        };
        made && weights.columns() == x.columns()
            && tokens.start <= tokens.end
            && tokens.end <= x.rows()
            && self.bias.is_none_or(|bias| bias.len() == weights.rows())
            && tokens.len().checked_mul(weights.rows()) == Some(self.out.len())
    }
}

/// A product while it is computed.
struct Job<'a> {
    weights: Matrix<'a>,
    bias: Option<&'a [f32]>,
    x: &'a Activations,
    tokens: Range<usize>,
    out: Disjoint<'a, f32>,
    /// Rows of a piece.
    piece: usize,
    /// The first piece's number.
    first: usize,
}

/// Memory that a thread uses again.
struct Scratch {
    panels: [Panel; PANELS],
    unpacked: Unpacked,
    /// (tokens, PANELS)
    sums: Vec<[f32; panel::ROWS]>,
    plain: plain::Scratch,
    numbers: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Box<Scratch>> = RefCell::new(Box::new(Scratch {
        panels: [Panel::EMPTY; PANELS],
        unpacked: panel::unpacked(),
        sums: Vec::new(),
        plain: plain::Scratch::default(),
        numbers: Vec::new(),
    }));
}

/// Computes some products, which may share activations. Each number is made in one order of
/// additions, whatever stands beside it. Returns false, with nothing done, where sizes do not
/// agree or activations were not made for a type of weights, or for another pool's level.
pub fn products(pool: &Pool, products: &mut [Product<'_>]) -> bool {
    let level = pool.level();
    if !products.iter().all(|product| product.is_whole(level)) {
        return false;
    }
    let mut pieces = 0;
    let rows: usize = products.iter().map(|product| product.weights.rows()).sum();
    let piece = (rows / (pool.threads() * PIECES))
        .next_multiple_of(TILE)
        .max(TILE);
    let (mut few, mut many) = ([const { None }; AT_HAND], Vec::new());
    let jobs: &mut [Option<Job<'_>>] = if products.len() <= AT_HAND {
        &mut few
    } else {
        many.resize_with(products.len(), || None);
        &mut many
    };
    let products = products
        .iter_mut()
        .filter(|product| !product.out.is_empty());
    for (job, product) in jobs.iter_mut().zip(products) {
        *job = Some(Job {
            weights: product.weights,
            bias: product.bias,
            x: product.x,
            tokens: product.tokens.clone(),
            out: Disjoint::new(product.out),
            piece,
            first: pieces,
        });
        pieces += product.weights.rows().div_ceil(piece);
    }
    let jobs = &*jobs;
    pool.each(pieces, |piece| {
        let begun = |job: &Option<Job<'_>>| job.as_ref().is_some_and(|job| job.first <= piece);
        let after = jobs.partition_point(begun);
        let job = after.checked_sub(1).and_then(|at| jobs.get(at)?.as_ref());
        let Some(job) = job else {
            return;
        };
        let from = (piece - job.first) * job.piece;
        let until = (from + job.piece).min(job.weights.rows());
        SCRATCH.with_borrow_mut(|scratch| job.some(level, from..until, scratch));
    });
    true
}

impl Job<'_> {
    fn some(&self, level: Level, rows: Range<usize>, scratch: &mut Scratch) {
        if self.weights.kind().is_plain() {
            for from in rows.clone().step_by(plain::ROWS) {
                self.plain(level, from..rows.end.min(from + plain::ROWS), scratch);
            }
        } else if let Some(spans) = self.x.spans(level) {
            let wide = self.weights.kind().span_bytes() > WIDE;
            let tile = match self.tokens.len() {
                ..=FEW if wide => panel::ROWS,
                _ => TILE,
            };
            for from in rows.clone().step_by(tile) {
                self.quants(level, spans, from..rows.end.min(from + tile), scratch);
            }
        }
    }

    fn plain(&self, level: Level, rows: Range<usize>, scratch: &mut Scratch) {
        let columns = self.x.columns();
        let numbers = self.x.plain().unwrap_or_default();
        let numbers = &numbers[self.tokens.start * columns..self.tokens.end * columns];
        let mut lines: [&[u8]; plain::ROWS] = [&[]; plain::ROWS];
        for (line, row) in lines.iter_mut().zip(rows.clone()) {
            *line = self.weights.row(row).unwrap_or_default();
        }
        let Scratch {
            plain,
            numbers: out,
            ..
        } = scratch;
        out.resize(self.tokens.len() * rows.len(), 0.0);
        let lines = &lines[..rows.len()];
        let ahead = self.ahead(rows.end, lines[0]);
        plain::multiply(
            level,
            self.weights.kind(),
            lines,
            numbers,
            ahead,
            plain,
            out,
        );
        for (token, values) in out.chunks_exact(rows.len()).enumerate() {
            self.put(token, rows.start, values);
        }
    }

    fn quants(&self, level: Level, spans: &[Span], rows: Range<usize>, scratch: &mut Scratch) {
        let (kind, columns) = (self.weights.kind(), self.weights.columns());
        let count = rows.len().div_ceil(panel::ROWS);
        let Scratch {
            panels,
            unpacked,
            sums,
            ..
        } = scratch;
        let panels = &mut panels[..count];
        sums.clear();
        sums.resize(self.tokens.len() * count, [0.0; panel::ROWS]);
        let lines: [Lines<'_>; PANELS] =
            std::array::from_fn(|at| Lines::of(&self.weights, rows.start + at * panel::ROWS));
        let next = self.ahead(rows.end, lines[0].get(0));
        let spans_of_row = columns.div_ceil(SPAN);
        for span in 0..spans_of_row {
            let ahead = match span + LEAD {
                _ if self.tokens.len() > FEW => 0,
                to if to < spans_of_row => LEAD * kind.span_bytes(),
                _ if next == 0 => 0,
                to => next
                    .wrapping_add((to - spans_of_row) * kind.span_bytes())
                    .wrapping_sub(span * kind.span_bytes()),
            };
            let part =
                span * kind.span_bytes()..lines[0].length().min((span + 1) * kind.span_bytes());
            for (panel, lines) in panels.iter_mut().zip(&lines) {
                panel.pack(level, kind, lines, part.clone(), ahead, unpacked);
            }
            let x = &spans[span * self.x.rows()..][self.tokens.clone()];
            let columns = (columns - span * SPAN).min(SPAN);
            tile::multiply(level, kind, columns, panels, x, sums);
        }
        for (token, sums) in sums.chunks_exact(count).enumerate() {
            self.put(token, rows.start, &sums.as_flattened()[..rows.len()]);
        }
    }

    /// How far ahead of `line` lies the row that is multiplied next. With few tokens the time goes
    /// into waiting for weights: those that come next are asked for while these are multiplied.
    fn ahead(&self, next: usize, line: &[u8]) -> usize {
        let next = self.weights.row(next).filter(|_| self.tokens.len() <= FEW);
        next.map_or(0, |next| {
            next.as_ptr().addr().wrapping_sub(line.as_ptr().addr())
        })
    }

    /// Puts the results of some rows to their place.
    fn put(&self, token: usize, row: usize, values: &[f32]) {
        let at = token * self.weights.rows() + row;
        // SAFETY: each piece's rows are its own, and it comes once.
        #[allow(unsafe_code)]
        let out = unsafe { self.out.slice(at, at + values.len()) };
        match self.bias {
            Some(bias) => {
                for (out, (value, bias)) in out.iter_mut().zip(values.iter().zip(&bias[row..])) {
                    *out = value + bias;
                }
            }
            None => out.copy_from_slice(values),
        }
    }
}
