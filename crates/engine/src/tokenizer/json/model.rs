//! The `model` of a `tokenizer.json`: words with their ids or scores, and merges. Read straight into
//! what is kept: such files have a million entries.

use crate::tokenizer::bpe;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Model {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(rename = "vocab")]
    pub words: Words,
    #[serde(default)]
    pub merges: Merges,
    #[serde(default)]
    unk_token: Option<String>,
    #[serde(default)]
    pub unk_id: Option<u32>,
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
    #[serde(default)]
    pub end_of_word_suffix: Option<String>,
    #[serde(default)]
    pub max_input_chars_per_word: Option<usize>,
    #[serde(default)]
    pub fuse_unk: bool,
    #[serde(default)]
    pub byte_fallback: bool,
    #[serde(default)]
    pub ignore_merges: bool,
}

impl Model {
    pub fn unknown(&self) -> Option<&str> {
        self.unk_token.as_deref()
    }

    /// What the second and later tokens of a word begin with.
    pub fn prefix(&self) -> &str {
        self.continuing_subword_prefix
            .as_deref()
            .unwrap_or_default()
    }

    /// Files of old do not say what they are.
    pub fn is_wordpiece(&self) -> bool {
        match self.kind.as_deref() {
            Some(kind) => kind == "WordPiece",
            None => self.merges.0.is_empty() && !self.prefix().is_empty(),
        }
    }
}

/// The words of a vocabulary.
pub(super) enum Words {
    /// With their ids.
    Numbered(Vec<(Arc<str>, u32)>),
    /// With their scores, in the order of their ids.
    Scored(Vec<(Arc<str>, f64)>),
}

impl Words {
    /// Every word with its id.
    pub fn each<'a>(&'a self, take: &mut dyn FnMut(&'a Arc<str>, u32)) {
        match self {
            Words::Numbered(words) => words.iter().for_each(|(text, id)| take(text, *id)),
            Words::Scored(words) => {
                let numbered = words.iter().zip(0..);
                numbered.for_each(|((text, _), id)| take(text, id));
            }
        }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Words, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = Words;

            fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
                to.write_str("words with ids, or with scores")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some((text, id)) = map.next_entry::<Box<str>, u32>()? {
                    words.push((text.into(), id));
                }
                Ok(Words::Numbered(words))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some((text, score)) = list.next_element::<(Box<str>, f64)>()? {
                    words.push((text.into(), score));
                }
                Ok(Words::Scored(words))
            }
        }
        from.deserialize_any(Seen)
    }
}

/// Merges, the first learnt first.
#[derive(Default)]
pub(super) struct Merges(Vec<(Box<str>, Box<str>)>);

impl Merges {
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        let ranked = self.0.iter().zip(0..);
        ranked.map(|((left, right), rank)| (&**left, &**right, rank))
    }
}

impl<'de> Deserialize<'de> for Merges {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Merges, D::Error> {
        let pairs: Vec<Merge> = Vec::deserialize(from)?;
        Ok(Merges(pairs.into_iter().map(|pair| pair.0).collect()))
    }
}

/// One merge: a list of two, or in older files both with a space between.
struct Merge((Box<str>, Box<str>));

impl<'de> Deserialize<'de> for Merge {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Merge, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = Merge;

            fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
                to.write_str("two tokens")
            }

            fn visit_str<E: Error>(self, line: &str) -> Result<Merge, E> {
                let (left, right) = bpe::pair(line).ok_or_else(|| E::custom("no two tokens"))?;
                Ok(Merge((left.into(), right.into())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Merge, A::Error> {
                let missing = || A::Error::custom("no two tokens");
                let left = list.next_element()?.ok_or_else(missing)?;
                let right = list.next_element()?.ok_or_else(missing)?;
                Ok(Merge((left, right)))
            }
        }
        from.deserialize_any(Seen)
    }
}
