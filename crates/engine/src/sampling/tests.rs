//! Sampling against the plain way, which sorts the whole vocabulary.

use super::ranking::Candidate;
use super::*;
use std::time::Instant;

/// The plain way: everything is sorted for each token.
struct Plain {
    sampling: Sampling,
    random: ChaCha8Rng,
    seen: Vec<u32>,
}

impl Plain {
    fn new(sampling: &Sampling, before: &[u32]) -> Plain {
        Plain {
            random: ChaCha8Rng::seed_from_u64(sampling.seed.unwrap_or(0)),
            seen: before.to_vec(),
            sampling: sampling.clone(),
        }
    }

    fn choose(&mut self, logits: &mut [f32]) -> u32 {
        let sampling = &self.sampling;
        let from = self
            .seen
            .len()
            .saturating_sub(sampling.repeat_last_n as usize);
        for (id, logit) in (0u32..).zip(logits.iter_mut()) {
            let count = self.seen[from..].iter().filter(|seen| **seen == id).count();
            if count == 0 {
                continue;
            }
            if sampling.repeat_penalty > 0.0 {
                if *logit > 0.0 {
                    *logit /= sampling.repeat_penalty;
                } else {
                    *logit *= sampling.repeat_penalty;
                }
            }
            *logit -= sampling.presence_penalty + sampling.frequency_penalty * count as f32;
        }
        let sorted = sorted(logits);
        let id = if sampling.temperature > 0.0 {
            let kept = kept(sampling, sorted);
            draw(&kept, sampling.temperature, &mut self.random)
        } else {
            sorted[0].0
        };
        self.seen.push(id);
        id
    }
}

fn sorted(logits: &[f32]) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = (0u32..).zip(logits.iter().copied()).collect();
    all.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap().then(a.0.cmp(&b.0)));
    all
}

fn kept(sampling: &Sampling, mut sorted: Vec<Candidate>) -> Vec<Candidate> {
    let top = sorted[0].1;
    if sampling.top_k > 0 {
        sorted.truncate(sampling.top_k as usize);
    }
    if sampling.top_p < 1.0 {
        let sum: f64 = sorted.iter().map(|c| f64::from(c.1 - top).exp()).sum();
        let mut reached = 0.0;
        let enough = sorted.iter().position(|candidate| {
            reached += f64::from(candidate.1 - top).exp() / sum;
            reached >= f64::from(sampling.top_p)
        });
        sorted.truncate(enough.map_or(sorted.len(), |at| at + 1));
    }
    if sampling.min_p > 0.0 {
        let floor = top + sampling.min_p.min(1.0).ln();
        sorted.retain(|(_, logit)| *logit >= floor);
    }
    sorted
}

fn draw(kept: &[Candidate], temperature: f32, random: &mut ChaCha8Rng) -> u32 {
    let (top, temperature) = (kept[0].1, f64::from(temperature));
    let weights: Vec<f64> = kept
        .iter()
        .map(|(_, logit)| (f64::from(logit - top) / temperature).exp())
        .collect();
    let random = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut left = random * weights.iter().sum::<f64>();
    for ((id, _), weight) in kept.iter().zip(&weights) {
        left -= weight;
        if left < 0.0 {
            return *id;
        }
    }
    kept[0].0
}

fn plain() -> Sampling {
    Sampling {
        temperature: 1.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
        repeat_penalty: 1.0,
        ..Sampling::default()
    }
}

/// Logits as models have them: a few far above the many; `levels` are the different values, of
/// which few make many equals.
fn logits(random: &mut ChaCha8Rng, vocabulary: usize, levels: u64, spread: f32) -> Vec<f32> {
    let mut one = || {
        let level = random.next_u64() % levels;
        let even = level as f32 / levels as f32;
        // The sixth power: mostly small.
        spread * (even.powi(6) * 2.0 - 1.0)
    };
    (0..vocabulary).map(|_| one()).collect()
}

