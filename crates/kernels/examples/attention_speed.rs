//! How fast attention is for models' shapes: part of a prompt, and a token more, beside the
//! machine's ceilings in the same minute. One thread is timed by what the processor spent on it,
//! so that others may compute beside it; several need a machine of their own.
//!
//! `cargo run --release -p kernels --example attention_speed [THREADS [f16 | f32 | q8_0]]`

use kernels::{HeadScoring, KvKind, KvShape, LayerKv, Page, Pool, attend, ceilings};
use std::time::Instant;

/// Models' heads, heads of keys and values, and numbers of a head.
const SHAPES: [(&str, usize, usize, usize); 4] = [
    ("SmolLM2-135M", 9, 3, 64),
    ("Llama-3.2-1B", 32, 8, 64),
    ("Llama-2-7B", 32, 32, 128),
    ("Falcon-7B", 71, 1, 64),
];
/// Positions before, and tokens.
const STEPS: [(usize, usize); 7] = [
    (0, 512),
    (4096, 64),
    (8192, 64),
    (511, 1),
    (4095, 1),
    (8191, 1),
    (4092, 4),
];
/// Bytes of layers that are read in turn: more than any cache holds.
const BYTES: usize = 128 << 20;
/// Seconds for each measurement.
const LONG_ENOUGH: f64 = 0.3;

/// Seconds that this process was on a processor.
fn on_processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|first| first.parse().ok());
    nanoseconds.unwrap_or(0f64) / 1e9
}

/// What one call takes: of one thread the mean, of several the least.
fn seconds(pool: &Pool, mut work: impl FnMut()) -> f64 {
    work();
    let (begun, spent) = (Instant::now(), on_processor());
    let (mut calls, mut least) = (0, f64::MAX);
    while begun.elapsed().as_secs_f64() < LONG_ENOUGH {
        let called = Instant::now();
        work();
        least = least.min(called.elapsed().as_secs_f64());
        calls += 1;
    }
    let mean = (on_processor() - spent) / f64::from(calls);
    if pool.threads() == 1 && mean > 0.0 {
        mean
    } else {
        least
    }
}

fn main() {
    let threads = std::env::args().nth(1).and_then(|n| n.parse().ok());
    let pool = Pool::new(threads.unwrap_or(2));
    let kind = match std::env::args().nth(2).as_deref() {
        Some("f32") => KvKind::F32,
        Some("q8_0") => KvKind::Q8_0,
        _ => KvKind::F16,
    };
    let most = ceilings(&pool);
    println!(
        "{} threads, {}: at most {:.0} GFLOP/s, {:.1} GB/s",
        pool.threads(),
        pool.level().name(),
        2.0 * most.float / 1e9,
        most.read / 1e9
    );
    for (name, heads, kv_heads, size) in SHAPES {
        let shape = KvShape {
            kv_heads,
            key_size: size,
            value_size: size,
            kind,
        };
        let scoring = HeadScoring {
            heads,
            scale: 0.125,
            window: None,
            softcap: None,
            slopes: None,
            sinks: None,
        };
        for (past, tokens) in STEPS {
            let positions = past + tokens;
            let numbers = |count: usize| -> Vec<f32> {
                (0..count).map(|i| (i % 97) as f32 / 97.0 - 0.5).collect()
            };
            let rows = numbers(positions * kv_heads * size);
            let layers = BYTES / (positions.div_ceil(64) * shape.page_bytes());
            let layers: Vec<LayerKv> = (0..layers.max(2))
                .map(|_| {
                    let mut kv = LayerKv::new(shape);
                    kv.write(0, &rows, &rows);
                    kv
                })
                .collect();
            let queries = numbers(tokens * heads * size);
            let mut out = vec![0.0; queries.len()];
            let mut layer = layers.iter().cycle();
            let time = seconds(&pool, || {
                let kv = layer.next();
                kv.map(|kv| attend(&pool, kv, &queries, past, &scoring, &mut out));
            });
            let seen: usize = (past + 1..=positions).sum();
            let multiplied = (2 * seen * heads * size) as f64 / time;
            let read = (positions * shape.page_bytes() / Page::POSITIONS) as f64 / time;
            println!(
                "{name:13} {tokens:3} after {past:4}: {:9.1} us, {:6.1} GFLOP/s {:3.0}%, {:5.1} GB/s {:3.0}%",
                time * 1e6,
                2.0 * multiplied / 1e9,
                100.0 * multiplied / most.float,
                read / 1e9,
                100.0 * read / most.read
            );
        }
    }
}
