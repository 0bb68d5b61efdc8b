//! Rotary positions. Source: Su et al. 2021, arXiv 2104.09864, section 3.2.2.

use super::{by_level, rows};
use crate::pool::Pool;

/// Which numbers of a head turn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// Neighbours: 2i and 2i + 1.
    Neighbours,
    /// Halves: i and i + dims / 2.
    Halves,
}

/// How far each pair turns, in each row.
#[derive(Clone, Copy, Debug)]
pub struct Turns<'a> {
    /// (rows, pairs)
    pub cos: &'a [f32],
    /// (rows, pairs)
    pub sin: &'a [f32],
    /// Pairs of a head; what is beyond them stays.
    pub pairs: usize,
    /// Which numbers they are.
    pub of: Pairs,
}

/// Turns `x`, (rows, heads, head_size). False, with nothing done, where sizes do not agree.
pub fn turn(pool: &Pool, turns: &Turns<'_>, x: &mut [f32], heads: usize, head_size: usize) -> bool {
    let Some(size) = heads.checked_mul(head_size).filter(|size| *size > 0) else {
        return false;
    };
    let tables = (x.len() / size).checked_mul(turns.pairs);
    let whole = x.len().is_multiple_of(size)
        && turns.pairs <= head_size / 2
        && tables == Some(turns.cos.len())
        && tables == Some(turns.sin.len());
    if whole && turns.pairs > 0 {
        rows(pool, x, size, |first, x| {
            let from = first * turns.pairs;
            let until = from + x.len() / size * turns.pairs;
            let turns = Turns {
                cos: &turns.cos[from..until],
                sin: &turns.sin[from..until],
                ..*turns
            };
            all(pool.level(), &turns, x, size, head_size);
        });
    }
    whole
}

by_level! {
    fn all(turns: &Turns<'_>, x: &mut [f32], size: usize, head_size: usize) {
        let cos = turns.cos.chunks_exact(turns.pairs);
        let sin = turns.sin.chunks_exact(turns.pairs);
        for (row, (cos, sin)) in x.chunks_exact_mut(size).zip(cos.zip(sin)) {
            for head in row.chunks_exact_mut(head_size) {
                match turns.of {
                    Pairs::Neighbours => neighbours(head, cos, sin),
                    Pairs::Halves => halves(head, cos, sin),
                }
            }
        }
    }
}

#[inline(always)]
fn turned(a: f32, b: f32, cos: f32, sin: f32) -> (f32, f32) {
    (a.mul_add(cos, -(b * sin)), a.mul_add(sin, b * cos))
}

#[inline(always)]
fn neighbours(head: &mut [f32], cos: &[f32], sin: &[f32]) {
    let (pairs, _) = head.as_chunks_mut::<2>();
    for (pair, (cos, sin)) in pairs.iter_mut().zip(cos.iter().zip(sin)) {
        let (a, b) = turned(pair[0], pair[1], *cos, *sin);
        *pair = [a, b];
    }
}

#[inline(always)]
fn halves(head: &mut [f32], cos: &[f32], sin: &[f32]) {
    let (first, rest) = head.split_at_mut(cos.len());
    for ((a, b), (cos, sin)) in first.iter_mut().zip(rest).zip(cos.iter().zip(sin)) {
        (*a, *b) = turned(*a, *b, *cos, *sin);
    }
}
