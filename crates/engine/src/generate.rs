//! An answer: the prompt is read, with the beginning of an answer that goes on; tokens are chosen
//! one after another, text streams out.

use crate::answer::{Answer, round};
use crate::sequence::Sequence;
use crate::{Cancel, Model};
use protocol::{AppError, Limits, Part, PromptMessage, Sampling, WorkerAnswered};

/// What is asked of a model.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The conversation so far.
    pub messages: &'a [PromptMessage],
    /// The beginning of the answer, which is to go on; empty for a new one.
    pub continued: &'a [Part],
    /// How tokens are chosen.
    pub sampling: &'a Sampling,
    /// How far it may go; of an answer that goes on, from there.
    pub limits: &'a Limits,
}

/// What happens while an answer is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generated {
    /// Tokens of the prompt that are read, those of the turn before included.
    Prefill {
        /// So far.
        read: u32,
        /// In all.
        total: u32,
    },
    /// More of what the model thinks before it answers: whole characters only.
    Reasoning {
        /// What comes next; empty where it only ends.
        text: String,
        /// Whether it ends here.
        ended: bool,
    },
    /// More of the answer, behind its given beginning: whole characters only, never empty. Of a
    /// character or a stop string in the middle of which the answer is stopped or cut short,
    /// nothing comes.
    Text(String),
}

impl Generated {
    /// So many tokens of a prompt are read, of all.
    pub(crate) fn prefill(read: usize, total: usize) -> Generated {
        Generated::Prefill {
            read: read as u32,
            total: total as u32,
        }
    }
}

/// Answers a conversation. What `sequence` has in common with the prompt is not read again; the
/// rest of it is forgotten. Afterwards it holds the prompt and the answer. A stop is an end like
/// others, with [`protocol::StopReason::Cancelled`].
///
/// Errors: `model-gone`, `model-changed`; `template-failed`, `template-too-costly`;
/// `context-overflow`; `logits-not-finite`.
pub fn generate(
    model: &Model,
    sequence: &mut Sequence,
    asked: Asked<'_>,
    cancel: &Cancel,
    on: &mut dyn FnMut(Generated),
) -> Result<WorkerAnswered, AppError> {
    let before = std::mem::replace(sequence, model.sequence());
    let mut answers = [Answer::begin(model, before, asked, cancel.clone())];
    while !answers[0].has_ended() {
        round(&mut answers, &mut |_, event| on(event));
    }
    let [answer] = answers;
    let (answered, after) = answer.end();
    *sequence = after;
    answered
}
