//! Attention against a plain reckoning in f64; and the same bits one by one, many at once, on all
//! threads and every level of instructions.

mod common;

use common::numbers;
use kernels::{HeadScoring, KvKind, KvShape, LayerKv, Level, Page, Pool, attend};
use std::sync::Arc;

/// A layer of which `positions` are written.
struct Layer {
    shape: KvShape,
    heads: usize,
    keys: Vec<f32>,    // (positions, kv_heads * key_size)
    values: Vec<f32>,  // (positions, kv_heads * value_size)
    queries: Vec<f32>, // (positions, heads * key_size)
}

impl Layer {
    /// Keys and values are halves, and where there are whole blocks of q8_0, those of a scale of
    /// 1/64, so that they are the same in pages of every kind.
    fn new(heads: usize, shape: KvShape, positions: usize) -> Layer {
        let whole = has_blocks(shape);
        let exact = |size: usize, salt| {
            let numbers = numbers(positions * shape.kv_heads * size, salt);
            let numbers = numbers.iter().enumerate().map(|(i, x)| match whole {
                true if i % 32 == 5 => 127.0 / 64.0,
                true => (x * 256.0).round().clamp(-127.0, 127.0) / 64.0,
                false => (x * 256.0).round() / 64.0,
            });
            numbers.collect()
        };
        Layer {
            shape,
            heads,
            keys: exact(shape.key_size, 1),
            values: exact(shape.value_size, 2),
            queries: numbers(positions * heads * shape.key_size, 3),
        }
    }

    fn plain(&self) -> HeadScoring<'static> {
        HeadScoring {
            heads: self.heads,
            scale: 1.0 / (self.shape.key_size as f32).sqrt(),
            window: None,
            softcap: None,
            slopes: None,
            sinks: None,
        }
    }

    fn positions(&self) -> usize {
        self.queries.len() / (self.heads * self.shape.key_size)
    }

    /// Tokens `from..until` read at once.
    fn read(
        &self,
        pool: &Pool,
        kv: &mut LayerKv,
        scoring: &HeadScoring<'_>,
        from: usize,
        until: usize,
    ) -> Vec<f32> {
        let rows = |numbers: &[f32]| {
            let row = numbers.len() / self.positions();
            numbers[from * row..until * row].to_vec()
        };
        assert!(kv.write(from, &rows(&self.keys), &rows(&self.values)));
        let mut out = vec![7.0; (until - from) * self.heads * self.shape.value_size];
        let queries = rows(&self.queries);
        assert!(attend(pool, kv, &queries, from, scoring, &mut out));
        out
    }

    /// All of it, so many tokens at once.
    fn all(&self, pool: &Pool, scoring: &HeadScoring<'_>, at_once: usize) -> Vec<f32> {
        let mut kv = LayerKv::new(self.shape);
        let steps = (0..self.positions()).step_by(at_once);
        steps
            .flat_map(|from| {
                let until = (from + at_once).min(self.positions());
                self.read(pool, &mut kv, scoring, from, until)
            })
            .collect()
    }

    fn reckoned(&self, scoring: &HeadScoring<'_>, token: usize, head: usize) -> Vec<f64> {
        let KvShape {
            kv_heads,
            key_size,
            value_size,
            ..
        } = self.shape;
        let kv_head = head / (self.heads / kv_heads);
        let query = &self.queries[(token * self.heads + head) * key_size..][..key_size];
        let begin = (token + 1).saturating_sub(scoring.window.unwrap_or(usize::MAX));
        let score = |position: usize| -> f64 {
            let key = &self.keys[(position * kv_heads + kv_head) * key_size..];
            let products = query.iter().zip(key);
            let mut score: f64 = products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            if let Some(slopes) = scoring.slopes {
                let fall = bf16(bf16(slopes[head]) * position as f32);
                score += f64::from(fall);
            }
            score *= f64::from(scoring.scale);
            match scoring.softcap.map(f64::from) {
                Some(cap) => (score / cap).tanh() * cap,
                None => score,
            }
        };
        let scores: Vec<f64> = (begin..=token).map(score).collect();
        let sink = scoring
            .sinks
            .map_or(f64::NEG_INFINITY, |sinks| f64::from(sinks[head]));
        let largest = scores.iter().copied().fold(sink, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
        let sum: f64 = weights.iter().sum::<f64>() + (sink - largest).exp();
        let value = |position: usize, i: usize| {
            f64::from(self.values[(position * kv_heads + kv_head) * value_size + i])
        };
        (0..value_size)
            .map(|i| {
                let weighted = weights.iter().zip(begin..);
                weighted
                    .map(|(weight, position)| weight / sum * value(position, i))
                    .sum()
            })
            .collect()
    }

    /// As reckoned; and the same bits in every way of reading.
    fn check(&self, scoring: &HeadScoring<'_>) {
        let name = format!("{:?} of {} {scoring:?}", self.shape, self.positions());
        let first = self.all(&Pool::new(1), scoring, self.positions());
        for (row, found) in first.chunks(self.shape.value_size).enumerate() {
            let expected = self.reckoned(scoring, row / self.heads, row % self.heads);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (f64::from(*found) - expected).abs() < 4e-5,
                    "row {row}: {found} for {expected} {name}"
                );
            }
        }
        let bits = |numbers: &[f32]| -> Vec<u32> { numbers.iter().map(|x| x.to_bits()).collect() };
        for level in Level::usable() {
            let pool = Pool::with_level(3, level);
            for kind in kinds(self.shape) {
                let shape = KvShape { kind, ..self.shape };
                let layer = Layer {
                    shape,
                    queries: self.queries.clone(),
                    keys: self.keys.clone(),
                    values: self.values.clone(),
                    ..*self
                };
                for at_once in [1, 2, 7, 64, self.positions()] {
                    let found = layer.all(&pool, scoring, at_once);
                    assert!(
                        bits(&first) == bits(&found),
                        "{level:?} {kind:?} by {at_once}: {name}"
                    );
                }
            }
        }
    }
}

