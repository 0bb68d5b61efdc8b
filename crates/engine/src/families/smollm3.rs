//! `smollm3`: SmolLM3. As `llama`, without positions on every fourth layer.
//!
//! GGUF's converter permutes the rows of q and k so that neighbours turn together.

use super::decoder::Decoder;
use super::facts::Facts;
use super::{Architecture, Pairs, Positions, window};
use formats::keys::Fact;
use protocol::AppError;

const STEP: Fact = Fact {
    gguf: "",
    config: &["no_rope_layer_interval"],
};

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let step = facts.optional(&STEP)?.filter(|step| *step > 0).unwrap_or(4);
    let listed = facts
        .config("no_rope_layers")
        .and_then(|list| list.as_array());
    let has_positions = |layer: usize| match listed.and_then(|list| list.get(layer)) {
        // One stands for positions, in spite of the list's name.
        Some(flag) => flag.as_u64() != Some(0),
        None => !(layer + 1).is_multiple_of(step),
    };
    Decoder::of(facts, Pairs::Neighbours, &[])?.with_layers("smollm3", |layer, attention, _| {
        if !has_positions(layer) {
            attention.positions = Positions::None;
        }
        attention.window = window::of_layer(facts, layer, |layer| !has_positions(layer));
        Ok(())
    })
}
