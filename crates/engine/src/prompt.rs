//! From a conversation to the ids that are read, oldest turns left out where they do not fit.

use crate::template::sha256;
use crate::{Model, Template, Tokenizer};
use protocol::{AppError, Limits, PromptMessage, Role, failure};

/// Room that is kept for an answer, in tokens, where the context is long enough.
const ROOM: usize = 256;

/// A prompt that fits.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub ids: Vec<u32>,
    /// Hex, of the rendered text.
    pub sha256: String,
    pub cut_messages: usize,
    pub cut_tokens: usize,
}

/// Renders and tokenises; what people wrote never becomes a control token.
///
/// Errors: those of [`Template::render`] and [`Tokenizer::encode`].
pub(crate) fn encode(
    template: &Template,
    tokenizer: &Tokenizer,
    messages: &[PromptMessage],
) -> Result<(String, Vec<u32>), AppError> {
    let marked = template.render_marked(messages, tokenizer)?;
    let ids = tokenizer.encode_except(&marked.text, true, &marked.plain)?;
    Ok((marked.text, ids))
}

/// The prompt of as many of the newest turns as fit, with the system message and the last
/// message always.
///
/// Errors: those of [`encode`]; `context-overflow`, where those two alone do not fit.
pub(crate) fn fitting(
    model: &Model,
    messages: &[PromptMessage],
    limits: &Limits,
) -> Result<Prompt, AppError> {
    let context = model.context() as usize;
    let room = (context / 4)
        .min(ROOM)
        .min(limits.max_tokens.map_or(ROOM, |most| most.max(1) as usize));
    let make = |messages: &[PromptMessage]| encode(model.template(), model.tokenizer(), messages);
    let whole = make(messages)?;
    let tokens = whole.1.len();
    let prompt = |(text, ids): (String, Vec<u32>), cut_messages| Prompt {
        sha256: sha256(&text),
        cut_messages,
        cut_tokens: tokens.saturating_sub(ids.len()),
        ids,
    };
    if tokens + room <= context {
        return Ok(prompt(whole, 0));
    }
    let system = messages
        .iter()
        .take_while(|message| message.role == Role::System)
        .count();
    // A shorter conversation begins with a person's message, the last one at the latest.
    let starts: Vec<usize> = (system + 1..messages.len())
        .filter(|at| messages[*at].role == Role::User)
        .collect();
    let from = |start: usize| {
        let mut kept = messages[..system].to_vec();
        kept.extend_from_slice(&messages[start..]);
        kept
    };
    // The earliest start that fits: later ones always do where an earlier one does.
    let (mut low, mut high) = (0, starts.len());
    let mut best = None;
    while low < high {
        let middle = low.midpoint(high);
        let made = make(&from(starts[middle]))?;
        if made.1.len() + room <= context {
            best = Some((made, starts[middle] - system));
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if let Some((made, cut)) = best {
        return Ok(prompt(made, cut));
    }
    let least = match starts.last() {
        Some(start) => make(&from(*start))?.1.len(),
        None => tokens,
    };
    let needed = least + room;
    Err(failure::context_overflow(needed, context, needed - context))
}
