//! Text to ids and back, by the tokenizer that a GGUF file carries.
//!
//! The reference is llama.cpp: the same text gives the same ids.

mod bpe;
mod bytes;
mod ends;
mod pre;
mod spm;
mod stream;
mod vocabulary;

pub use stream::Detokenizer;
pub use vocabulary::Kind;

use crate::Cancel;
use bpe::Bpe;
use formats::Checkpoint;
use protocol::{AppError, failure};
use spm::Spm;
use std::path::Path;
use vocabulary::Vocabulary;

/// A tokenizer.
pub struct Tokenizer {
    vocabulary: Vocabulary,
    algorithm: Algorithm,
    /// Ids that end an answer, ascending.
    ends: Vec<u32>,
}

enum Algorithm {
    Bpe(Box<Bpe>),
    Spm(Box<Spm>),
}

/// A piece of a text: a token that was recognised, or words to be cut into tokens.
enum Fragment<'a> {
    Token(u32),
    Words { at: usize, text: &'a str },
}

impl Tokenizer {
    /// Reads the tokenizer of a model's file or folder; no weights are needed.
    ///
    /// Errors: those of [`Checkpoint::open`], and those of [`Tokenizer::of`].
    pub fn open(path: &Path) -> Result<Tokenizer, AppError> {
        Tokenizer::of(&Checkpoint::open(path)?)
    }

    /// The tokenizer of a model.
    ///
    /// Errors: `tokenizer-damaged`, `unknown-tokenizer`, `unknown-pretokenizer`.
    pub fn of(checkpoint: &Checkpoint) -> Result<Tokenizer, AppError> {
        let Some(gguf) = checkpoint.gguf() else {
            return Err(failure::unknown_tokenizer("tokenizer.json"));
        };
        let metadata = &gguf.metadata;
        let kind = metadata
            .text("tokenizer.ggml.model")
            .ok_or_else(|| failure::tokenizer_damaged("tokenizer.ggml.model"))?;
        let mut vocabulary = Vocabulary::of(metadata)?;
        let algorithm = match kind {
            "gpt2" => {
                let bpe = Bpe::of(metadata, &vocabulary)?;
                vocabulary.add_bos = vocabulary.add_bos.or(Some(bpe.adds_bos()));
                Algorithm::Bpe(Box::new(bpe))
            }
            "llama" => {
                vocabulary.bos = vocabulary.bos.or(vocabulary.valid(1));
                vocabulary.eos = vocabulary.eos.or(vocabulary.valid(2));
                vocabulary.unknown = vocabulary.unknown.or(vocabulary.valid(0));
                vocabulary.add_bos = vocabulary.add_bos.or(Some(true));
                Algorithm::Spm(Box::new(Spm::of(metadata, &vocabulary)?))
            }
            other => return Err(failure::unknown_tokenizer(formats::one_line(other))),
        };
        let ends = ends::find(metadata, &mut vocabulary);
        vocabulary.list_specials();
        Ok(Tokenizer {
            vocabulary,
            algorithm,
            ends,
        })
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.vocabulary.len()
    }

    /// True of a vocabulary without a token.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Text to ids. With `special`, the token that begins a text is put in front where the model
    /// asks for one and the text does not begin with it, and control tokens in the text are
    /// recognised; otherwise they are plain words.
    ///
    /// Errors: `tokenizer-damaged`, where the vocabulary lacks a byte that the text has.
    pub fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>, AppError> {
        self.encode_except(text, special, &[], &Cancel::new())
    }

    /// As [`Tokenizer::encode`], but no control token is recognised that begins at one of the
    /// byte positions `plain` (ascending): what a person wrote is never a command. Also fails as
    /// `cancelled`.
    pub(crate) fn encode_except(
        &self,
        text: &str,
        special: bool,
        plain: &[usize],
        cancel: &Cancel,
    ) -> Result<Vec<u32>, AppError> {
        let mut ids = Vec::with_capacity(text.len() / 3 + 2);
        let fragments = self.fragments(text, special, plain);
        if special && self.vocabulary.add_bos == Some(true) {
            let begun = matches!(fragments.first(), Some(Fragment::Token(id)) if Some(*id) == self.vocabulary.bos);
            if !begun {
                ids.extend(self.vocabulary.bos);
            }
        }
        self.cut(fragments, true, &mut ids, cancel)?;
        Ok(ids)
    }

    /// The ids of a text that goes on behind others, as the model that wrote it has them: nothing
    /// is put in front of it, and no control token is recognised.
    ///
    /// Errors: those of [`Tokenizer::encode`]; `cancelled`.
    pub(crate) fn encode_on(&self, text: &str, cancel: &Cancel) -> Result<Vec<u32>, AppError> {
        let mut ids = Vec::with_capacity(text.len() / 3 + 2);
        self.cut(self.fragments(text, false, &[]), false, &mut ids, cancel)?;
        Ok(ids)
    }

