//! The tokens of a model: their texts, kinds and special roles.

use protocol::{AppError, failure};
use std::collections::HashMap;
use std::sync::Arc;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Part of words.
    Normal,
    /// Stands for what the vocabulary lacks.
    Unknown,
    /// A command of the template, such as `<|im_end|>`.
    Control,
    /// Recognised as a whole in any text.
    UserDefined,
    /// Not used.
    Unused,
    /// One byte, written `<0x0A>`.
    Byte,
}

impl Kind {
    /// The kind of a number of `tokenizer.ggml.token_type`; SentencePiece's are the same.
    pub(super) fn of(number: i32) -> Kind {
        match number {
            2 => Kind::Unknown,
            3 => Kind::Control,
            4 => Kind::UserDefined,
            5 => Kind::Unused,
            6 => Kind::Byte,
            _ => Kind::Normal,
        }
    }

    /// Whether it is no part of what is said.
    pub fn is_special(self) -> bool {
        matches!(self, Kind::Control | Kind::Unknown)
    }
}

#[derive(Default)]
pub(super) struct Vocabulary {
    texts: Vec<Arc<str>>,
    kinds: Vec<Kind>,
    ids: HashMap<Arc<str>, u32>,
    /// Words that are written as a command is.
    shadowed: HashMap<Arc<str>, u32>,
    pub bos: Option<u32>,
    pub eos: Option<u32>,
    pub unknown: Option<u32>,
}

impl Vocabulary {
    /// Tokens in the order of their ids. A command and a word may have one text.
    ///
    /// Errors: `tokenizer-damaged`, where there is none, or two words or two commands have one text.
    pub fn new(tokens: impl IntoIterator<Item = (Arc<str>, Kind)>) -> Result<Vocabulary, AppError> {
        let mut vocabulary = Vocabulary::default();
        for (text, kind) in tokens {
            let id = vocabulary.texts.len() as u32;
            let before = vocabulary.ids.insert(text.clone(), id);
            let twin = before.filter(|before| {
                let special = vocabulary.kind(*before).is_special();
                let (word, command) = if special {
                    (id, *before)
                } else {
                    (*before, id)
                };
                vocabulary.ids.insert(text.clone(), command);
                special == kind.is_special()
                    || vocabulary.shadowed.insert(text.clone(), word).is_some()
            });
            if twin.is_some() {
                let what = format!("two tokens {}", formats::one_line(&text));
                return Err(failure::tokenizer_damaged(what));
            }
            vocabulary.texts.push(text);
            vocabulary.kinds.push(kind);
        }
        if vocabulary.texts.is_empty() {
            return Err(failure::tokenizer_damaged("no tokens"));
        }
        Ok(vocabulary)
    }

    /// Tokens with their ids, in any order; what lies between is not used.
    ///
    /// Errors: `tokenizer-damaged`, where two have one text or one id, there is none, or ids lie
    /// so far apart that no model can have them.
    pub fn scattered(tokens: Vec<(Arc<str>, u32, Kind)>) -> Result<Vocabulary, AppError> {
        let last = tokens.iter().map(|(_, id, _)| *id as usize).max();
        let size = last.map_or(0, |last| last + 1);
        if size > tokens.len() * 4 + 0x10_0000 {
            let what = format!("token {size} of {}", tokens.len());
            return Err(failure::tokenizer_damaged(what));
        }
        let mut placed = vec![None; size];
        for (text, id, kind) in tokens {
            let place = &mut placed[id as usize];
            if place.is_some() {
                return Err(failure::tokenizer_damaged(format!("two tokens {id}")));
            }
            *place = Some((text, kind));
        }
        let named = placed.into_iter().enumerate().map(|(id, token)| {
            // As llama.cpp's converter names them.
            token.unwrap_or_else(|| (format!("[PAD{id}]").into(), Kind::Unused))
        });
        Vocabulary::new(named)
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// The id, where it is one.
    pub fn valid(&self, id: u32) -> Option<u32> {
        ((id as usize) < self.len()).then_some(id)
    }

    pub fn text(&self, id: u32) -> &str {
        &self.texts[id as usize]
    }

    pub fn shared_text(&self, id: u32) -> Arc<str> {
        self.texts[id as usize].clone()
    }

    pub fn kind(&self, id: u32) -> Kind {
        self.kinds
            .get(id as usize)
            .copied()
            .unwrap_or(Kind::Unknown)
    }

    pub fn set_kind(&mut self, id: u32, kind: Kind) {
        self.kinds[id as usize] = kind;
    }

    /// The token of this text.
    pub fn id(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    /// The token that words may be cut into: never a command, or what stands for a byte.
    pub fn word(&self, text: &str) -> Option<u32> {
        let id = self.id(text).filter(|id| self.is_word(*id));
        id.or_else(|| self.shadowed.get(text).copied())
    }

    pub fn is_word(&self, id: u32) -> bool {
        matches!(
            self.kind(id),
            Kind::Normal | Kind::UserDefined | Kind::Unused
        )
    }

    /// The tokens that stand for bytes, written `<0x0A>`.
    pub fn bytes(&self) -> [Option<u32>; 256] {
        std::array::from_fn(|byte| self.id(&format!("<0x{byte:02X}>")))
    }

    /// Every id.
    pub fn every(&self) -> std::ops::Range<u32> {
        0..self.len() as u32
    }
}

/// The byte of a token written `<0x0A>`.
pub(super) fn byte_of(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}
