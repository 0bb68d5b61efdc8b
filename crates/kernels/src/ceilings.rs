//! What this machine can do at most, measured: bytes read, and multiply-adds of whole numbers and
//! of fractions, by the best instructions. No kernel can be faster; how near one comes says how
//! good it is.

mod loops;

use crate::pool::Pool;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What all threads of a pool do together in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceilings {
    /// Bytes read from memory, in order; 0 where there was no memory to try it.
    pub read: f64,
    /// Multiply-adds of 8-bit whole numbers into 32 bits.
    pub integer: f64,
    /// Fused multiply-adds of f32.
    pub float: f64,
}

/// Bytes read: more than any cache holds that a core can use.
const BYTES: usize = 256 << 20;
/// Bytes that a thread reads before it asks for more.
const PIECE: usize = 1 << 20;
/// Pieces of arithmetic for each thread: one that was held up leaves the rest to the others.
const PIECES: usize = 8;
/// How long an attempt at arithmetic should take at least.
const ATTEMPT: Duration = Duration::from_millis(10);
/// Most rounds of a piece: some seconds, on whatever processor.
const ROUNDS: u64 = 1 << 32;
/// Attempts: the best counts, since nothing makes a machine faster than it is.
const ATTEMPTS: usize = 7;

/// Measures with the threads and the instructions of a pool: a third of a second, and 256 MB that
/// are given back.
pub fn ceilings(pool: &Pool) -> Ceilings {
    Ceilings {
        read: read(pool),
        integer: arithmetic(pool, loops::integer(pool.level())),
        float: arithmetic(pool, loops::float(pool.level())),
    }
}

fn read(pool: &Pool) -> f64 {
    let mut words: Vec<u64> = Vec::new();
    let length = BYTES / size_of::<u64>();
    if words.try_reserve_exact(length).is_err() {
        return 0.0;
    }
    // Written, so that each page is one of its own.
    words.resize(length, 1);
    let pieces: Vec<&[u64]> = words.chunks(PIECE / size_of::<u64>()).collect();
    let sum = loops::sum(pool.level());
    let attempt = || {
        let begun = Instant::now();
        pool.each(pieces.len(), |piece| {
            black_box(sum(pieces[piece]));
        });
        BYTES as f64 / begun.elapsed().as_secs_f64()
    };
    (0..ATTEMPTS).map(|_| attempt()).fold(0.0, f64::max)
}

fn arithmetic(pool: &Pool, one: loops::Arithmetic) -> f64 {
    let tasks = PIECES * pool.threads();
    let attempt = |rounds: u64| {
        let begun = Instant::now();
        pool.each(tasks, |_| (one.work)(black_box(rounds)));
        begun.elapsed()
    };
    let mut rounds = 1 << 10;
    while rounds < ROUNDS && attempt(rounds) < ATTEMPT {
        rounds *= 2;
    }
    let done = tasks as f64 * rounds as f64 * f64::from(one.each);
    let rate = |took: Duration| done / took.as_secs_f64();
    (0..ATTEMPTS)
        .map(|_| rate(attempt(rounds)))
        .fold(0.0, f64::max)
}
