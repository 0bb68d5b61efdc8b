//! The steps between the matrices: against their formulas in f64, and the same bits on every
//! level, whatever stands beside a row and however many threads.

use kernels::steps::{
    Activation, Norm, NormKind, Pairs, Turns, activate, add, add_weighed, clip, gate, norm, normed,
    scale, softcap, turn,
};
use kernels::{Level, Pool};

/// A xorshift generator: the tests need variety, not quality.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Between -8 and 8.
    fn number(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 20) as f32 - 8.0
    }

    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.number()).collect()
    }

    /// Any bits: subnormals, infinities, and what is not a number.
    fn extremes(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| f32::from_bits(self.next() as u32))
            .collect()
    }
}

const ACTIVATIONS: [Activation; 5] = [
    Activation::Silu,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Relu,
    Activation::ClampedSwiglu { limit: 7.0 },
];

/// A step by its name.
type Step<'a> = (String, Box<dyn Fn(&Pool, &mut [f32], &[f32]) + 'a>);

/// Every step, on `x` with `y` beside it, both of whole rows of `size`, and what it needs besides.
fn steps<'a>(size: usize, weights: &'a [f32], angles: &'a [f32]) -> Vec<Step<'a>> {
    let mut all: Vec<Step<'a>> = vec![
        (
            "add".into(),
            Box::new(|pool, x, y| assert!(add(pool, x, y))),
        ),
        (
            "add weighed".into(),
            Box::new(|pool, x, y| assert!(add_weighed(pool, x, 0.3, y))),
        ),
        ("scale".into(), Box::new(|pool, x, _| scale(pool, x, 0.7))),
        ("clip".into(), Box::new(|pool, x, _| clip(pool, x, 5.0))),
        (
            "softcap".into(),
            Box::new(|pool, x, _| softcap(pool, x, 3.0)),
        ),
    ];
    for activation in ACTIVATIONS {
        all.push((
            format!("{activation:?}"),
            Box::new(move |pool, x, _| activate(pool, activation, x)),
        ));
        all.push((
            format!("{activation:?} as a gate"),
            Box::new(move |pool, x, y| assert!(gate(pool, activation, x, y))),
        ));
    }
    for kind in [NormKind::Rms, NormKind::Layer] {
        for (weight, bias) in [
            (None, None),
            (Some(weights), None),
            (Some(weights), Some(weights)),
        ] {
            let what = Norm {
                kind,
                size,
                weight,
                bias,
                eps: 1e-5,
            };
            all.push((
                format!("{kind:?} {}", weight.is_some()),
                Box::new(move |pool, x, _| assert!(norm(pool, &what, x))),
            ));
            all.push((
                format!("{kind:?} {} beside", weight.is_some()),
                Box::new(move |pool, x, y| assert!(normed(pool, &what, y, x))),
            ));
        }
    }
    for of in [Pairs::Neighbours, Pairs::Halves] {
        let pairs = size / 8; // two heads, of which the first half turns
        all.push((
            format!("{of:?}"),
            Box::new(move |pool, x, _| {
                let turned = x.len() / size * pairs;
                let turns = Turns {
                    cos: &angles[..turned],
                    sin: &angles[turned..2 * turned],
                    pairs,
                    of,
                };
                assert!(turn(pool, &turns, x, 2, size / 2));
            }),
        ));
    }
    all
}

fn bits(x: &[f32]) -> Vec<u32> {
    // Which bits say "not a number" differs between instructions, and nobody looks.
    let bits = |x: &f32| if x.is_nan() { u32::MAX } else { x.to_bits() };
    x.iter().map(bits).collect()
}