/// The nearest bfloat16, by way of the two neighbours.
fn bf16(x: f32) -> f32 {
    let low = f32::from_bits(x.to_bits() & 0xffff_0000);
    let high = f32::from_bits((x.to_bits() & 0xffff_0000) + 0x1_0000);
    let even = low.to_bits() >> 16 & 1 == 0;
    let (down, up) = ((x - low).abs(), (high - x).abs());
    if down < up || down == up && even {
        low
    } else {
        high
    }
}

fn shape(kv_heads: usize, key_size: usize, value_size: usize) -> KvShape {
    KvShape {
        kv_heads,
        key_size,
        value_size,
        kind: KvKind::F16,
    }
}

fn has_blocks(shape: KvShape) -> bool {
    KvKind::Q8_0.of_sizes(shape.key_size, shape.value_size) == KvKind::Q8_0
}

/// What such heads can be stored as.
fn kinds(shape: KvShape) -> Vec<KvKind> {
    let all = [KvKind::F16, KvKind::F32, KvKind::Q8_0];
    let can = all
        .into_iter()
        .filter(|kind| *kind != KvKind::Q8_0 || has_blocks(shape));
    can.collect()
}

#[test]
fn as_reckoned_and_the_same_bits_however_read() {
    for (heads, shape, positions) in [
        (1, shape(1, 1, 1), 3),
        (2, shape(2, 9, 5), 66),
        (4, shape(2, 8, 8), 130),
        (9, shape(3, 64, 64), 70),
        (14, shape(2, 32, 96), 130),
        (1, shape(1, 160, 32), 66),
        (6, shape(6, 96, 96), 65),
        (4, shape(1, 256, 256), 67),
        (71, shape(1, 64, 64), 20),
        (128, shape(128, 16, 24), 5),
        (5, shape(1, 80, 112), 129),
    ] {
        let layer = Layer::new(heads, shape, positions);
        layer.check(&layer.plain());
    }
}

#[test]
fn windows_caps_slopes_and_sinks() {
    let layer = Layer::new(6, shape(2, 24, 16), 200);
    let in_blocks = Layer::new(6, shape(2, 32, 64), 200);
    let slopes = [0.5, 0.25, 0.1, 0.03, 0.004, 0.7];
    let sinks = [0.5, -40.0, 1.5, 30.0, 0.0, f32::NEG_INFINITY];
    let plain = layer.plain();
    for window in [1, 3, 63, 64, 65, 100, 1000] {
        in_blocks.check(&HeadScoring {
            window: Some(window),
            ..in_blocks.plain()
        });
        layer.check(&HeadScoring {
            window: Some(window),
            ..plain
        });
    }
    for scoring in [
        HeadScoring {
            softcap: Some(2.0),
            ..plain
        },
        HeadScoring {
            slopes: Some(&slopes),
            ..plain
        },
        HeadScoring {
            sinks: Some(&sinks),
            ..plain
        },
        HeadScoring {
            window: Some(70),
            softcap: Some(3.0),
            slopes: Some(&slopes),
            sinks: Some(&sinks),
            ..plain
        },
    ] {
        layer.check(&scoring);
    }
}

