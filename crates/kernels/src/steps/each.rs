//! What changes each number on its own.

use super::{AT_ONCE, by_level, pairwise};
use crate::exp::tanh;
use crate::pool::Pool;

/// `x + y` in place of `x`. False, with nothing done, where they are not equally long.
pub fn add(pool: &Pool, x: &mut [f32], y: &[f32]) -> bool {
    add_weighed(pool, x, 1.0, y)
}

/// `x + weight * y` in place of `x`. False, with nothing done, where they are not equally long.
pub fn add_weighed(pool: &Pool, x: &mut [f32], weight: f32, y: &[f32]) -> bool {
    by_level! {
        fn all(x: &mut [f32], weight: f32, y: &[f32]) {
            for (x, y) in x.iter_mut().zip(y) {
                *x = weight.mul_add(*y, *x);
            }
        }
    }
    let whole = x.len() == y.len();
    if whole {
        pairwise(pool, x, y, |x, y| all(pool.level(), x, weight, y));
    }
    whole
}

/// `factor * x`.
pub fn scale(pool: &Pool, x: &mut [f32], factor: f32) {
    by_level! {
        fn all(x: &mut [f32], factor: f32) {
            for x in x {
                *x *= factor;
            }
        }
    }
    if factor != 1.0 {
        pool.chunks(x, AT_ONCE, |_, x| all(pool.level(), x, factor));
    }
}

/// `x` kept between `-most` and `most`. What is not a number stays so.
pub fn clip(pool: &Pool, x: &mut [f32], most: f32) {
    by_level! {
        fn all(x: &mut [f32], most: f32) {
            for x in x {
                let low = if *x < -most { -most } else { *x };
                *x = if low > most { most } else { low };
            }
        }
    }
    pool.chunks(x, AT_ONCE, |_, x| all(pool.level(), x, most));
}

/// `cap * tanh(x / cap)`. Source: Gemma 2, arXiv 2408.00118, section 2.
pub fn softcap(pool: &Pool, x: &mut [f32], cap: f32) {
    by_level! {
        fn all(x: &mut [f32], cap: f32) {
            for x in x {
                *x = tanh(*x / cap) * cap;
            }
        }
    }
    pool.chunks(x, AT_ONCE, |_, x| all(pool.level(), x, cap));
}
