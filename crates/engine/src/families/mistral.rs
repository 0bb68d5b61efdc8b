//! `mistral`: Mistral 7B, its fine-tunes (BioMistral, OpenMath-Mistral), and Nemo. As `llama`, and
//! v0.1 sees no further back than its window.

use super::decoder::Decoder;
use super::facts::Facts;
use super::{Architecture, Pairs, window};
use protocol::AppError;

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let width = window::width(facts);
    Decoder::of(facts, Pairs::Neighbours, &[])?.with_layers("mistral", |_, attention, _| {
        attention.window = width;
        Ok(())
    })
}
