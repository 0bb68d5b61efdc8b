//! The beginning of an answer that is to go on: the ids that are read behind the prompt.

use crate::tokenizer::Detokenizer;
use crate::{Cancel, Sequence, Tokenizer};
use protocol::AppError;

/// The beginning of an answer.
pub(crate) struct Beginning<'a> {
    text: &'a str,
    tokenizer: &'a Tokenizer,
    /// As the tokenizer cuts the text.
    ids: Vec<u32>,
    /// What the sequence holds from before.
    before: Vec<u32>,
}

impl<'a> Beginning<'a> {
    /// Of an answer that says `text` so far; empty where it is a new one.
    ///
    /// Errors: those of [`Tokenizer::encode`]; `cancelled`.
    pub fn of(
        text: &'a str,
        sequence: &Sequence,
        tokenizer: &'a Tokenizer,
        cancel: &Cancel,
    ) -> Result<Beginning<'a>, AppError> {
        Ok(Beginning {
            text,
            tokenizer,
            ids: tokenizer.encode_on(text, cancel)?,
            before: sequence.with_chosen(),
        })
    }

    /// The ids behind a prompt: those that the model chose itself, where the sequence still holds
    /// them, with a character that was stopped in the middle; else those of the tokenizer.
    ///
    /// Errors: `token-out-of-range`.
    pub fn behind(&self, prompt: &[u32]) -> Result<&[u32], AppError> {
        let Some(answer) = self.before.strip_prefix(prompt) else {
            return Ok(&self.ids);
        };
        let mut detokenizer = Detokenizer::default();
        let (mut rest, mut ids) = (self.text, &self.ids[..]);
        if rest.is_empty() {
            return Ok(ids);
        }
        for (at, id) in answer.iter().enumerate() {
            let text = detokenizer.push(self.tokenizer, *id)?;
            let Some(after) = rest.strip_prefix(text.as_str()) else {
                break;
            };
            rest = after;
            if rest.is_empty() {
                ids = &answer[..=at];
            }
        }
        Ok(ids)
    }
}
