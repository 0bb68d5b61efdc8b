//! `mistral`: Mistral 7B, its fine-tunes (BioMistral, OpenMath-Mistral), and Nemo. As `llama`, and
//! v0.1 sees no further back than its window.

use super::decoder::Decoder;
use super::facts::Facts;
use super::{Architecture, Pairs};
use protocol::AppError;

/// How many tokens a token sees; None: all before it.
pub(super) fn window(facts: &Facts<'_>) -> Option<usize> {
    let window = formats::window(facts.checkpoint);
    window.size.and_then(|size| usize::try_from(size).ok())
}

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let window = window(facts);
    Decoder::of(facts, Pairs::Neighbours, &[])?.with_layers("mistral", |_, attention, _| {
        attention.window = window;
        Ok(())
    })
}
