//! Which token comes next.
//!
//! In this order, as llama.cpp has it: penalties, the k likeliest, the likeliest that together
//! reach a probability, those likely enough beside the likeliest, temperature, the draw.

use protocol::Sampling;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Chooses tokens one after another; the same seed chooses the same.
pub(crate) struct Sampler {
    sampling: Sampling,
    random: ChaCha8Rng,
    /// What the penalties look at, oldest first.
    seen: Vec<u32>,
}

type Candidate = (u32, f32);

/// Likeliest first; among equals the smaller id, so that the order never depends on the search.
fn likelier(a: &Candidate, b: &Candidate) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

impl Sampler {
    /// `before`: what was read already.
    pub fn new(sampling: &Sampling, before: &[u32]) -> Sampler {
        Sampler {
            random: ChaCha8Rng::seed_from_u64(sampling.seed.unwrap_or(0)),
            seen: last(before, sampling.repeat_last_n).to_vec(),
            sampling: sampling.clone(),
        }
    }

    /// The next token. `logits` has the vocabulary's size and is finite.
    pub fn choose(&mut self, logits: &mut [f32]) -> u32 {
        self.penalise(logits);
        let id = if self.sampling.temperature > 0.0 {
            self.draw(logits)
        } else {
            likeliest(logits)
        };
        self.seen.push(id);
        id
    }

    fn penalise(&self, logits: &mut [f32]) {
        let sampling = &self.sampling;
        let mut counts: HashMap<u32, f32> = HashMap::new();
        for id in last(&self.seen, sampling.repeat_last_n) {
            *counts.entry(*id).or_default() += 1.0;
        }
        let repeat = sampling.repeat_penalty;
        for (id, count) in counts {
            let Some(logit) = logits.get_mut(id as usize) else {
                continue;
            };
            if repeat > 0.0 {
                if *logit > 0.0 {
                    *logit /= repeat;
                } else {
                    *logit *= repeat;
                }
            }
            *logit -= sampling.presence_penalty + sampling.frequency_penalty * count;
        }
    }

    fn draw(&mut self, logits: &[f32]) -> u32 {
        let mut candidates = self.candidates(logits);
        let Some(top) = candidates.first().map(|top| top.1) else {
            return 0;
        };
        let temperature = f64::from(self.sampling.temperature);
        let weights: Vec<f64> = candidates
            .iter()
            .map(|(_, logit)| (f64::from(logit - top) / temperature).exp())
            .collect();
        // 53 random bits: a number from 0 up to, but not, 1.
        let random = (self.random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let mut left = random * weights.iter().sum::<f64>();
        for ((id, _), weight) in candidates.iter().zip(&weights) {
            left -= weight;
            if left < 0.0 {
                return *id;
            }
        }
        // Only rounding comes here.
        candidates.truncate(1);
        candidates[0].0
    }

    /// What may be drawn, likeliest first; never empty for a vocabulary that is not.
    fn candidates(&self, logits: &[f32]) -> Vec<Candidate> {
        let sampling = &self.sampling;
        let top = logits.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        // min_p of the likeliest, as a logit: all below goes before anything is sorted.
        let floor = match sampling.min_p {
            min_p if min_p > 0.0 => top + min_p.min(1.0).ln(),
            _ => f32::NEG_INFINITY,
        };
        let all = (0u32..).zip(logits.iter().copied());
        if sampling.top_k == 0 && sampling.top_p >= 1.0 {
            let mut candidates: Vec<_> = all.filter(|(_, logit)| *logit >= floor).collect();
            candidates.sort_unstable_by(likelier);
            return candidates;
        }
        let mut candidates: Vec<Candidate> = if sampling.top_k == 0 {
            all.collect()
        } else {
            largest(all.collect(), sampling.top_k as usize)
        };
        candidates.sort_unstable_by(likelier);
        if sampling.top_p < 1.0 {
            let sum: f64 = candidates.iter().map(|c| f64::from(c.1 - top).exp()).sum();
            let mut reached = 0.0;
            let enough = candidates.iter().position(|candidate| {
                reached += f64::from(candidate.1 - top).exp() / sum;
                reached >= f64::from(sampling.top_p)
            });
            candidates.truncate(enough.map_or(candidates.len(), |at| at + 1));
        }
        candidates.retain(|(_, logit)| *logit >= floor);
        candidates
    }
}

/// The `count` likeliest, in no order.
pub(crate) fn largest(mut candidates: Vec<Candidate>, count: usize) -> Vec<Candidate> {
    if count < candidates.len() {
        candidates.select_nth_unstable_by(count, likelier);
        candidates.truncate(count);
    }
    candidates
}

/// The `count` likeliest tokens with their logits, likeliest first.
pub(crate) fn top(logits: &[f32], count: usize) -> Vec<Candidate> {
    let mut candidates = largest((0u32..).zip(logits.iter().copied()).collect(), count);
    candidates.sort_unstable_by(likelier);
    candidates
}

/// The likeliest token, the smallest id among equals.
pub(crate) fn likeliest(logits: &[f32]) -> u32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (id, logit) in (0u32..).zip(logits) {
        if *logit > best.1 {
            best = (id, *logit);
        }
    }
    best.0
}

fn last(ids: &[u32], count: u32) -> &[u32] {
    &ids[ids.len().saturating_sub(count as usize)..]
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn check(sampling: Sampling, logits: &[f32], ids: &[u32]) {
        let candidates = Sampler::new(&sampling, &[]).candidates(logits);
        let found: Vec<u32> = candidates.iter().map(|c| c.0).collect();
        assert_eq!(found, ids, "{sampling:?}");
    }

    #[test]
    fn candidates_are_cut_as_asked() {
        let logits = [0.5f32, 0.1, 0.2, 0.2].map(f32::ln);
        check(plain(), &logits, &[0, 2, 3, 1]);
        check(
            Sampling {
                top_k: 2,
                ..plain()
            },
            &logits,
            &[0, 2],
        );
        check(
            Sampling {
                top_p: 0.6,
                ..plain()
            },
            &logits,
            &[0, 2],
        );
        check(
            Sampling {
                top_p: 0.0,
                ..plain()
            },
            &logits,
            &[0],
        );
        check(
            Sampling {
                min_p: 0.3,
                ..plain()
            },
            &logits,
            &[0, 2, 3],
        );
        check(
            Sampling {
                min_p: 1.0,
                ..plain()
            },
            &logits,
            &[0],
        );
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
}
