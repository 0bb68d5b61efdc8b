//! Reasoning as gpt-oss has it: messages in named channels, of which `final` is the answer.
//!
//! The form is OpenAI's harmony: `<|channel|>analysis<|message|>…<|end|><|start|>assistant
//! <|channel|>final<|message|>…<|return|>`. Whatever is in another channel (`analysis`,
//! `commentary`, with calls of tools too) is reasoning: not the answer, and not lost.

use super::forms::{ChannelIds, Opening};
use super::said::Said;

/// Longest head of a message in bytes; real ones have some dozens.
const LONGEST_HEAD: usize = 256;

/// Looks for the channels of one answer.
pub(super) struct Channels {
    ids: ChannelIds,
    place: Place,
}

/// Where in an answer.
#[derive(Debug)]
enum Place {
    /// Nothing came yet: a head, or, of a model that is not used as it was made for, the answer.
    Begin { text: String },
    /// In front of a message's words: its channel and whom it is to.
    Head { is_named: bool, text: String },
    /// In a message's words.
    Words { reasoning: bool },
}

impl Channels {
    pub fn new(ids: ChannelIds, opening: Opening) -> Channels {
        let place = match opening {
            Opening::Words { reasoning } => Place::Words { reasoning },
            _ => Place::Begin {
                text: String::new(),
            },
        };
        Channels { ids, place }
    }

    pub fn is_mark(&self, id: u32) -> bool {
        let ids = self.ids;
        [ids.start, ids.channel, ids.message, ids.end].contains(&id)
    }

    pub fn is_reasoning(&self) -> bool {
        !matches!(self.place, Place::Words { reasoning: false })
    }

    /// Takes a token, where it is a mark; says whether it did.
    pub fn token(&mut self, id: u32, said: &mut Said) -> bool {
        if !self.is_mark(id) {
            return false;
        }
        if id == self.ids.message {
            if let Place::Head { is_named, text } = &self.place {
                let channel = text.split_whitespace().next().unwrap_or_default();
                let reasoning = *is_named && channel != "final";
                self.place = Place::Words { reasoning };
            } else if let Place::Begin { .. } = &self.place {
                self.place = Place::Words { reasoning: false };
            }
            return true;
        }
        if let Place::Words { reasoning: true } = self.place {
            said.end();
        }
        self.place = Place::Head {
            is_named: id == self.ids.channel,
            text: String::new(),
        };
        true
    }

    pub fn text(&mut self, more: &str, said: &mut Said) {
        let (text, is_answer) = match &mut self.place {
            Place::Words { reasoning: true } => return said.reason(more),
            Place::Words { reasoning: false } => return said.answer(more),
            Place::Begin { text } => {
                text.push_str(more);
                // ` to=functions.name` may come in front of the channel.
                let begun = text.trim_start();
                let is_head = begun.starts_with("to=") || "to=".starts_with(begun);
                (text, !is_head)
            }
            Place::Head { text, .. } => {
                text.push_str(more);
                (text, false)
            }
        };
        if is_answer || text.len() > LONGEST_HEAD {
            said.answer(&std::mem::take(text));
            self.place = Place::Words { reasoning: false };
        }
    }

    /// The model has ended its turn.
    pub fn finish(&mut self, said: &mut Said) {
        match &self.place {
            Place::Begin { text } => said.answer(text),
            Place::Words { reasoning: true } => said.end(),
            Place::Head { .. } | Place::Words { reasoning: false } => {}
        }
    }
}
