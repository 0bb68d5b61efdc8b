//! Which token comes next.
//!
//! In this order, as llama.cpp has it: penalties, the k likeliest, the likeliest that together
//! reach a probability, those likely enough beside the likeliest, temperature, the draw. The
//! vocabulary is never sorted: [`ranking`] finds as many of the likeliest as are looked at.

mod ranking;
#[cfg(test)]
mod tests;

pub(crate) use ranking::{likeliest, top};

use protocol::Sampling;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use ranking::{Ranking, maximum, reaching};
use std::collections::{HashMap, VecDeque};

/// Weights below this power of e beside the likeliest's are nothing: all of a vocabulary together
/// are less than the rounding of the sum.
const NOTHING: f64 = -50.0;

/// The probability of the likeliest token; what is far behind it does not count.
pub(crate) fn certainty(logits: &[f32]) -> f64 {
    let top = maximum(logits);
    let near = reaching(logits, top - 10.0).map(|logit| f64::from(logit - top).exp());
    1.0 / near.sum::<f64>()
}

/// Chooses tokens one after another; the same seed chooses the same.
pub(crate) struct Sampler {
    sampling: Sampling,
    random: ChaCha8Rng,
    seen: Seen,
    ranking: Ranking,
}

/// What the penalties look at.
#[derive(Default)]
struct Seen {
    /// Oldest first.
    tokens: VecDeque<u32>,
    /// How often each is among them.
    counts: HashMap<u32, u32>,
}

impl Seen {
    /// One more; only the last `most` count.
    fn push(&mut self, id: u32, most: usize) {
        self.tokens.push_back(id);
        *self.counts.entry(id).or_default() += 1;
        if self.tokens.len() > most
            && let Some(oldest) = self.tokens.pop_front()
            && let Some(count) = self.counts.get_mut(&oldest)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&oldest);
            }
        }
    }
}

impl Sampler {
    /// `before`: what was read already.
    pub fn new(sampling: &Sampling, before: &[u32]) -> Sampler {
        let mut sampler = Sampler {
            random: ChaCha8Rng::seed_from_u64(sampling.seed.unwrap_or(0)),
            seen: Seen::default(),
            ranking: Ranking::default(),
            sampling: sampling.clone(),
        };
        let from = before.len().saturating_sub(sampling.repeat_last_n as usize);
        for id in &before[from..] {
            sampler.see(*id);
        }
        sampler
    }

    /// The next token. `logits` has the vocabulary's size and is finite.
    pub fn choose(&mut self, logits: &mut [f32]) -> u32 {
        self.penalise(logits);
        let id = if self.sampling.temperature > 0.0 {
            self.draw(logits)
        } else {
            likeliest(logits)
        };
        self.see(id);
        id
    }

    fn see(&mut self, id: u32) {
        if self.penalises() {
            let most = self.sampling.repeat_last_n as usize;
            self.seen.push(id, most);
        }
    }

    fn penalises(&self) -> bool {
        let sampling = &self.sampling;
        let repeats = sampling.repeat_penalty > 0.0 && sampling.repeat_penalty != 1.0;
        repeats || sampling.presence_penalty != 0.0 || sampling.frequency_penalty != 0.0
    }

    fn penalise(&self, logits: &mut [f32]) {
        let sampling = &self.sampling;
        let repeat = sampling.repeat_penalty;
        for (id, count) in &self.seen.counts {
            let Some(logit) = logits.get_mut(*id as usize) else {
                continue;
            };
            if repeat > 0.0 {
                if *logit > 0.0 {
                    *logit /= repeat;
                } else {
                    *logit *= repeat;
                }
            }
            *logit -= sampling.presence_penalty + sampling.frequency_penalty * *count as f32;
        }
    }

    fn draw(&mut self, logits: &[f32]) -> u32 {
        let top = maximum(logits);
        let floor = self.floor(top);
        let cut = self.cut(logits, top);
        let temperature = f64::from(self.sampling.temperature);
        let weight = |logit: f32| (f64::from(logit - top) / temperature).exp();
        let sum: f64 = if cut {
            let found = self.ranking.found().iter();
            found.map(|(_, logit)| weight(*logit)).sum()
        } else {
            let nothing = (NOTHING * temperature) as f32 + top;
            reaching(logits, floor.max(nothing)).map(weight).sum()
        };
        // 53 random bits: a number from 0 up to, but not, 1.
        let random = (self.random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let mut left = random * sum;
        let mut index = 0;
        loop {
            let next = if cut {
                self.ranking.found().get(index).copied()
            } else {
                self.ranking.at(logits, floor, index)
            };
            let Some((id, logit)) = next else { break };
            left -= weight(logit);
            if left < 0.0 {
                return id;
            }
            index += 1;
        }
        // Only rounding comes here.
        self.ranking.found().first().map_or(0, |first| first.0)
    }

    /// min_p of the likeliest, as a logit.
    fn floor(&self, top: f32) -> f32 {
        match self.sampling.min_p {
            min_p if min_p > 0.0 => top + min_p.min(1.0).ln(),
            _ => f32::NEG_INFINITY,
        }
    }

    /// Ranks what may be drawn, where all that may be is no more than that; false where each
    /// token may be that reaches the floor, and none is ranked yet.
    fn cut(&mut self, logits: &[f32], top: f32) -> bool {
        let (top_k, top_p) = (self.sampling.top_k as usize, self.sampling.top_p);
        let floor = self.floor(top);
        let ranking = &mut self.ranking;
        ranking.truncate(0);
        if top_p >= 1.0 {
            if top_k > 0 {
                ranking.find(logits, floor, top_k);
            }
            return top_k > 0;
        }
        let probability = |logit: f32| f64::from(logit - top).exp();
        let sum: f64 = if top_k > 0 {
            ranking.find(logits, f32::NEG_INFINITY, top_k);
            ranking.found().iter().map(|c| probability(c.1)).sum()
        } else {
            reaching(logits, NOTHING as f32 + top)
                .map(probability)
                .sum()
        };
        let mut reached = 0.0;
        let mut count = 0;
        // Those under the floor are behind all others: none of them would be kept.
        while let Some((_, logit)) = if top_k > 0 {
            ranking.found().get(count).copied()
        } else {
            ranking.at(logits, floor, count)
        } {
            if logit < floor {
                break;
            }
            count += 1;
            reached += probability(logit) / sum;
            if reached >= f64::from(top_p) {
                break;
            }
        }
        ranking.truncate(count);
        true
    }
}
