//! Rotary positions: pair `i` of a head turns by `position * frequency[i]`.
//!
//! Source: Su et al. 2021, <https://arxiv.org/abs/2104.09864>. The ways to stretch them: linear
//! (Chen et al. 2023, arXiv 2306.15595), Llama 3.1's (arXiv 2407.21783, and its published code),
//! YaRN (Peng et al. 2023, arXiv 2309.00071, section 3.2), LongRoPE (arXiv 2402.13753).

use super::facts::Facts;
use formats::keys::{CONTEXT, Fact, ROPE_BASE};
use protocol::AppError;
use serde_json::Value as Json;
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

/// Which numbers of a head turn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairs {
    /// Neighbours: 2i and 2i + 1.
    Neighbours,
    /// Halves: i and i + dims / 2.
    Halves,
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

const DIMS: Fact = Fact {
    gguf: "rope.dimension_count",
    config: &[],
};
const PART: Fact = Fact {
    gguf: "",
    config: &[
        "partial_rotary_factor",
        "rope_parameters.partial_rotary_factor",
    ],
};
const KIND: Fact = Fact {
    gguf: "rope.scaling.type",
    config: &[
        "rope_scaling.rope_type",
        "rope_parameters.rope_type",
        "rope_scaling.type",
        "rope_parameters.type",
        "rope_parameters.full_attention.rope_type",
        "rope_parameters.full_attention.type",
    ],
};
const FACTOR: Fact = Fact {
    gguf: "rope.scaling.factor",
    config: &[
        "rope_scaling.factor",
        "rope_parameters.factor",
        "rope_parameters.full_attention.factor",
    ],
};
const OLD_FACTOR: Fact = Fact {
    gguf: "rope.scale_linear",
    config: &[],
};
const ORIGINAL: Fact = Fact {
    gguf: "rope.scaling.original_context_length",
    config: &[
        "rope_scaling.original_max_position_embeddings",
        "rope_parameters.original_max_position_embeddings",
        "rope_parameters.full_attention.original_max_position_embeddings",
        "original_max_position_embeddings",
    ],
};
const MAGNITUDE: Fact = Fact {
    gguf: "rope.scaling.attn_factor",
    config: &[
        "rope_scaling.attention_factor",
        "rope_parameters.attention_factor",
        "rope_parameters.full_attention.attention_factor",
    ],
};
const FAST: Fact = Fact {
    gguf: "rope.scaling.yarn_beta_fast",
    config: &[
        "rope_scaling.beta_fast",
        "rope_parameters.beta_fast",
        "rope_parameters.full_attention.beta_fast",
    ],
};
const SLOW: Fact = Fact {
    gguf: "rope.scaling.yarn_beta_slow",
    config: &[
        "rope_scaling.beta_slow",
        "rope_parameters.beta_slow",
        "rope_parameters.full_attention.beta_slow",
    ],
};
const ROUNDED: Fact = Fact {
    gguf: "",
    config: &[
        "rope_scaling.truncate",
        "rope_parameters.truncate",
        "rope_parameters.full_attention.truncate",
    ],
};
const SHORT_FACTORS: Fact = Fact {
    gguf: "",
    config: &[
        "rope_scaling.short_factor",
        "rope_parameters.short_factor",
        "rope_parameters.full_attention.short_factor",
    ],
};
const LONG_FACTORS: Fact = Fact {
    gguf: "",
    config: &[
        "rope_scaling.long_factor",
        "rope_parameters.long_factor",
        "rope_parameters.full_attention.long_factor",
    ],
};
const LOW: Fact = Fact {
    gguf: "",
    config: &[
        "rope_scaling.low_freq_factor",
        "rope_parameters.low_freq_factor",
        "rope_parameters.full_attention.low_freq_factor",
    ],
};
const HIGH: Fact = Fact {
    gguf: "",
    config: &[
        "rope_scaling.high_freq_factor",
        "rope_parameters.high_freq_factor",
        "rope_parameters.full_attention.high_freq_factor",
    ],
};

/// The positions of a model; `pairs` are those of a GGUF file, in repositories halves turn.
///
/// Errors: `model-damaged`, `metadata-missing`, `unknown-architecture` (an unknown stretching).
pub(super) fn of(facts: &Facts<'_>, head_dim: usize, pairs: Pairs) -> Result<Rope, AppError> {
    let part = facts.float(&PART)?;
    let dims = match (facts.optional(&DIMS)?, part) {
        (Some(dims), _) => dims,
        (None, Some(part)) => (head_dim as f64 * part) as usize,
        (None, None) => head_dim,
    };
    if dims == 0 || dims > head_dim || !dims.is_multiple_of(2) {
        return Err(facts.damaged(&DIMS));
    }
    let base = facts.float(&ROPE_BASE)?.unwrap_or(10_000.0);
    if base <= 1.0 {
        return Err(facts.damaged(&ROPE_BASE));
    }
    Ok(Rope {
        dims,
        base,
        scaling: scaling(facts, dims)?,
        pairs: if facts.is_gguf() {
            pairs
        } else {
            Pairs::Halves
        },
    })
}