#[test]
fn every_level_and_number_of_threads_gives_the_same_bits() {
    let (rows, size) = (300, 72);
    let mut random = Random(1);
    for extreme in [false, true] {
        let mut numbers = |count| match extreme {
            true => random.extremes(count),
            false => random.numbers(count),
        };
        let (x, y) = (numbers(rows * size), numbers(rows * size));
        let (weights, angles) = (numbers(size), numbers(2 * rows * size));
        for (name, step) in steps(size, &weights, &angles) {
            let made = |level, threads| {
                let mut made = x.clone();
                step(&Pool::with_level(threads, level), &mut made, &y);
                bits(&made)
            };
            let plain = made(Level::Portable, 1);
            for level in Level::usable() {
                for threads in [1, 3] {
                    assert!(
                        made(level, threads) == plain,
                        "{name}: {level:?}, {threads} threads, extreme {extreme}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_row_is_the_same_whatever_stands_beside_it() {
    let (rows, size) = (200, 72);
    let mut random = Random(2);
    let (x, y) = (random.numbers(rows * size), random.numbers(rows * size));
    let weights = random.numbers(size);
    // The same angles for each row, so that a row alone has them too.
    let angle = random.number();
    let angles = vec![angle; 2 * rows * size];
    let pool = Pool::new(2);
    for (name, step) in steps(size, &weights, &angles) {
        let mut together = x.clone();
        step(&pool, &mut together, &y);
        for row in [0, 1, rows - 1] {
            let row = row * size..(row + 1) * size;
            let mut alone = x[row.clone()].to_vec();
            step(&pool, &mut alone, &y[row.clone()]);
            assert!(bits(&alone) == bits(&together[row]), "{name}");
        }
    }
}

#[test]
fn what_is_not_a_number_stays_so() {
    let size = 16;
    let (weights, angles) = (vec![1.0; size], vec![1.0; 2 * size]);
    for (name, step) in steps(size, &weights, &angles) {
        for level in Level::usable() {
            let (mut x, y) = (vec![f32::NAN; size], vec![f32::NAN; size]);
            step(&Pool::with_level(1, level), &mut x, &y);
            assert!(x.iter().all(|x| x.is_nan()), "{name}");
        }
    }
}

/// `found` is the formula's result, to a part in a million of the largest number around it.
fn check(what: &str, found: &[f32], expected: &[f64]) {
    let largest = expected.iter().fold(1e-3, |a: f64, b| a.max(b.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (f64::from(*found) - expected).abs();
        assert!(off <= 1e-6 * largest, "{what} {at}: {found} for {expected}");
    }
    assert_eq!(found.len(), expected.len(), "{what}");
}

/// The error function by its series. Source: Abramowitz and Stegun, 7.1.6.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * sum
}

#[test]
fn activations_are_their_formulas() {
    let pool = Pool::new(2);
    let mut random = Random(3);
    let (x, y) = (random.numbers(999), random.numbers(999));
    for activation in ACTIVATIONS {
        let of = |x: f64| match activation {
            Activation::Silu | Activation::ClampedSwiglu { .. } => x / (1.0 + (-x).exp()),
            Activation::Gelu => 0.5 * x * (1.0 + erf(x / 2f64.sqrt())),
            Activation::GeluTanh => {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
                0.5 * x * (1.0 + inner.tanh())
            }
            Activation::Relu => x.max(0.0),
        };
        let gated = |g: f64, u: f64| match activation {
            Activation::ClampedSwiglu { limit } => {
                let limit = f64::from(limit);
                let (g, u) = (g.min(limit), u.clamp(-limit, limit));
                g / (1.0 + (-1.702 * g).exp()) * (u + 1.0)
            }
            _ => of(g) * u,
        };
        let mut alone = x.clone();
        activate(&pool, activation, &mut alone);
        let expected: Vec<f64> = x.iter().map(|x| of(f64::from(*x))).collect();
        check(&format!("{activation:?}"), &alone, &expected);
        let mut both = x.clone();
        assert!(gate(&pool, activation, &mut both, &y));
        let expected = x.iter().zip(&y);
        let expected: Vec<f64> = expected
            .map(|(x, y)| gated(f64::from(*x), f64::from(*y)))
            .collect();
        check(&format!("{activation:?} as a gate"), &both, &expected);
    }
}

#[test]
fn norms_are_their_formulas() {
    let pool = Pool::new(2);
    let mut random = Random(4);
    for size in [1, 7, 16, 72, 576] {
        let (x, weight, bias) = (
            random.numbers(3 * size),
            random.numbers(size),
            random.numbers(size),
        );
        for kind in [NormKind::Rms, NormKind::Layer] {
            let what = Norm {
                kind,
                size,
                weight: Some(&weight),
                bias: Some(&bias),
                eps: 1e-3,
            };
            let mut found = x.clone();
            assert!(norm(&pool, &what, &mut found));
            let mut expected = Vec::new();
            for row in x.chunks(size) {
                let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
                let mean = match kind {
                    NormKind::Rms => 0.0,
                    NormKind::Layer => row.iter().sum::<f64>() / size as f64,
                };
                let square = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / size as f64;
                let scale = 1.0 / (square + f64::from(what.eps)).sqrt();
                let beside = row.iter().zip(weight.iter().zip(&bias));
                expected.extend(beside.map(|(x, (weight, bias))| {
                    (x - mean) * scale * f64::from(*weight) + f64::from(*bias)
                }));
            }
            check(&format!("{kind:?} of {size}"), &found, &expected);
        }
    }
}

#[test]
fn heads_are_turned() {
    let pool = Pool::new(1);
    let (a, b) = (0.5f32, 2.0f32);
    let (cos, sin) = ([a.cos(), b.cos()], [a.sin(), b.sin()]);
    for (of, partners) in [
        (Pairs::Neighbours, [(0, 1), (2, 3)]),
        (Pairs::Halves, [(0, 2), (1, 3)]),
    ] {
        let before = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut x = [before, before].concat(); // two heads of six, of which four turn
        let turns = Turns {
            cos: &cos,
            sin: &sin,
            pairs: 2,
            of,
        };
        assert!(turn(&pool, &turns, &mut x, 2, 6));
        for head in x.chunks(6) {
            let mut expected = before.map(f64::from);
            for ((low, high), angle) in partners.into_iter().zip([a, b]) {
                let (x, y) = (f64::from(before[low]), f64::from(before[high]));
                let (sin, cos) = f64::from(angle).sin_cos();
                expected[low] = x * cos - y * sin;
                expected[high] = x * sin + y * cos;
            }
            check(&format!("{of:?}"), head, &expected);
        }
    }
}

#[test]
fn sizes_that_do_not_agree_are_refused() {
    let pool = Pool::new(1);
    let mut x = vec![1.0; 12];
    let one = |size, weight| Norm {
        kind: NormKind::Rms,
        size,
        weight,
        bias: None,
        eps: 0.0,
    };
    assert!(!add(&pool, &mut x, &[1.0; 11]));
    assert!(!gate(&pool, Activation::Silu, &mut x, &[1.0; 13]));
    assert!(!norm(&pool, &one(0, None), &mut x));
    assert!(!norm(&pool, &one(5, None), &mut x));
    assert!(!norm(&pool, &one(6, Some(&[1.0; 5])), &mut x));
    assert!(!normed(&pool, &one(6, None), &[1.0; 6], &mut x));
    let turns = Turns {
        cos: &[1.0; 4],
        sin: &[1.0; 4],
        pairs: 2,
        of: Pairs::Halves,
    };
    assert!(!turn(&pool, &turns, &mut x, 0, 6));
    assert!(!turn(&pool, &turns, &mut x, 1, 3));
    assert!(!turn(&pool, &turns, &mut x, 2, 3));
    assert!(!turn(&pool, &turns, &mut x, 1, 12));
    assert!(x.iter().all(|x| *x == 1.0));
}