#[test]
fn the_same_tokens_are_chosen_as_by_sorting() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut compared = 0;
    for (temperature, top_k, top_p, min_p) in [
        (0.0, 40, 0.95, 0.05),
        (0.7, 40, 0.95, 0.05),
        (1.0, 0, 1.0, 0.0),
        (1.5, 0, 1.0, 0.001),
        (1.0, 0, 0.9, 0.0),
        (0.3, 0, 0.999, 0.02),
        (2.0, 0, 0.5, 0.9),
        (1.0, 1, 1.0, 0.0),
        (1.0, 5, 1.0, 0.3),
        (1.0, 1000, 0.99, 0.0),
        (1.0, 100_000, 0.99, 0.01),
        (100.0, 100_000, 1.0, 0.0),
        (1e-6, 0, 1.0, 0.0),
        (1.0, 0, 0.0, 0.0),
        (0.8, 0, 1.0, 1.0),
    ] {
        for (repeat_penalty, presence_penalty, frequency_penalty, repeat_last_n) in [
            (1.0, 0.0, 0.0, 64),
            (1.3, 0.0, 0.0, 64),
            (1.0, 0.5, 0.25, 3),
            (0.8, -0.5, 0.0, 0),
        ] {
            let sampling = Sampling {
                temperature,
                top_k,
                top_p,
                min_p,
                repeat_penalty,
                repeat_last_n,
                presence_penalty,
                frequency_penalty,
                seed: Some(random.next_u64()),
            };
            for (vocabulary, levels, spread) in [
                (1, 9, 1.0),
                (31, 4, 3.0),
                (33, 1, 0.0),
                (700, 40, 9.0),
                (5000, 1 << 24, 14.0),
                (5000, 3, 1.0),
            ] {
                let before: Vec<u32> = (0..70).map(|i| i * 7 % vocabulary as u32).collect();
                let mut ours = Sampler::new(&sampling, &before);
                let mut plain = Plain::new(&sampling, &before);
                for _ in 0..8 {
                    let logits = logits(&mut random, vocabulary, levels, spread);
                    let (a, b) = (
                        ours.choose(&mut logits.clone()),
                        plain.choose(&mut logits.clone()),
                    );
                    assert_eq!(a, b, "{sampling:?} of {vocabulary}, {levels} levels");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 2000, "{compared}");
}

#[test]
fn the_likeliest_are_those_of_sorting() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for (vocabulary, levels) in [(1, 2), (64, 1), (65, 5), (3000, 1 << 20), (3000, 7)] {
        let logits = logits(&mut random, vocabulary, levels, 5.0);
        let sorted = sorted(&logits);
        for count in [0, 1, 2, 31, 64, 500, 3000, usize::MAX] {
            let found = top(&logits, count);
            assert_eq!(found, sorted[..count.min(vocabulary)], "{count}");
        }
        let mut ranking = Ranking::default();
        let floor = sorted[vocabulary / 2].1;
        let reach = sorted.iter().filter(|c| c.1 >= floor).count();
        for (index, expected) in sorted.iter().enumerate() {
            let expected = (index < reach).then_some(*expected);
            assert_eq!(ranking.at(&logits, floor, index), expected, "{index}");
        }
        assert_eq!(likeliest(&logits), sorted[0].0);
    }
    assert_eq!(likeliest(&[]), 0);
    assert_eq!(top(&[-0.0, 0.0, -0.0], 2), [(0, -0.0), (1, 0.0)]);
}

#[test]
#[ignore = "prints microseconds: cargo test -p engine --lib sampling -- --ignored --nocapture"]
fn time_of_a_token() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let cases = [
        (
            "greedy",
            Sampling {
                temperature: 0.0,
                ..plain()
            },
        ),
        ("default", Sampling::default()),
        (
            "penalties",
            Sampling {
                repeat_penalty: 1.1,
                ..Sampling::default()
            },
        ),
        (
            "top_p 0.9",
            Sampling {
                top_p: 0.9,
                ..plain()
            },
        ),
        (
            "min_p 0.05",
            Sampling {
                min_p: 0.05,
                ..plain()
            },
        ),
        ("all", plain()),
    ];
    for vocabulary in [49_152, 128_256, 262_144] {
        for (name, sampling) in &cases {
            let rows: Vec<Vec<f32>> = (0..8)
                .map(|_| logits(&mut random, vocabulary, 1 << 24, 14.0))
                .collect();
            let time = |choose: &mut dyn FnMut(&mut [f32]) -> u32| {
                let mut best = f64::MAX;
                for row in rows.iter().chain(&rows) {
                    let mut row = row.clone();
                    let begun = Instant::now();
                    std::hint::black_box(choose(&mut row));
                    best = best.min(begun.elapsed().as_secs_f64() * 1e6);
                }
                best
            };
            let mut ours = Sampler::new(sampling, &[1, 2, 3]);
            let mut sorting = Plain::new(sampling, &[]);
            let (ours, sorting) = (
                time(&mut |row| ours.choose(row)),
                time(&mut |row| sorting.choose(row)),
            );
            println!("{vocabulary} {name}: {ours:.0} us, by sorting {sorting:.0} us");
        }
    }
}

#[test]
fn draws_follow_the_probabilities() {
    let mut sampler = Sampler::new(&plain(), &[]);
    let mut counts = [0; 3];
    for _ in 0..10_000 {
        let mut logits = [0.7f32, 0.2, 0.1].map(f32::ln);
        counts[sampler.choose(&mut logits) as usize] += 1;
    }
    assert!((6_800..7_200).contains(&counts[0]), "{counts:?}");
    assert!((1_800..2_200).contains(&counts[1]), "{counts:?}");
}

#[test]
fn the_same_seed_draws_the_same() {
    let draws = |seed| {
        let sampling = Sampling {
            seed: Some(seed),
            ..plain()
        };
        let mut sampler = Sampler::new(&sampling, &[]);
        (0..20)
            .map(|_| sampler.choose(&mut [0.0; 50]))
            .collect::<Vec<_>>()
    };
    assert_eq!(draws(7), draws(7));
    assert_ne!(draws(7), draws(8));
}

#[test]
fn penalties_look_at_the_last_tokens_only() {
    let sampling = Sampling {
        temperature: 0.0,
        repeat_penalty: 2.0,
        presence_penalty: 0.25,
        frequency_penalty: 0.5,
        repeat_last_n: 2,
        ..plain()
    };
    let sampler = Sampler::new(&sampling, &[0, 1, 1]);
    let mut logits = [3.0, 4.0, -1.0];
    sampler.penalise(&mut logits);
    assert_eq!(logits, [3.0, 4.0 / 2.0 - 0.25 - 1.0, -1.0]);
}

#[test]
fn greedy_takes_the_likeliest_whatever_the_seed() {
    let sampling = Sampling {
        temperature: 0.0,
        seed: Some(3),
        ..plain()
    };
    let mut sampler = Sampler::new(&sampling, &[]);
    assert_eq!(sampler.choose(&mut [0.1, 0.9, 0.9]), 1);
}
