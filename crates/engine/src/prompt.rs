//! From a conversation to the ids that are read, oldest turns left out where they do not fit.

mod beginning;
mod window;

pub(crate) use beginning::Beginning;

use crate::reasoning::Opening;
use crate::template::sha256;
use crate::{Cancel, Model, Tokenizer};
use protocol::{AppError, Limits, PromptMessage, Role, TemplateInput, failure};
use std::iter::once;

/// Room that is kept for an answer, in tokens, where the context is long enough.
const ROOM: usize = 256;
/// Most bytes of a conversation for each token of context: no text has tokens that long.
const TOKEN_BYTES: usize = 64;

/// A prompt that fits.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// The beginning of the answer included.
    pub ids: Vec<u32>,
    /// How many of the last ids are the beginning of the answer.
    pub begun: usize,
    /// How the answer is opened in front of them.
    pub opening: Opening,
    /// Hex, of the rendered text.
    pub sha256: String,
    pub cut_messages: usize,
    /// Exact, but for messages that were too long to be rendered: these are counted one by one.
    pub cut_tokens: usize,
}

impl Prompt {
    /// What there is of a prompt that was stopped before it was made.
    pub fn none() -> Prompt {
        Prompt {
            ids: Vec::new(),
            begun: 0,
            opening: Opening::Plain,
            sha256: sha256(""),
            cut_messages: 0,
            cut_tokens: 0,
        }
    }
}

/// A rendered conversation, with the ids of it and of the beginning of the answer.
struct Made {
    text: String,
    ids: Vec<u32>,
    begun: usize,
    opening: Opening,
}

/// Renders and tokenises; what people wrote never becomes a control token.
///
/// Errors: those of [`crate::Template::render`] and [`Tokenizer::encode`]; `cancelled`.
fn encode(
    model: &Model,
    messages: &[PromptMessage],
    beginning: &Beginning<'_>,
    cancel: &Cancel,
) -> Result<Made, AppError> {
    cancel.check()?;
    let tokenizer = model.tokenizer();
    let conversation = TemplateInput::of(messages, true);
    let marked = model.template().render_marked(&conversation, tokenizer)?;
    let mut ids = tokenizer.encode_except(&marked.text, true, &marked.plain, cancel)?;
    let opening = model.reasoning().opening(&marked.text);
    let behind = beginning.behind(&ids, opening, cancel)?;
    let begun = behind.len();
    ids.extend(behind);
    Ok(Made {
        text: marked.text,
        ids,
        begun,
        opening,
    })
}

/// The prompt of the whole conversation where it fits, else of its newest turns, with the system
/// message, the last message and the beginning of the answer always. Turns go several at once
/// ([`window`]).
///
/// Errors: those of [`encode`]; `context-overflow`, where those alone do not fit.
pub(crate) fn fitting(
    model: &Model,
    messages: &[PromptMessage],
    beginning: &Beginning<'_>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Prompt, AppError> {
    let context = model.context() as usize;
    let room = (context / 4)
        .min(ROOM)
        .min(limits.max_tokens.map_or(ROOM, |most| most.max(1) as usize));
    let make = |messages: &[PromptMessage]| encode(model, messages, beginning, cancel);
    let fits = |made: &Made| made.ids.len() + room <= context;
    let system = messages
        .iter()
        .take_while(|message| message.role == Role::System)
        .count();
    let from = |start: usize| [&messages[..system], &messages[start..]].concat();

    // What cannot fit by its bytes alone is not rendered.
    let bytes: Vec<usize> = messages.iter().map(|m| m.content.len()).collect();
    let far = window::start(
        messages,
        system,
        &bytes,
        context.saturating_mul(TOKEN_BYTES),
    );
    let whole = make(&from(far))?;
    let tokens = whole.ids.len();
    if far == system && fits(&whole) {
        return Ok(prompt(whole, 0, 0));
    }
    let (fixed, costs) = costs(messages, system, model.tokenizer(), cancel, make)?;
    let gone: usize = costs[system..far].iter().sum();
    let prompt_from = |made: Made, start: usize| {
        let cut_tokens = gone + tokens.saturating_sub(made.ids.len());
        prompt(made, start - system, cut_tokens)
    };
    if fits(&whole) {
        return Ok(prompt_from(whole, far));
    }
    let most = context.saturating_sub(room + fixed);
    // Tokens join a little differently in a whole than counted one by one.
    let near = window::start(messages, system, &costs, most - most / 64).max(far);
    // A shorter conversation begins with a person's message, the last one at the latest.
    let later = (near + 1..messages.len()).filter(|at| messages[*at].role == Role::User);
    let starts: Vec<usize> = once(near).chain(later).collect();
    let made = make(&from(near))?;
    if fits(&made) {
        return Ok(prompt_from(made, near));
    }
    let mut least = made.ids.len();
    // The template makes more of it than was counted. The earliest start that fits: later ones
    // always do where an earlier one does.
    let (mut low, mut high) = (1, starts.len());
    let mut best = None;
    while low < high {
        let middle = low.midpoint(high);
        let made = make(&from(starts[middle]))?;
        if fits(&made) {
            best = Some((made, starts[middle]));
            high = middle;
        } else {
            least = made.ids.len();
            low = middle + 1;
        }
    }
    if let Some((made, start)) = best {
        return Ok(prompt_from(made, start));
    }
    let needed = least + room;
    Err(failure::context_overflow(needed, context, needed - context))
}

fn prompt(made: Made, cut_messages: usize, cut_tokens: usize) -> Prompt {
    Prompt {
        sha256: sha256(&made.text),
        ids: made.ids,
        begun: made.begun,
        opening: made.opening,
        cut_messages,
        cut_tokens,
    }
}

/// About how many tokens the template, the first `system` messages and the beginning of the answer
/// take in any conversation, and each message in it. Nothing of a message depends on those behind it.
///
/// Errors: those of [`Tokenizer::encode`]; `cancelled`.
fn costs(
    messages: &[PromptMessage],
    system: usize,
    tokenizer: &Tokenizer,
    cancel: &Cancel,
    make: impl Fn(&[PromptMessage]) -> Result<Made, AppError>,
) -> Result<(usize, Vec<usize>), AppError> {
    let count = |text: &str| {
        let ids = tokenizer.encode_except(text, false, &[], cancel)?;
        Ok(ids.len())
    };
    let with = |roles: &[Role]| {
        let mut conversation = messages[..system].to_vec();
        conversation.extend(roles.iter().map(|role| PromptMessage::new(*role, "x")));
        // A template that refuses this conversation tells nothing of its own words.
        make(&conversation).map_or(0, |made| made.ids.len())
    };
    let one = with(&[Role::User]);
    let three = with(&[Role::User, Role::Assistant, Role::User]);
    let message = three.saturating_sub(one).div_ceil(2);
    let around = message.saturating_sub(count("x")?);
    let each = messages
        .iter()
        .map(|message| Ok(count(&message.content)? + around))
        .collect::<Result<Vec<_>, AppError>>()?;
    Ok((one.saturating_sub(message), each))
}