/// So that an answer does not depend on the machine either, as far as attention goes: a number of
/// the results' bits that all levels of instructions and all architectures must come to.
#[test]
fn the_same_bits_on_every_processor() {
    let layer = Layer::new(5, shape(1, 48, 40), 150);
    let (slopes, sinks) = ([0.5, 0.25, 0.1, 0.03, 0.004], [0.5, -40.0, 1.5, 30.0, 0.0]);
    let scoring = HeadScoring {
        window: Some(100),
        softcap: Some(3.0),
        slopes: Some(&slopes),
        sinks: Some(&sinks),
        ..layer.plain()
    };
    // In 8 bits, of numbers that are rounded to them.
    let mut eight = Layer::new(5, shape(1, 64, 32), 150);
    eight.shape.kind = KvKind::Q8_0;
    (eight.keys, eight.values) = (numbers(150 * 64, 4), numbers(150 * 32, 5));
    for (layer, scoring, expected) in [
        (&layer, layer.plain(), 0x3281_e508_3515_3af6),
        (&layer, scoring, 0x8fe0_b71a_eb5e_d34b),
        (&eight, eight.plain(), 0x1994_65f5_0800_b0e1),
    ] {
        let found = layer.all(&Pool::new(2), &scoring, 150);
        let bytes = found.iter().flat_map(|x| x.to_bits().to_le_bytes());
        // FNV-1a of 64 bits.
        let number = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(number, expected, "{number:#x} {scoring:?}");
    }
}

#[test]
fn what_lies_beyond_a_cut_and_on_a_fork_changes_nothing() {
    let layer = Layer::new(4, shape(2, 32, 32), 150);
    let (pool, scoring) = (Pool::new(2), layer.plain());
    let afresh = layer.all(&pool, &scoring, 150);
    let row = 4 * 32;
    for kind in kinds(layer.shape) {
        let shape = KvShape {
            kind,
            ..layer.shape
        };
        let mut kv = LayerKv::new(shape);
        layer.read(&pool, &mut kv, &scoring, 0, 140);
        // Another answer, of numbers that would spoil everything they touch.
        let rubbish = vec![f32::NAN; 30 * 64];
        assert!(kv.write(100, &rubbish, &rubbish));
        let mut fork = kv.clone();
        kv.truncate(100);
        for kv in [&mut fork, &mut kv] {
            for token in 100..150 {
                let out = layer.read(&pool, kv, &scoring, token, token + 1);
                assert_eq!(out, afresh[token * row..][..row], "{kind:?} {token}");
            }
        }
        assert!(kv.write(100, &rubbish, &rubbish));
        assert_eq!(
            layer.read(&pool, &mut kv, &scoring, 100, 117),
            afresh[100 * row..117 * row],
            "{kind:?}"
        );
    }
}

#[test]
fn pages_that_were_bytes_in_between_give_the_same_bits() {
    let layer = Layer::new(6, shape(2, 32, 64), 150);
    let (pool, scoring) = (Pool::new(2), layer.plain());
    let afresh = layer.all(&pool, &scoring, 150);
    for kind in kinds(layer.shape) {
        let shape = KvShape {
            kind,
            ..layer.shape
        };
        let mut kv = LayerKv::new(shape);
        layer.read(&pool, &mut kv, &scoring, 0, 140);
        let mut stored = LayerKv::new(shape);
        for page in &kv.pages()[..2] {
            let page = Page::from_bytes(shape, page.bytes()).expect("as many bytes");
            assert!(stored.push(Arc::new(page)));
        }
        let rest = layer.read(&pool, &mut stored, &scoring, 128, 150);
        assert_eq!(rest, afresh[128 * 6 * 64..], "{kind:?}");
    }
}

/// What 8 bits cost: keys and values of a normal size, of which each is off by at most a 254th of
/// the largest of its block.
#[test]
fn in_8_bits_as_in_32_within_a_hundredth() {
    let mut layer = Layer::new(8, shape(2, 64, 128), 300);
    layer.keys = numbers(300 * 2 * 64, 4);
    layer.values = numbers(300 * 2 * 128, 5);
    let (pool, scoring) = (Pool::new(2), layer.plain());
    let [exact, eight] = [KvKind::F32, KvKind::Q8_0].map(|kind| {
        layer.shape.kind = kind;
        layer.all(&pool, &scoring, 300)
    });
    for (exact, eight) in exact.chunks(128).zip(eight.chunks(128)) {
        let size = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>().sqrt();
        let apart = size(&mut exact.iter().zip(eight).map(|(a, b)| a - b));
        let all = size(&mut exact.iter().copied());
        assert!(apart > 0.0 && apart <= 0.01 * all, "{apart} of {all}");
    }
}

