//! `mistral`: Mistral 7B, its fine-tunes (BioMistral, OpenMath-Mistral), and Nemo. As `llama`, and
//! v0.1 sees no further back than its window.

use super::decoder::Decoder;
use super::facts::{Facts, Key};
use super::{Architecture, Pairs};
use protocol::AppError;

const WINDOW: Key = Key("attention.sliding_window", &["sliding_window"]);

/// How many tokens a token sees; None: all before it.
///
/// Errors: `model-damaged`.
pub(super) fn window(facts: &Facts<'_>) -> Result<Option<usize>, AppError> {
    Ok(facts.optional(WINDOW)?.filter(|window| *window > 0))
}

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let window = window(facts)?;
    Decoder::of(facts, Pairs::Neighbours, &[])?.with_layers("mistral", |_, attention, _| {
        attention.window = window;
        Ok(())
    })
}