    /// The ids of fragments. With `spaced`, words at the beginning and after a recognised token
    /// have the space in front that SentencePiece puts there.
    fn cut(
        &self,
        fragments: Vec<Fragment<'_>>,
        spaced: bool,
        ids: &mut Vec<u32>,
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        let mut after_token = true;
        for fragment in fragments {
            cancel.check()?;
            match (fragment, &self.algorithm) {
                (Fragment::Token(id), _) => {
                    ids.push(id);
                    after_token = true;
                    continue;
                }
                (Fragment::Words { text, .. }, Algorithm::Bpe(bpe)) => {
                    bpe.encode(&self.vocabulary, text, ids, cancel)?;
                }
                (Fragment::Words { text, .. }, Algorithm::Spm(spm)) => {
                    spm.encode(&self.vocabulary, text, spaced && after_token, ids)?;
                }
            }
            after_token = false;
        }
        Ok(())
    }

    /// Cuts out the tokens that are recognised in a text, longest first as llama.cpp does.
    fn fragments<'a>(&self, text: &'a str, special: bool, plain: &[usize]) -> Vec<Fragment<'a>> {
        let mut fragments = Vec::new();
        if !text.is_empty() {
            fragments.push(Fragment::Words { at: 0, text });
        }
        for (id, control) in self.vocabulary.specials() {
            let name = self.vocabulary.text(id);
            if (control && !special) || !text.contains(name) {
                continue;
            }
            let mut next = Vec::with_capacity(fragments.len() + 2);
            for fragment in fragments {
                let Fragment::Words { at, text } = fragment else {
                    next.push(fragment);
                    continue;
                };
                let mut from = 0;
                for (start, _) in text.match_indices(name) {
                    if control && plain.binary_search(&(at + start)).is_ok() {
                        continue;
                    }
                    if start > from {
                        let text = &text[from..start];
                        next.push(Fragment::Words {
                            at: at + from,
                            text,
                        });
                    }
                    next.push(Fragment::Token(id));
                    from = start + name.len();
                }
                if from < text.len() {
                    let text = &text[from..];
                    next.push(Fragment::Words {
                        at: at + from,
                        text,
                    });
                }
            }
            fragments = next;
        }
        fragments
    }

    /// Ids to text; control tokens are written out with `special`, else left out. Bytes that are
    /// not UTF-8 come as U+FFFD.
    ///
    /// Errors: `token-out-of-range`.
    pub fn decode(&self, ids: &[u32], special: bool) -> Result<String, AppError> {
        let bytes = self.bytes(ids, special)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Ids to the bytes they stand for, as [`Tokenizer::decode`] but exactly: what is not UTF-8,
    /// such as a part of a character, stays as it is.
    ///
    /// Errors: `token-out-of-range`.
    pub fn bytes(&self, ids: &[u32], special: bool) -> Result<Vec<u8>, AppError> {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        for id in ids {
            bytes.extend_from_slice(&self.piece(*id, special)?);
        }
        // The space that SentencePiece puts in front of a text is not the text's.
        let first = ids
            .iter()
            .position(|id| Some(*id) != self.vocabulary.bos || special);
        let prefixed = matches!(&self.algorithm, Algorithm::Spm(spm) if spm.adds_space)
            && first.is_some_and(|at| !self.vocabulary.kind(ids[at]).is_special())
            && bytes.first() == Some(&b' ');
        if prefixed {
            bytes.remove(0);
        }
        Ok(bytes)
    }

    /// The bytes of one token: none of a control token, unless `special`.
    ///
    /// Errors: `token-out-of-range`.
    pub fn piece(&self, id: u32, special: bool) -> Result<Vec<u8>, AppError> {
        let size = self.vocabulary.len();
        if id as usize >= size {
            return Err(failure::token_out_of_range(id, size));
        }
        let text = self.vocabulary.text(id);
        Ok(match self.vocabulary.kind(id) {
            Kind::Control | Kind::Unknown if !special => Vec::new(),
            Kind::Control | Kind::Unknown | Kind::UserDefined => text.as_bytes().to_vec(),
            Kind::Byte => spm::byte_of(text).map_or_else(Vec::new, |byte| vec![byte]),
            Kind::Normal | Kind::Unused => match &self.algorithm {
                Algorithm::Bpe(_) => bytes::to_bytes(text),
                Algorithm::Spm(_) => text.replace('▁', " ").into_bytes(),
            },
        })
    }

    /// Whether the token ends an answer.
    pub fn is_end(&self, id: u32) -> bool {
        self.ends.binary_search(&id).is_ok()
    }

    /// The ids that end an answer, ascending.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The text of the token that begins a text, or nothing.
    pub fn bos_text(&self) -> &str {
        self.vocabulary
            .bos
            .map_or("", |id| self.vocabulary.text(id))
    }

    /// The text of the token that ends a text, or nothing.
    pub fn eos_text(&self) -> &str {
        self.vocabulary
            .eos
            .map_or("", |id| self.vocabulary.text(id))
    }

    /// The token of that text.
    pub(crate) fn id(&self, text: &str) -> Option<u32> {
        self.vocabulary.id(text)
    }

    /// The texts of the tokens that a template commands with.
    pub(crate) fn control_texts(&self) -> impl Iterator<Item = &str> {
        self.vocabulary
            .specials()
            .filter(|(_, control)| *control)
            .map(|(id, _)| self.vocabulary.text(id))
    }
}
