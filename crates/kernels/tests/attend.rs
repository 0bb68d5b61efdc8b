//! Attention against a plain reckoning in f64; one by one, many at once, and on every level of
//! instructions the same bits.

use kernels::{KeysValues, Level, Scoring, attend};

/// Numbers from -1 to 1 that repeat late.
fn numbers(count: usize, salt: u32) -> Vec<f32> {
    let mut state = 0x9e37_79b9_u32 ^ salt;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 * 2.0 - 1.0
        })
        .collect()
}

fn reckoned(kv: &KeysValues<'_>, query: &[f32], seen: usize) -> Vec<f64> {
    let dot = |key: &[f32]| -> f64 {
        query
            .iter()
            .zip(key)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    let scoring = kv.scoring;
    let begin = scoring
        .window
        .map_or(0, |window| seen.saturating_sub(window));
    let scores: Vec<f64> = kv
        .keys
        .chunks(kv.key_size)
        .take(seen)
        .enumerate()
        .map(|(position, key)| {
            if position < begin {
                return f64::NEG_INFINITY;
            }
            let bias = scoring.bias.map_or(0.0, |bias| f64::from(bias[position]));
            let score = (dot(key) + bias) * f64::from(kv.scale);
            match scoring.softcap.map(f64::from) {
                Some(cap) => (score / cap).tanh() * cap,
                None => score,
            }
        })
        .collect();
    let sink = scoring.sink.map_or(f64::NEG_INFINITY, f64::from);
    let largest = scores.iter().copied().fold(sink, f64::max);
    let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = weights.iter().sum::<f64>() + (sink - largest).exp();
    (0..kv.value_size)
        .map(|i| {
            let values = kv
                .values
                .chunks(kv.value_size)
                .map(|value| f64::from(value[i]));
            weights
                .iter()
                .zip(values)
                .map(|(weight, value)| weight / sum * value)
                .sum()
        })
        .collect()
}

fn check(key_size: usize, value_size: usize, past: usize, rows: usize, scoring: Scoring<'_>) {
    let positions = past + rows;
    let (keys, values) = (
        numbers(positions * key_size, 1),
        numbers(positions * value_size, 2),
    );
    let queries: Vec<f32> = numbers(rows * key_size, 3)
        .iter()
        .map(|x| x * 4.0)
        .collect();
    let scale = 1.0 / (key_size as f32).sqrt();
    let kv = KeysValues {
        keys: &keys,
        values: &values,
        key_size,
        value_size,
        scale,
        scoring,
    };
    let mut first: Option<Vec<f32>> = None;
    for level in Level::usable() {
        let mut out = vec![7.0; rows * value_size];
        assert!(attend(level, &kv, &queries, past + 1, &mut out));
        for (row, (query, found)) in queries
            .chunks(key_size)
            .zip(out.chunks(value_size))
            .enumerate()
        {
            let expected = reckoned(&kv, query, past + row + 1);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (f64::from(*found) - expected).abs() < 1e-5,
                    "{level:?} row {row}: {found} for {expected}"
                );
            }
            let mut alone = vec![7.0; value_size];
            assert!(attend(level, &kv, query, past + row + 1, &mut alone));
            assert_eq!(alone, found, "{level:?} row {row} alone");
        }
        assert_eq!(first.get_or_insert(out.clone()), &out, "{level:?}");
    }
}

#[test]
fn as_reckoned_and_the_same_bits_however_read() {
    for (key_size, value_size) in [(64, 64), (128, 128), (80, 80), (9, 5), (1, 1)] {
        for (past, rows) in [(0, 1), (0, 9), (3, 4), (200, 7)] {
            check(key_size, value_size, past, rows, Scoring::default());
        }
    }
}

#[test]
fn windows_caps_biases_and_sinks() {
    let bias = numbers(300, 5);
    let plain = Scoring::default;
    let bias = Some(&bias[..]);
    for scoring in [
        Scoring {
            window: Some(1),
            ..plain()
        },
        Scoring {
            window: Some(3),
            ..plain()
        },
        Scoring {
            window: Some(16),
            ..plain()
        },
        Scoring {
            window: Some(1000),
            ..plain()
        },
        Scoring {
            softcap: Some(2.0),
            ..plain()
        },
        Scoring { bias, ..plain() },
        Scoring {
            sink: Some(0.5),
            ..plain()
        },
        Scoring {
            sink: Some(-40.0),
            ..plain()
        },
        Scoring {
            window: Some(5),
            softcap: Some(3.0),
            bias,
            sink: Some(1.5),
        },
    ] {
        for (past, rows) in [(0, 1), (0, 9), (3, 4), (200, 7)] {
            check(24, 16, past, rows, scoring);
        }
    }
}

#[test]
fn sizes_that_do_not_agree_are_refused() {
    let numbers = [1.0; 64];
    let kv = KeysValues {
        keys: &numbers,
        values: &numbers,
        key_size: 16,
        value_size: 16,
        scale: 1.0,
        scoring: Scoring::default(),
    };
    let mut out = [7.0; 32];
    assert!(
        !attend(Level::Portable, &kv, &numbers[..32], 4, &mut out),
        "five positions of four"
    );
    assert!(!attend(Level::Portable, &kv, &numbers[..31], 1, &mut out));
    assert!(!attend(Level::Portable, &kv, &numbers[..32], 0, &mut out));
    assert!(!attend(Level::Portable, &kv, &numbers[..16], 1, &mut out));
    for scoring in [
        Scoring {
            window: Some(0),
            ..Scoring::default()
        },
        Scoring {
            bias: Some(&numbers[..1]),
            ..Scoring::default()
        },
    ] {
        let kv = KeysValues { scoring, ..kv };
        assert!(
            !attend(Level::Portable, &kv, &numbers[..32], 1, &mut out),
            "{scoring:?}"
        );
    }
    assert_eq!(out, [7.0; 32]);
}
