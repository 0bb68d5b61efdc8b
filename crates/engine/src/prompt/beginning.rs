//! The beginning of an answer that is to go on: the ids that are read behind the prompt.

use crate::reasoning::{Opening, Parser, Piece, has_ended};
use crate::{Cancel, Model, Sequence};
use protocol::{AppError, Part, reasoning_of, text_of};

/// The beginning of an answer.
pub(crate) struct Beginning<'a> {
    parts: &'a [Part],
    model: &'a Model,
    /// What the sequence holds from before.
    before: Vec<u32>,
}

impl<'a> Beginning<'a> {
    /// Of an answer that says `parts` so far; none where it is a new one.
    pub fn of(parts: &'a [Part], sequence: &Sequence, model: &'a Model) -> Beginning<'a> {
        Beginning {
            parts,
            model,
            before: sequence.with_chosen(),
        }
    }

    /// The ids behind a prompt that ends as `opening` says: those that the model chose itself,
    /// where the sequence still holds them, with a character or a mark that was stopped in the
    /// middle; else those of the tokenizer.
    ///
    /// Errors: `token-out-of-range`, those of [`crate::Tokenizer::encode`]; `cancelled`.
    pub fn behind(
        &self,
        prompt: &[u32],
        opening: Opening,
        cancel: &Cancel,
    ) -> Result<Vec<u32>, AppError> {
        let forms = self.model.reasoning();
        match self.before.strip_prefix(prompt) {
            Some(answer) if !self.parts.is_empty() => {
                let kept = self.kept(answer, opening)?;
                if kept > 0 {
                    return Ok(answer[..kept].to_vec());
                }
            }
            _ => {}
        }
        forms.written(self.parts, opening, self.model.tokenizer(), cancel)
    }

    /// How many of the kept ids say just these parts.
    fn kept(&self, answer: &[u32], opening: Opening) -> Result<usize, AppError> {
        let (reasoning, text) = (reasoning_of(self.parts), text_of(self.parts));
        let (mut thoughts, mut words) = (reasoning.as_str(), text.as_str());
        let (to_end, mut ended) = (has_ended(self.parts), false);
        if thoughts.is_empty() && words.is_empty() {
            return Ok(0);
        }
        let mut parser = Parser::new(self.model, opening);
        let mut kept = 0;
        for (at, id) in answer.iter().enumerate() {
            for piece in parser.push(*id)? {
                let rest = match &piece {
                    Piece::Reasoning { text, ended: ends } => {
                        ended = *ends;
                        thoughts
                            .strip_prefix(text.as_str())
                            .map(|rest| thoughts = rest)
                    }
                    Piece::Text(text) => {
                        ended = true;
                        words.strip_prefix(text.as_str()).map(|rest| words = rest)
                    }
                };
                if rest.is_none() {
                    return Ok(kept);
                }
            }
            if thoughts.is_empty() && words.is_empty() && ended == to_end {
                kept = at + 1;
            }
        }
        Ok(kept)
    }
}