#[test]
fn long_contexts_whose_parts_have_no_room_at_once() {
    let heads = 64;
    let layer = Layer::new(heads, shape(1, 2, 256), 34_000);
    let scoring = layer.plain();
    let (mut kv, numbers) = (LayerKv::new(layer.shape), (&layer.keys, &layer.values));
    assert!(kv.write(0, numbers.0, numbers.1));
    let queries = &layer.queries[33_999 * heads * 2..];
    let of = |threads: usize| {
        let mut out = vec![7.0; heads * 256];
        let pool = Pool::new(threads);
        assert!(attend(&pool, &kv, queries, 33_999, &scoring, &mut out));
        out
    };
    let alone = of(1);
    for head in [0, 63] {
        let expected = layer.reckoned(&scoring, 33_999, head);
        for (found, expected) in alone[head * 256..].iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 4e-5);
        }
    }
    assert!(of(3) == alone);
}

/// What a token may see is spoiled at one position by `spoil`; those before it must not change.
fn spoiled(at: usize, spoil: impl Fn(&mut Layer, usize)) -> (Vec<f32>, Vec<f32>) {
    let mut layer = Layer::new(3, shape(1, 16, 16), 200);
    layer.shape.kind = KvKind::F32;
    let (pool, scoring) = (Pool::new(2), layer.plain());
    let before = layer.all(&pool, &scoring, 200);
    spoil(&mut layer, at);
    let after = layer.all(&pool, &scoring, 200);
    let row = 3 * 16;
    assert_eq!(before[..at * row], after[..at * row], "from {at} on");
    assert_ne!(before[at * row..], after[at * row..], "from {at} on");
    (before[at * row..].to_vec(), after[at * row..].to_vec())
}

#[test]
fn what_is_not_finite_spoils_nothing_before_it() {
    for at in [0, 1, 63, 64, 77, 199] {
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let (_, after) = spoiled(at, |layer, at| layer.values[at * 16 + 3] = number);
            let beside = |i: &usize| i % 16 != 3;
            let finite = |i: usize| after[i].is_finite();
            assert!((0..after.len()).filter(beside).all(finite), "{number}");
            assert!((3..after.len()).step_by(16).all(|i| !finite(i)), "{number}");
        }
        let (_, after) = spoiled(at, |layer, at| layer.keys[at * 16] = f32::NAN);
        assert!(after.iter().all(|x| x.is_nan()), "{at}");
    }
}

#[test]
fn scores_beyond_all_measure() {
    // All weight goes to the position of the largest score, whatever its size.
    let mut layer = Layer::new(2, shape(1, 4, 4), 130);
    layer.shape.kind = KvKind::F32;
    for (position, key) in layer.keys.chunks_exact_mut(4).enumerate() {
        key.fill(if position == 70 { 1e30 } else { -1e30 });
    }
    layer.queries.fill(1e8);
    let scoring = layer.plain();
    let found = layer.all(&Pool::new(2), &scoring, 130);
    for token in 70..130 {
        assert_eq!(found[token * 8..][..4], layer.values[70 * 4..][..4]);
    }
    // Infinite scores weigh nothing where they are below all others.
    for key in layer.keys.chunks_exact_mut(4).take(70) {
        key.fill(-1e38);
    }
    let found = layer.all(&Pool::new(2), &scoring, 130);
    assert_eq!(found[129 * 8..][..4], layer.values[70 * 4..][..4]);
}

#[test]
fn sizes_that_do_not_agree_are_refused() {
    let layer = Layer::new(4, shape(2, 16, 8), 3);
    let (pool, plain) = (Pool::new(1), layer.plain());
    let mut kv = LayerKv::new(layer.shape);
    layer.read(&pool, &mut kv, &plain, 0, 3);
    let mut out = [7.0; 4 * 8 * 2];
    let queries = [1.0; 4 * 16 * 2];
    let mut refused = |queries: usize, past: usize, scoring: HeadScoring<'_>, size: usize| {
        let numbers = [1.0; 4 * 16 * 2];
        let out = &mut out[..size];
        assert!(
            !attend(&pool, &kv, &numbers[..queries], past, &scoring, out),
            "{queries} {past} {size} {scoring:?}"
        );
    };
    refused(127, 0, plain, 64);
    refused(64, 0, plain, 64);
    refused(128, 0, plain, 63);
    refused(128, 63, plain, 64);
    refused(128, usize::MAX, plain, 64);
    let short = &queries[..3];
    for scoring in [
        HeadScoring { heads: 0, ..plain },
        HeadScoring { heads: 3, ..plain },
        HeadScoring {
            window: Some(0),
            ..plain
        },
        HeadScoring {
            slopes: Some(short),
            ..plain
        },
        HeadScoring {
            sinks: Some(short),
            ..plain
        },
    ] {
        refused(128, 0, scoring, 64);
    }
    assert_eq!(out, [7.0; 64]);
    assert!(attend(&pool, &kv, &[], 3, &plain, &mut []), "no token");
}
