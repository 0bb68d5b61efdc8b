//! Norms of rows.

use super::{by_level, rows};
use crate::pool::Pool;

/// Running sums of a row.
const LANES: usize = 16;

/// By what a row is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// `x / sqrt(mean(x^2) + eps)`; arXiv 1910.07467.
    Rms,
    /// `(x - mean(x)) / sqrt(variance(x) + eps)`; arXiv 1607.06450.
    Layer,
}

/// A norm with its weights.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// By what a row is divided.
    pub kind: NormKind,
    /// Numbers that are normed together.
    pub size: usize,
    /// Multiplies what is normed, (size); None: all one.
    pub weight: Option<&'a [f32]>,
    /// Added to it, (size); None: all zero.
    pub bias: Option<&'a [f32]>,
    /// Added to the mean square.
    pub eps: f32,
}

impl Norm<'_> {
    fn is_for(&self, numbers: usize) -> bool {
        let fits = |of: Option<&[f32]>| of.is_none_or(|of| of.len() == self.size);
        self.size > 0 && numbers.is_multiple_of(self.size) && fits(self.weight) && fits(self.bias)
    }
}

/// Each `size` numbers, normed in place. False, with nothing done, where sizes do not agree.
pub fn norm(pool: &Pool, norm: &Norm<'_>, x: &mut [f32]) -> bool {
    let whole = norm.is_for(x.len());
    if whole {
        rows(pool, x, norm.size, |_, x| all(pool.level(), norm, x));
    }
    whole
}

/// As [`norm()`], into `out`, which is as long as `x`.
pub fn normed(pool: &Pool, norm: &Norm<'_>, x: &[f32], out: &mut [f32]) -> bool {
    let whole = norm.is_for(x.len()) && x.len() == out.len();
    if whole {
        rows(pool, out, norm.size, |first, out| {
            let from = first * norm.size;
            out.copy_from_slice(&x[from..from + out.len()]);
            all(pool.level(), norm, out);
        });
    }
    whole
}

by_level! {
    fn all(norm: &Norm<'_>, x: &mut [f32]) {
        for row in x.chunks_exact_mut(norm.size) {
            one(norm, row);
        }
    }
}

#[inline(always)]
fn one(norm: &Norm<'_>, row: &mut [f32]) {
    let count = row.len() as f32;
    if norm.kind == NormKind::Layer {
        let mean = sum(row, |x, sum| sum + x) / count;
        for x in row.iter_mut() {
            *x -= mean;
        }
    }
    let scale = 1.0 / (sum(row, |x, sum| x.mul_add(x, sum)) / count + norm.eps).sqrt();
    match norm.weight {
        Some(weight) => {
            for (x, weight) in row.iter_mut().zip(weight) {
                *x = *x * scale * weight;
            }
        }
        None => {
            for x in row.iter_mut() {
                *x *= scale;
            }
        }
    }
    if let Some(bias) = norm.bias {
        for (x, bias) in row.iter_mut().zip(bias) {
            *x += bias;
        }
    }
}

#[inline(always)]
fn sum(row: &[f32], add: impl Fn(f32, f32) -> f32) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [0f32; LANES];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = add(*x, *lane);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane = add(*x, *lane);
    }
    for half in [8, 4, 2, 1] {
        let (low, high) = lanes.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
    }
    lanes[0]
}
