//! How far back layers see: the window's width, and which layers have it.

use super::facts::Facts;
use formats::gguf::{Array, Value};
use formats::keys::Fact;
use protocol::AppError;

const PATTERN: Fact = Fact {
    gguf: "attention.sliding_window_pattern",
    config: &[],
};
const FULL_LAYERS: Fact = Fact {
    gguf: "",
    config: &["max_window_layers"],
};

/// How many tokens a token sees; None: all before it.
pub(super) fn width(facts: &Facts<'_>) -> Option<usize> {
    let window = formats::window(facts.checkpoint);
    window.size.and_then(|size| usize::try_from(size).ok())
}

/// The window of a layer: where the model says which layers have one, there, else where `usual`
/// says.
pub(super) fn of_layer(
    facts: &Facts<'_>,
    layer: usize,
    usual: impl Fn(usize) -> bool,
) -> Option<usize> {
    let width = width(facts)?;
    let has_one = match facts.checkpoint.fact(&PATTERN) {
        Some(Value::Array(Array::Bool(pattern))) => pattern.get(layer) == Some(&true),
        _ => {
            let kinds = facts
                .config("layer_types")
                .and_then(|kinds| kinds.as_array());
            let kind = kinds.and_then(|kinds| kinds.get(layer));
            match kind.and_then(|kind| kind.as_str()) {
                Some(kind) => kind == "sliding_attention",
                None => usual(layer),
            }
        }
    };
    has_one.then_some(width)
}

/// The first layer that has a window, in the families that say it so; 0 where they do not.
///
/// Errors: `model-damaged`.
pub(super) fn first_layer(facts: &Facts<'_>) -> Result<usize, AppError> {
    Ok(facts.optional(&FULL_LAYERS)?.unwrap_or(0))
}
