//! The tokens of a file: their texts, kinds and special roles.

use formats::gguf::Metadata;
use protocol::{AppError, failure};
use std::collections::HashMap;

/// What a token is for. The numbers are those of `tokenizer.ggml.token_type`.
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
    fn of(number: i32) -> Kind {
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

pub(super) struct Vocabulary {
    texts: Vec<String>,
    kinds: Vec<Kind>,
    ids: HashMap<String, u32>,
    /// Ids recognised as wholes, longest text first.
    specials: Vec<u32>,
    pub bos: Option<u32>,
    pub eos: Option<u32>,
    pub unknown: Option<u32>,
    pub add_bos: Option<bool>,
}

impl Vocabulary {
    /// Errors: `tokenizer-damaged`.
    pub fn of(metadata: &Metadata) -> Result<Vocabulary, AppError> {
        const TOKENS: &str = "tokenizer.ggml.tokens";
        let mut texts = metadata
            .texts(TOKENS)
            .filter(|texts| !texts.is_empty())
            .ok_or_else(|| failure::tokenizer_damaged(TOKENS))?
            .to_vec();
        let kinds = match metadata.integers("tokenizer.ggml.token_type") {
            Some(kinds) if kinds.len() < texts.len() => {
                return Err(failure::tokenizer_damaged("tokenizer.ggml.token_type"));
            }
            Some(kinds) => kinds[..texts.len()]
                .iter()
                .map(|kind| Kind::of(*kind))
                .collect(),
            None => vec![Kind::Normal; texts.len()],
        };
        let mut ids = HashMap::with_capacity(texts.len());
        for (id, text) in texts.iter_mut().enumerate() {
            if text.is_empty() {
                *text = format!("[EMPTY_{id}]");
            }
            if ids.insert(text.clone(), id as u32).is_some() {
                let what = format!("two tokens {text}");
                return Err(failure::tokenizer_damaged(what));
            }
        }
        let mut vocabulary = Vocabulary {
            texts,
            kinds,
            ids,
            specials: Vec::new(),
            bos: None,
            eos: None,
            unknown: None,
            add_bos: metadata.truth("tokenizer.ggml.add_bos_token"),
        };
        let named = |role: &str| {
            let id = metadata.number(&format!("tokenizer.ggml.{role}_token_id"))?;
            vocabulary.valid(u32::try_from(id).ok()?)
        };
        (vocabulary.bos, vocabulary.eos, vocabulary.unknown) =
            (named("bos"), named("eos"), named("unknown"));
        Ok(vocabulary)
    }

    /// Lists what is recognised as a whole, once the kinds are settled.
    pub fn list_specials(&mut self) {
        self.specials = (0..self.texts.len() as u32)
            .filter(|id| {
                matches!(
                    self.kind(*id),
                    Kind::Control | Kind::UserDefined | Kind::Unknown
                )
            })
            .collect();
        self.specials
            .sort_by_key(|id| std::cmp::Reverse(self.texts[*id as usize].len()));
    }

    /// Ids recognised as wholes, longest text first, and whether only in a template's words.
    pub fn specials(&self) -> impl Iterator<Item = (u32, bool)> {
        self.specials
            .iter()
            .map(|id| (*id, self.kind(*id).is_special()))
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

    pub fn kind(&self, id: u32) -> Kind {
        self.kinds
            .get(id as usize)
            .copied()
            .unwrap_or(Kind::Unknown)
    }

    pub fn set_kind(&mut self, id: u32, kind: Kind) {
        self.kinds[id as usize] = kind;
    }

    pub fn id(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }
}
