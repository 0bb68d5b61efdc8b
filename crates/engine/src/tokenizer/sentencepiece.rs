//! SentencePiece's `tokenizer.model`: a message of protocol buffers, as `sentencepiece_model.proto`
//! of google/sentencepiece describes it. Only what cutting needs is read.

use super::added::Added;
use super::charsmap::Charsmap;
use super::folder::{Settings, damaged};
use super::normal::{Normal, SentencePiece};
use super::parts::{Algorithm, Parts, Writing};
use super::pre::Prepend;
use super::spm::Spm;
use super::unigram::Unigram;
use super::vocabulary::{Kind, Vocabulary};
use protocol::{AppError, failure};
use std::sync::Arc;

const FILE: &str = "tokenizer.model";

/// What the message says, with the defaults of its description.
struct Model<'a> {
    pieces: Vec<(&'a str, f32, Kind)>,
    bpe: Option<bool>,
    byte_fallback: bool,
    suffix: bool,
    unknown: Option<u32>,
    bos: Option<u32>,
    eos: Option<u32>,
    charsmap: &'a [u8],
    adds_space: bool,
    merges_spaces: bool,
}

/// Errors: `tokenizer-damaged`, `unknown-tokenizer`.
pub(super) fn read(bytes: &[u8], settings: &Settings) -> Result<Parts, AppError> {
    let model = Model::of(bytes).ok_or_else(|| damaged(FILE))?;
    let mut scores: Vec<f32> = model.pieces.iter().map(|(_, score, _)| *score).collect();
    let mut added = Vec::new();
    let mut tokens: Vec<(Arc<str>, u32, Kind)> = Vec::with_capacity(model.pieces.len());
    for ((text, _, kind), id) in model.pieces.iter().zip(0..) {
        let mut text: Arc<str> = (*text).into();
        let recognised = kind.is_special() || *kind == Kind::UserDefined;
        if recognised {
            let mut token = Added::plain(id, text.clone(), kind.is_special());
            // These are sought after spaces are written as marks.
            token.normalised = !kind.is_special();
            added.push(token);
        }
        if *kind == Kind::UserDefined {
            text = text.replace('▁', " ").into();
        }
        tokens.push((text, id, *kind));
    }
    for token in &settings.added {
        let at = token.id as usize;
        let kind = if token.special {
            Kind::Control
        } else {
            Kind::UserDefined
        };
        let mut more = Added::plain(token.id, token.content.clone(), token.special);
        (more.left, more.right) = (token.lstrip, token.rstrip);
        match tokens.get_mut(at) {
            // The piece itself, listed again.
            Some((text, _, _)) if *text == token.content => {
                if token.special && !tokens[at].2.is_special() {
                    tokens[at].2 = Kind::Control;
                    added.push(more);
                }
                continue;
            }
            Some(place) => *place = (token.content.clone(), token.id, kind),
            None => tokens.push((token.content.clone(), token.id, kind)),
        }
        added.retain(|listed| listed.id != token.id);
        added.push(more);
    }
    let mut vocabulary = Vocabulary::scattered(tokens)?;
    scores.resize(vocabulary.len().max(scores.len()), 0.0);
    let valid = |id: Option<u32>| id.and_then(|id| vocabulary.valid(id));
    let roles = (valid(model.bos), valid(model.eos), valid(model.unknown));
    (vocabulary.bos, vocabulary.eos, vocabulary.unknown) = roles;
    let charsmap = match model.charsmap {
        [] => None,
        bytes => Some(Charsmap::of(bytes).ok_or_else(|| damaged(FILE))?),
    };
    let rules = SentencePiece {
        charsmap,
        prepend: match (model.adds_space, settings.first_space_only) {
            (false, _) => Prepend::Never,
            (true, true) => Prepend::First,
            (true, false) => Prepend::Control,
        },
        suffix: model.suffix,
        merge_spaces: model.merges_spaces,
    };
    let algorithm = match model.bpe {
        Some(true) => Algorithm::Spm(Box::new(Spm::new(&vocabulary, scores)?)),
        Some(false) => {
            let unigram = Unigram::new(&vocabulary, scores, model.byte_fallback)?;
            Algorithm::Unigram(Box::new(unigram))
        }
        None => {
            return Err(failure::unknown_tokenizer(
                "SentencePiece of words or letters",
            ));
        }
    };
    let mut parts = Parts {
        before: vocabulary.bos.into_iter().collect(),
        after: Vec::new(),
        added,
        normal: vec![Normal::SentencePiece(Box::new(rules))],
        steps: Vec::new(),
        algorithm,
        writing: Writing::Meta,
        strips_space: model.adds_space && !model.suffix,
        ends: vocabulary.eos.into_iter().collect(),
        mistakes_commands: true,
        vocabulary,
    };
    settings.finish(&mut parts);
    Ok(parts)
}

