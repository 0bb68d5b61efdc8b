//! An answer: the prompt is read, with the beginning of an answer that goes on; tokens are chosen
//! one after another, text streams out.

use crate::prompt::{self, Beginning, Prompt};
use crate::reasoning::{Opening, Parser, Piece};
use crate::sampling::Sampler;
use crate::sequence::{Sequence, Wanted, read, step};
use crate::{Cancel, Model};
use protocol::{
    AppError, Limits, Part, PromptMessage, Sampling, StopReason, Times, WorkerAnswered,
};
use std::time::Instant;

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

/// Answers a conversation. What `sequence` has in common with the prompt is not read again; the
/// rest of it is forgotten. Afterwards it holds the prompt and the answer. A stop is an end like
/// others, with [`StopReason::Cancelled`].
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
    let begun = Instant::now();
    model.check_unchanged()?;
    let beginning = Beginning::of(asked.continued, sequence, model);
    let fitting = prompt::fitting(model, asked.messages, &beginning, asked.limits, cancel);
    let fitting = unless_cancelled(fitting)?;
    let opening = fitting
        .as_ref()
        .map_or(Opening::Plain, |prompt| prompt.opening);
    let mut answer = Answer {
        begun,
        on,
        parser: Parser::new(model, opening),
        tokens: 0,
        reasoning_tokens: 0,
        times: Times::default(),
    };
    let (prompt, reused, reason) = match fitting {
        None => (Prompt::none(), 0, StopReason::Cancelled),
        Some(prompt) => {
            let reused = sequence.reuse(model, &prompt.ids);
            answer.go_on(&prompt.ids[prompt.ids.len() - prompt.begun..])?;
            let reason = answer.make(model, sequence, &prompt.ids, asked, cancel)?;
            (prompt, reused, reason)
        }
    };
    Ok(WorkerAnswered {
        reason,
        template_sha256: model.template().sha256().to_owned(),
        prompt_sha256: prompt.sha256,
        prompt_tokens: prompt.ids.len() as u32,
        reused_tokens: reused as u32,
        cut_messages: prompt.cut_messages as u32,
        cut_tokens: prompt.cut_tokens as u32,
        answer_tokens: answer.tokens,
        reasoning_tokens: answer.reasoning_tokens,
        context: model.context(),
        engine: model.engine(),
        times: answer.times,
    })
}

/// An answer on its way.
struct Answer<'a> {
    begun: Instant,
    on: &'a mut dyn FnMut(Generated),
    parser: Parser<'a>,
    tokens: u32,
    reasoning_tokens: u32,
    times: Times,
}

/// Turns the failure `cancelled` into none.
fn unless_cancelled<T>(result: Result<T, AppError>) -> Result<Option<T>, AppError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error == protocol::failure::cancelled() => Ok(None),
        Err(error) => Err(error),
    }
}

impl Answer<'_> {
    /// Begins behind text that was told before: in the middle of a character, where it ends so.
    fn go_on(&mut self, ids: &[u32]) -> Result<(), AppError> {
        for id in ids {
            self.parser.push(*id)?;
        }
        Ok(())
    }

    fn say(&mut self, pieces: Vec<Piece>) {
        for piece in pieces {
            (self.on)(match piece {
                Piece::Reasoning { text, ended } => Generated::Reasoning { text, ended },
                Piece::Text(text) => Generated::Text(text),
            });
        }
    }

    fn make(
        &mut self,
        model: &Model,
        sequence: &mut Sequence,
        ids: &[u32],
        asked: Asked<'_>,
        cancel: &Cancel,
    ) -> Result<StopReason, AppError> {
        let (reused, total) = (sequence.tokens().len(), ids.len() as u32);
        let started = Instant::now();
        let mut tell = |read: usize| {
            let read = (reused + read) as u32;
            (self.on)(Generated::Prefill { read, total });
        };
        tell(0);
        let logits = read(model, sequence, &ids[reused..], cancel, &mut tell);
        self.times.prefill_ms = milliseconds(started);
        let Some(mut logits) = unless_cancelled(logits)? else {
            return Ok(StopReason::Cancelled);
        };
        let mut sampler = Sampler::new(asked.sampling, ids);
        let mut first = None;
        let reason = loop {
            if asked
                .limits
                .max_tokens
                .is_some_and(|most| self.tokens >= most)
            {
                break StopReason::Length;
            }
            if cancel.is_cancelled() {
                break StopReason::Cancelled;
            }
            // Rows of the embedding beyond the tokenizer's are padding.
            logits.truncate(model.tokenizer().len());
            let id = sampler.choose(&mut logits);
            if model.tokenizer().is_end(id) {
                break StopReason::EndOfTurn;
            }
            self.tokens += 1;
            let was_reasoning = self.parser.is_reasoning();
            let pieces = self.parser.push(id)?;
            self.reasoning_tokens += u32::from(was_reasoning || self.parser.is_reasoning());
            self.say(pieces);
            if first.is_none() {
                self.times.first_token_ms = milliseconds(self.begun);
                first = Some(Instant::now());
            }
            if self.parser.is_stopped() {
                break StopReason::EndOfTurn;
            }
            sequence.choose(id);
            if sequence.tokens().len() >= model.context() as usize {
                break StopReason::Context;
            }
            let next = step(model, sequence, &[id], Wanted::Last, cancel);
            match unless_cancelled(next)? {
                Some(next) => logits = next,
                None => break StopReason::Cancelled,
            }
        };
        // A character that the model did not complete is told as such. One that it was not let
        // complete may be yet.
        if reason == StopReason::EndOfTurn {
            let rest = self.parser.finish();
            self.say(rest);
        }
        self.times.decode_ms = first.map_or(0.0, milliseconds);
        Ok(reason)
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
