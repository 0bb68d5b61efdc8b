//! Reasoning: what a model writes before its answer, between marks of its own, told apart from the
//! answer while both are made.
//!
//! A mark that is one token of the vocabulary is known by its id, another by its letters. Only
//! models whose vocabulary or template has marks reason by them: for all others `<think>` is a
//! word. Marks open reasoning only where the answer has not begun, so that an answer can speak of
//! them.

mod channels;
mod forms;
mod said;
mod tags;
mod written;

pub(crate) use forms::{Forms, Opening};
pub(crate) use said::Piece;
pub(crate) use written::has_ended;

use crate::stops::Stops;
use crate::tokenizer::Detokenizer;
use crate::{Model, Tokenizer};
use channels::Channels;
use protocol::AppError;
use said::Said;
use tags::Tags;

/// Reads the tokens of one answer.
pub(crate) struct Parser<'a> {
    tokenizer: &'a Tokenizer,
    detokenizer: Detokenizer,
    marks: Marks<'a>,
    said: Said,
    stops: Stops,
}

/// What looks for marks: by the form of the model.
enum Marks<'a> {
    Tags(Tags<'a>),
    Channels(Channels),
}

impl<'a> Parser<'a> {
    /// Of an answer behind a prompt that ends so.
    pub fn new(model: &'a Model, opening: Opening) -> Parser<'a> {
        Parser {
            tokenizer: model.tokenizer(),
            detokenizer: Detokenizer::default(),
            marks: match model.reasoning() {
                Forms::Tags(tags) => Marks::Tags(Tags::new(tags, opening)),
                Forms::Channels(ids) => Marks::Channels(Channels::new(*ids, opening)),
            },
            said: Said::default(),
            stops: Stops::new(model.template().stops()),
        }
    }

    /// What a token completes; often nothing, and nothing behind a stop string.
    ///
    /// Errors: `token-out-of-range`.
    pub fn push(&mut self, id: u32) -> Result<Vec<Piece>, AppError> {
        if self.marks.is_mark(id) {
            // A character that was begun before a mark is completed by nothing.
            let rest = self.detokenizer.finish();
            self.text(&rest);
        }
        let is_taken = match &mut self.marks {
            Marks::Tags(tags) => tags.token(id, &mut self.said),
            Marks::Channels(channels) => channels.token(id, &mut self.said),
        };
        if !is_taken {
            let text = self.detokenizer.push(self.tokenizer, id)?;
            self.text(&text);
        }
        Ok(self.take())
    }

    /// What was held back, where the model has ended its turn.
    pub fn finish(&mut self) -> Vec<Piece> {
        let rest = self.detokenizer.finish();
        self.text(&rest);
        match &mut self.marks {
            Marks::Tags(tags) => tags.finish(&mut self.said),
            Marks::Channels(channels) => channels.finish(&mut self.said),
        }
        let mut pieces = self.take();
        let rest = self.stops.finish();
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest));
        }
        pieces
    }

    /// Whether a stop string has ended the answer.
    pub fn is_stopped(&self) -> bool {
        self.stops.reached()
    }

    /// What was said and is no stop string.
    fn take(&mut self) -> Vec<Piece> {
        let mut pieces = self.said.take();
        for piece in &mut pieces {
            if let Piece::Text(text) = piece {
                *text = self.stops.push(text);
            }
        }
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        pieces
    }

    /// Whether the answer itself has not begun, or is interrupted by reasoning.
    pub fn is_reasoning(&self) -> bool {
        match &self.marks {
            Marks::Tags(tags) => tags.is_reasoning(),
            Marks::Channels(channels) => channels.is_reasoning(),
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match &mut self.marks {
            Marks::Tags(tags) => tags.text(text, &mut self.said),
            Marks::Channels(channels) => channels.text(text, &mut self.said),
        }
    }
}

impl Marks<'_> {
    fn is_mark(&self, id: u32) -> bool {
        match self {
            Marks::Tags(tags) => tags.is_mark(id),
            Marks::Channels(channels) => channels.is_mark(id),
        }
    }
}

#[cfg(test)]
mod tests;
