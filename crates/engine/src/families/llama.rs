//! `llama`: Llama 1 to 3 and their fine-tunes (ELYZA, LLaMA-Pro), SmolLM2, Falcon3, DeepSeek's
//! distills, and in GGUF also Mistral 7B and, with experts, Mixtral.
//!
//! GGUF's converter permutes the rows of q and k so that neighbours turn together.

use super::decoder::Decoder;
use super::facts::Facts;
use super::{Architecture, Pairs, mixtral, window};
use formats::keys::EXPERTS;
use protocol::AppError;

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    if facts.is_gguf() && facts.optional(&EXPERTS)?.is_some_and(|experts| experts > 0) {
        return mixtral::describe(facts);
    }
    let width = window::width(facts);
    let name = if width.is_some() { "mistral" } else { "llama" };
    Decoder::of(facts, Pairs::Neighbours, &[])?.with_layers(name, |_, attention, _| {
        attention.window = width;
        Ok(())
    })
}
