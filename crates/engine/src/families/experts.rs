//! Experts in the forms that files have them: each in tensors of its own, or all of a layer's
//! stacked in one.

use super::decoder::Decoder;
use super::{Experts, Gated};
use formats::keys::{EXPERTS, EXPERTS_USED};
use protocol::AppError;

/// What repositories call a layer's experts: what stands before and behind the number.
pub(super) struct Called {
    pub before: &'static str,
    pub gate: &'static str,
    pub up: &'static str,
    pub down: &'static str,
}

/// Most experts of all layers together: some times what any model has, few enough to list.
const MOST: usize = 1 << 17;

/// How many experts a layer has, and how many of them are used for a token.
///
/// Errors: `metadata-missing`, `model-damaged`.
pub(super) fn count(decoder: &Decoder<'_>) -> Result<(usize, usize), AppError> {
    let facts = decoder.facts;
    let (count, used) = (facts.size(&EXPERTS)?, facts.size(&EXPERTS_USED)?);
    if count * decoder.sizes.layers > MOST {
        return Err(facts.damaged(&EXPERTS));
    }
    if used > count {
        return Err(facts.damaged(&EXPERTS_USED));
    }
    Ok((count, used))
}

/// The experts of a layer, each `width` wide.
///
/// Errors: `metadata-missing`, `model-damaged`.
pub(super) fn of(
    decoder: &Decoder<'_>,
    layer: usize,
    width: usize,
    normalised: bool,
    called: &Called,
) -> Result<Experts, AppError> {
    let facts = decoder.facts;
    let (count, used) = count(decoder)?;
    let hidden = decoder.sizes.hidden;
    let one = |expert: usize, part: &str, name: &str, rows: usize, columns: usize| {
        if !facts.is_gguf() {
            let stem = decoder.names.stem(layer, called.before);
            return facts.projection(format!("{stem}.{expert}.{name}.weight"), rows, columns);
        }
        let stacked = decoder.weight(layer, &format!("{part}_exps"));
        if facts.has(&stacked) {
            facts.nth(stacked, expert, [count, rows, columns])
        } else {
            // As old converters wrote them.
            decoder.matrix(layer, &format!("{part}.{expert}"), rows, columns)
        }
    };
    let experts = (0..count)
        .map(|expert| Gated {
            activation: decoder.activation,
            gate: one(expert, "ffn_gate", called.gate, width, hidden),
            up: one(expert, "ffn_up", called.up, width, hidden),
            down: one(expert, "ffn_down", called.down, hidden, width),
        })
        .collect();
    Ok(Experts {
        router: decoder.matrix(layer, "ffn_gate_inp", count, hidden),
        experts,
        used,
        normalised,
    })
}
