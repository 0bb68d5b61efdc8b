//! Rotary positions: pair `i` of a head turns by `position * frequency[i]`.
//!
//! Source: Su et al. 2021, <https://arxiv.org/abs/2104.09864>. The ways to stretch them: linear
//! (Chen et al. 2023, arXiv 2306.15595), Llama 3.1's (arXiv 2407.21783, and its published code),
//! YaRN (Peng et al. 2023, arXiv 2309.00071, section 3.2), LongRoPE (arXiv 2402.13753).

mod said;

pub(super) use said::of;

use super::Pairs;
use std::f64::consts::TAU;

/// How heads are turned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rope {
    /// How many of a head's numbers turn; the rest stay.
    pub dims: usize,
    pub base: f64,
    pub scaling: Scaling,
    pub pairs: Pairs,
}

/// How positions beyond those of the training are reached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scaling {
    None,
    /// All frequencies are divided by it.
    Linear(f64),
    /// Each frequency is divided by its own number.
    Each(Factors),
    /// Low frequencies are divided by `factor`, high ones stay, and between them it fades.
    Llama3 {
        factor: f64,
        low: f64,
        high: f64,
        original: f64,
    },
    Yarn {
        factor: f64,
        original: f64,
        fast: f64,
        slow: f64,
        /// Multiplies the turned numbers.
        magnitude: f64,
        /// Whether the ends of the fading are rounded to whole pairs.
        rounded: bool,
    },
    /// One list of divisors up to `original` tokens of context, another beyond.
    Long {
        short: Factors,
        long: Factors,
        original: usize,
        magnitude: f64,
    },
}

/// A number for each pair.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Factors {
    /// A tensor (dims / 2).
    Tensor(String),
    Numbers(Vec<f64>),
}

impl Rope {
    /// The divisors that are to be looked up, for a context of so many tokens.
    pub fn factors(&self, context: usize) -> Option<&Factors> {
        match &self.scaling {
            Scaling::Each(factors) => Some(factors),
            Scaling::Long {
                short,
                long,
                original,
                ..
            } => Some(if context > *original { long } else { short }),
            _ => None,
        }
    }

    /// What the turned numbers are multiplied by.
    pub fn magnitude(&self) -> f64 {
        match self.scaling {
            Scaling::Yarn { magnitude, .. } | Scaling::Long { magnitude, .. } => magnitude,
            _ => 1.0,
        }
    }

    /// Each pair's frequency; `divisors` are the numbers of [`Rope::factors`].
    pub fn frequencies(&self, divisors: Option<&[f64]>) -> Vec<f64> {
        let plain = |pair: usize| self.base.powf(-2.0 * pair as f64 / self.dims as f64);
        let pairs = 0..self.dims / 2;
        match self.scaling {
            Scaling::None => pairs.map(plain).collect(),
            Scaling::Linear(factor) => pairs.map(|pair| plain(pair) / factor).collect(),
            Scaling::Each(_) | Scaling::Long { .. } => pairs
                .map(|pair| {
                    let divisor = divisors.and_then(|divisors| divisors.get(pair));
                    plain(pair) / divisor.copied().unwrap_or(1.0)
                })
                .collect(),
            Scaling::Llama3 {
                factor,
                low,
                high,
                original,
            } => pairs
                .map(|pair| {
                    let frequency = plain(pair);
                    let turns = original * frequency / TAU;
                    if turns < low {
                        frequency / factor
                    } else if turns > high {
                        frequency
                    } else {
                        let kept = (turns - low) / (high - low);
                        frequency * (kept + (1.0 - kept) / factor)
                    }
                })
                .collect(),
            Scaling::Yarn {
                factor,
                original,
                fast,
                slow,
                rounded,
                ..
            } => {
                // The pair that turns so many times over the original context.
                let dims = self.dims as f64;
                let pair_of =
                    |turns: f64| dims * (original / (turns * TAU)).ln() / (2.0 * self.base.ln());
                let (mut from, mut to) = (pair_of(fast), pair_of(slow));
                if rounded {
                    (from, to) = (from.floor(), to.ceil());
                }
                (from, to) = (from.max(0.0), to.min(dims - 1.0));
                if from == to {
                    to += 0.001;
                }
                pairs
                    .map(|pair| {
                        let divided = ((pair as f64 - from) / (to - from)).clamp(0.0, 1.0);
                        plain(pair) * (divided / factor + 1.0 - divided)
                    })
                    .collect()
            }
        }
    }
}
