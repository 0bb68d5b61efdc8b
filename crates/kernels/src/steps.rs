//! Steps between the matrices: norms, gates, positions, and what changes each number on its own.
//!
//! Each is over rows of f32, divided among a pool's threads where there are enough of them. A row
//! is computed in one order on every processor: sums run in sixteen lanes, products are fused into
//! them.

mod each;
mod gate;
mod norm;
mod turn;

pub use each::{add, add_weighed, clip, scale, softcap};
pub use gate::{Activation, activate, gate};
pub use norm::{Norm, NormKind, norm, normed};
pub use turn::{Pairs, Turns, turn};

use crate::pool::Pool;

/// Numbers that are worth handing to a thread.
const AT_ONCE: usize = 1 << 13;

/// Declares a function of a level's instructions: one body, which the compiler lays out for each.
macro_rules! by_level {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),+ $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name(level: crate::probe::Level, $($arg: $type),+) {
            #[inline(always)]
            fn body($($arg: $type),+) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
            fn avx512($($arg: $type),+) {
                body($($arg),+)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $type),+) {
                body($($arg),+)
            }

            match level.min(crate::probe::probe()).vectors() {
                // SAFETY: the probe has seen the instructions.
                #[cfg(target_arch = "x86_64")]
                #[allow(unsafe_code)]
                crate::probe::Level::Avx512Vnni => unsafe { avx512($($arg),+) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                #[allow(unsafe_code)]
                crate::probe::Level::Avx2 => unsafe { avx2($($arg),+) },
                _ => body($($arg),+),
            }
        }
    };
}
pub(crate) use by_level;

/// Hands out some whole rows of `size` numbers at a time, with the number of their first.
fn rows(pool: &Pool, x: &mut [f32], size: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    let at_once = AT_ONCE.checked_div(size).unwrap_or(1).max(1);
    pool.chunks(x, at_once * size, |chunk, x| work(chunk * at_once, x));
}

/// As [`rows`], with rows beside them that are only read: `y` is as long as `x`.
fn pairwise(pool: &Pool, x: &mut [f32], y: &[f32], work: impl Fn(&mut [f32], &[f32]) + Sync) {
    pool.chunks(x, AT_ONCE, |chunk, x| {
        let from = chunk * AT_ONCE;
        work(x, &y[from..from + x.len()]);
    });
}