impl<'a> Model<'a> {
    /// None where the message contradicts itself.
    fn of(bytes: &'a [u8]) -> Option<Model<'a>> {
        let mut model = Model {
            pieces: Vec::new(),
            bpe: Some(false),
            byte_fallback: false,
            suffix: false,
            unknown: Some(0),
            bos: Some(1),
            eos: Some(2),
            charsmap: &[],
            adds_space: true,
            merges_spaces: true,
        };
        for field in Fields(bytes) {
            match field? {
                (1, Field::Bytes(piece)) => model.pieces.push(Model::piece(piece)?),
                (2, Field::Bytes(spec)) => model.trainer(spec)?,
                (3, Field::Bytes(spec)) => model.normalizer(spec)?,
                _ => {}
            }
        }
        (!model.pieces.is_empty()).then_some(model)
    }

    fn piece(bytes: &[u8]) -> Option<(&str, f32, Kind)> {
        let (mut text, mut score, mut kind) = ("", 0.0, Kind::Normal);
        for field in Fields(bytes) {
            match field? {
                (1, Field::Bytes(bytes)) => text = std::str::from_utf8(bytes).ok()?,
                (2, Field::Four(bytes)) => score = f32::from_le_bytes(bytes),
                (3, Field::Number(number)) => kind = Kind::of(i32::try_from(number).ok()?),
                _ => {}
            }
        }
        Some((text, score, kind))
    }

    fn trainer(&mut self, bytes: &[u8]) -> Option<()> {
        for field in Fields(bytes) {
            if let (number, Field::Number(value)) = field? {
                // An id of -1 is none.
                let id = u32::try_from(value).ok();
                match number {
                    3 => {
                        self.bpe = [(1, false), (2, true)]
                            .into_iter()
                            .find(|kind| kind.0 == value)
                            .map(|kind| kind.1)
                    }
                    24 => self.suffix = value != 0,
                    35 => self.byte_fallback = value != 0,
                    40 => self.unknown = id,
                    41 => self.bos = id,
                    42 => self.eos = id,
                    _ => {}
                }
            }
        }
        Some(())
    }

    fn normalizer(&mut self, bytes: &'a [u8]) -> Option<()> {
        for field in Fields(bytes) {
            match field? {
                (2, Field::Bytes(map)) => self.charsmap = map,
                (3, Field::Number(value)) => self.adds_space = value != 0,
                (4, Field::Number(value)) => self.merges_spaces = value != 0,
                _ => {}
            }
        }
        Some(())
    }
}

/// The fields of a message, one by one; None for one that is cut off or of an unknown kind.
struct Fields<'a>(&'a [u8]);

enum Field<'a> {
    Number(u64),
    Four([u8; 4]),
    Bytes(&'a [u8]),
    /// Of eight bytes, which none of ours is.
    Other,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.number()?;
        let field = match tag & 7 {
            0 => Field::Number(self.number()?),
            1 => {
                self.take(8)?;
                Field::Other
            }
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Four(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((tag >> 3, field))
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    /// Seven bits a byte, the least first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}