fn scaling(facts: &Facts<'_>, dims: usize) -> Result<Scaling, AppError> {
    const EACH: &str = "rope_freqs.weight";
    const SHORT: &str = "rope_factors_short.weight";
    const LONG: &str = "rope_factors_long.weight";
    if facts.is_gguf() && facts.has(EACH) {
        return Ok(Scaling::Each(Factors::Tensor(EACH.to_owned())));
    }
    if facts.is_gguf() && facts.has(LONG) && facts.has(SHORT) {
        let (short, long) = (SHORT.to_owned(), LONG.to_owned());
        return Ok(Scaling::Long {
            short: Factors::Tensor(short),
            long: Factors::Tensor(long),
            original: facts.size(&ORIGINAL)?,
            magnitude: facts.float(&MAGNITUDE)?.unwrap_or(1.0),
        });
    }
    // 0 stands for none.
    let factor = match facts.float(&FACTOR)? {
        Some(factor) => Some(factor),
        None => facts.float(&OLD_FACTOR)?,
    };
    let factor = factor.filter(|factor| *factor > 0.0);
    let needed = || factor.ok_or_else(|| facts.damaged(&FACTOR));
    match facts.word(&KIND).as_deref() {
        Some("none" | "default" | "mrope") => Ok(Scaling::None),
        Some("linear") | None => Ok(match factor {
            Some(factor) if factor != 1.0 => Scaling::Linear(factor),
            _ => Scaling::None,
        }),
        Some("llama3") => {
            let (low, high) = (facts.number(&LOW)?, facts.number(&HIGH)?);
            if low >= high {
                return Err(facts.damaged(&HIGH));
            }
            Ok(Scaling::Llama3 {
                factor: needed()?,
                low,
                high,
                original: facts.number(&ORIGINAL)?,
            })
        }
        Some("yarn") => {
            let factor = needed()?;
            // Section 3.4 of the paper; GGUF says a further factor beside it.
            let usual = 0.1 * factor.ln().max(0.0) + 1.0;
            let said = facts.float(&MAGNITUDE)?;
            let magnitude = match said {
                Some(said) if facts.is_gguf() => said * usual,
                Some(said) => said,
                None => usual,
            };
            let original = match facts.float(&ORIGINAL)? {
                Some(original) => original,
                None => facts.number(&CONTEXT)?,
            };
            Ok(Scaling::Yarn {
                factor,
                original,
                fast: facts.float(&FAST)?.unwrap_or(32.0),
                slow: facts.float(&SLOW)?.unwrap_or(1.0),
                magnitude,
                rounded: facts.truth(&ROUNDED).unwrap_or(true),
            })
        }
        Some("longrope" | "su") if !facts.is_gguf() => long(facts, dims),
        Some(other) => Err(facts.unknown(&format!("{other} rope scaling"))),
    }
}

/// LongRoPE as repositories of Phi say it.
fn long(facts: &Facts<'_>, dims: usize) -> Result<Scaling, AppError> {
    let numbers = |key: Fact| {
        let list = key.config.iter().find_map(|name| facts.config(name));
        let list = list.and_then(Json::as_array);
        let numbers: Option<Vec<f64>> =
            list.and_then(|list| list.iter().map(Json::as_f64).collect());
        numbers
            .filter(|numbers| numbers.len() == dims / 2 && numbers.iter().all(|n| *n > 0.0))
            .map(Factors::Numbers)
            .ok_or_else(|| facts.damaged(&key))
    };
    let original = facts.size(&ORIGINAL)?;
    let longest = facts.size(&CONTEXT)?;
    let usual = || {
        let factor = longest as f64 / original as f64;
        if factor <= 1.0 {
            1.0
        } else {
            (1.0 + factor.ln() / (original as f64).ln()).sqrt()
        }
    };
    Ok(Scaling::Long {
        short: numbers(SHORT_FACTORS)?,
        long: numbers(LONG_FACTORS)?,
        original,
        magnitude: facts.float(&MAGNITUDE)?.unwrap_or_else(usual),
    })
}
