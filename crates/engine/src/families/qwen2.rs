//! `qwen2`: Qwen2, Qwen2.5, Qwen2.5-Coder and distills on them. As `llama`, with biases on q, k
//! and v, and in GGUF with halves of a head turning together.

use super::decoder::Decoder;
use super::facts::Facts;
use super::{Architecture, Pairs, window};
use protocol::{AppError, failure};

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    // Off in every published model.
    let first = window::first_layer(facts)?;
    Decoder::of(facts, Pairs::Halves, &[])?.with_layers("qwen2", |layer, attention, _| {
        attention.window = window::of_layer(facts, layer, |layer| layer >= first);
        for projection in [&attention.q, &attention.k, &attention.v] {
            if projection.bias.is_none() {
                let name = projection.weight.replace(".weight", ".bias");
                return Err(failure::tensor_missing(name));
            }
        }
        Ok(())
    })
}
