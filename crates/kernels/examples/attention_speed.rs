//! How fast attention is, beside what the machine can do at most in the same minute.
//!
//! `cargo run --release -p kernels --example attention_speed [THREADS]` prints for models' shapes
//! the arithmetic of a prompt's part and of one token more, and which share it is of a ceiling:
//! fused multiply-adds that only registers feed, and bytes that are only read.
#![allow(unsafe_code)] // the ceiling needs the same instructions as what is measured

use kernels::{HeadScoring, KvKind, KvShape, LayerKv, Level, Pool, attend};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Models' heads, heads of keys and values, and numbers of a head.
const SHAPES: [(&str, usize, usize, usize); 4] = [
    ("SmolLM2-135M", 9, 3, 64),
    ("Llama-3.2-1B", 32, 8, 64),
    ("Llama-2-7B", 32, 32, 128),
    ("Falcon-7B", 71, 1, 64),
];

/// The shortest of some times.
fn shortest(mut work: impl FnMut()) -> f64 {
    work();
    let begun = Instant::now();
    let mut least = f64::MAX;
    while begun.elapsed() < Duration::from_millis(400) {
        let begun = Instant::now();
        work();
        least = least.min(begun.elapsed().as_secs_f64());
    }
    least
}

/// Twelve independent chains of fused multiply-adds, which is more than any processor needs to
/// keep all of its multipliers busy. Gives how many numbers were multiplied.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn chains_avx512(rounds: usize) -> usize {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_set1_ps};
    let factor = _mm512_set1_ps(black_box(0.5));
    let mut sums = [factor; 12];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, factor, factor);
        }
    }
    black_box(sums);
    rounds * 12 * 16
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn chains_avx2(rounds: usize) -> usize {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps};
    let factor = _mm256_set1_ps(black_box(0.5));
    let mut sums = [factor; 12];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(*sum, factor, factor);
        }
    }
    black_box(sums);
    rounds * 12 * 8
}

fn chains(rounds: usize) -> usize {
    let factor = black_box(0.5f32);
    let mut sums = [factor; 12];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, factor);
        }
    }
    black_box(sums);
    rounds * 12
}

/// Multiplications and additions a second.
fn most_arithmetic(pool: &Pool) -> f64 {
    let done = AtomicUsize::new(0);
    let time = shortest(|| {
        done.store(0, Ordering::Relaxed);
        pool.each(pool.threads(), |_| {
            const ROUNDS: usize = 1 << 17;
            let multiplied = match pool.level() {
                // SAFETY: a pool's level is one that the probe has seen.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512Vnni => unsafe { chains_avx512(ROUNDS) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { chains_avx2(ROUNDS) },
                _ => chains(ROUNDS),
            };
            done.fetch_add(2 * multiplied, Ordering::Relaxed);
        });
    });
    done.into_inner() as f64 / time
}

/// Bytes read a second.
fn most_bytes(pool: &Pool) -> f64 {
    let numbers = vec![1u64; 1 << 25];
    let time = shortest(|| {
        pool.each(64, |part| {
            let part = &numbers[part << 19..(part + 1) << 19];
            let mut sums = [0u64; 64];
            for eight in part.as_chunks::<64>().0 {
                for (sum, number) in sums.iter_mut().zip(eight) {
                    *sum ^= number;
                }
            }
            black_box(sums);
        });
    });
    (numbers.len() * 8) as f64 / time
}

fn main() {
    let threads = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(2);
    let pool = Pool::new(threads);
    let (arithmetic, bytes) = (most_arithmetic(&pool), most_bytes(&pool));
    println!(
        "{} threads, {}: at most {:.0} GFLOP/s, {:.1} GB/s",
        pool.threads(),
        pool.level().name(),
        arithmetic / 1e9,
        bytes / 1e9
    );
    for (name, heads, kv_heads, size) in SHAPES {
        for (past, tokens) in [
            (0usize, 512usize),
            (3584, 512),
            (511, 1),
            (4095, 1),
            (8191, 1),
            (4092, 4),
        ] {
            let shape = KvShape {
                kv_heads,
                key_size: size,
                value_size: size,
                kind: KvKind::F16,
            };
            let positions = past + tokens;
            // As many layers as are far more than what the processor keeps.
            let layers = (128 << 20) / (positions.div_ceil(64) * shape.page_bytes());
            let layers = if tokens > 64 { 1 } else { layers.max(1) };
            let numbers = |count: usize| -> Vec<f32> {
                (0..count).map(|i| (i % 97) as f32 / 97.0 - 0.5).collect()
            };
            let row = kv_heads * size;
            let rows = numbers(positions * row);
            let kvs: Vec<LayerKv> = (0..layers)
                .map(|_| {
                    let mut kv = LayerKv::new(shape);
                    assert!(kv.write(0, &rows, &rows));
                    kv
                })
                .collect();
            let queries = numbers(tokens * heads * size);
            let mut out = vec![0.0; queries.len()];
            let scoring = HeadScoring {
                heads,
                scale: 0.125,
                window: None,
                softcap: None,
                slopes: None,
                sinks: None,
            };
            let mut turn = kvs.iter().cycle();
            let time = shortest(|| {
                let there = turn.next();
                let attended = |kv| attend(&pool, kv, &queries, past, &scoring, &mut out);
                assert!(there.is_some_and(attended));
            });
            let seen: usize = (past + 1..=positions).sum();
            let done = (4 * seen * heads * size) as f64 / time;
            let read = (positions * row * 4) as f64 / time;
            println!(
                "{name:13} {tokens:3} tokens after {past:4}: {:8.1} us, {:5.1} GFLOP/s {:3.0}%, {:5.1} GB/s {:3.0}%",
                time * 1e6,
                done / 1e9,
                100.0 * done / arithmetic,
                read / 1e9,
                100.0 * read / bytes
            );
        }
    }
}
