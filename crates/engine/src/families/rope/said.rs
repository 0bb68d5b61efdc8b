//! What models say of their positions, under the names of both formats.

use super::super::facts::Facts;
use super::{Factors, Pairs, Rope, Scaling};
use formats::keys::{CONTEXT, Fact, ROPE_BASE};
use protocol::AppError;
use serde_json::Value as Json;

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
const SCALED: Fact = Fact {
    gguf: "",
    config: &["rope_scaling.mscale", "rope_parameters.mscale"],
};
const SCALED_ALL: Fact = Fact {
    gguf: "",
    config: &[
        "rope_scaling.mscale_all_dim",
        "rope_parameters.mscale_all_dim",
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
pub(in super::super) fn of(
    facts: &Facts<'_>,
    head_dim: usize,
    pairs: Pairs,
) -> Result<Rope, AppError> {
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
            let grown = |by: f64| 0.1 * by * factor.ln().max(0.0) + 1.0;
            let usual = match (facts.float(&SCALED)?, facts.float(&SCALED_ALL)?) {
                // As DeepSeek has it.
                (Some(scaled), Some(all)) if scaled > 0.0 && all > 0.0 => {
                    grown(scaled) / grown(all)
                }
                _ => grown(1.0),
            };
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
