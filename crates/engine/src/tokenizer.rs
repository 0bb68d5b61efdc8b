//! Text to ids and back, by the tokenizer that a model carries: in the metadata of a GGUF file, or
//! in files beside config.json.

mod added;
mod base64;
mod bpe;
mod bytes;
mod charsmap;
mod ends;
mod folder;
mod gguf;
mod json;
mod normal;
mod parts;
mod pre;
mod sentencepiece;
mod spm;
mod stream;
mod tekken;
mod trie;
mod unigram;
mod vocab;
mod vocabulary;
mod wordpiece;

pub use stream::Detokenizer;
pub use vocabulary::Kind;

use crate::Cancel;
use added::{Added, Finder, Fragment};
use formats::{Checkpoint, Folder, Header};
use parts::{Algorithm, Parts, Writing};
use pre::{Place, Step};
use protocol::{AppError, failure};
use std::collections::HashSet;
use std::path::Path;
use vocabulary::Vocabulary;

/// A tokenizer.
pub struct Tokenizer {
    vocabulary: Vocabulary,
    /// Tokens recognised as wholes, in the text as it is.
    written: Finder,
    /// Those that are sought in the text as it is normalised.
    normalised: Finder,
    normal: Vec<normal::Normal>,
    steps: Vec<Step>,
    algorithm: Algorithm,
    writing: Writing,
    strips_space: bool,
    before: Vec<u32>,
    after: Vec<u32>,
    /// Ids that end an answer, ascending.
    ends: Vec<u32>,
}

/// Most bytes of a text: places in it are numbered with 32 bits.
const MOST_TEXT: usize = 1 << 30;

impl Tokenizer {
    /// Reads the tokenizer of a model's file or folder; no weights are needed, and of a folder only
    /// the tokenizer's own files.
    ///
    /// Errors: those of [`Checkpoint::open`], and those of [`Tokenizer::of`].
    pub fn open(path: &Path) -> Result<Tokenizer, AppError> {
        if !path.is_dir() {
            return Tokenizer::of(&Checkpoint::open(path)?);
        }
        let config = match path.join("config.json").exists() {
            true => Folder::open(path)?.config,
            false => serde_json::Value::Null,
        };
        let path = path.to_owned();
        Ok(Tokenizer::new(folder::read(&Folder { path, config })?))
    }

    /// The tokenizer of a model.
    ///
    /// Errors: `tokenizer-damaged`, `unknown-tokenizer`, `unknown-pretokenizer`; of a folder
    /// `file-not-readable` and `metadata-damaged` too.
    pub fn of(checkpoint: &Checkpoint) -> Result<Tokenizer, AppError> {
        let parts = match &checkpoint.header {
            Header::Gguf(gguf) => gguf::read(&gguf.metadata)?,
            Header::Folder(folder) => folder::read(folder)?,
        };
        Ok(Tokenizer::new(parts))
    }

    fn new(parts: Parts) -> Tokenizer {
        let Parts {
            mut vocabulary,
            mut added,
            normal,
            steps,
            algorithm,
            writing,
            strips_space,
            before,
            after,
            ends,
            mistakes_commands,
        } = parts;
        let ends = ends::find(&ends, mistakes_commands, &mut vocabulary);
        for token in &mut added {
            token.control |= vocabulary.kind(token.id).is_special();
        }
        // What ends an answer may be one only since then.
        let listed: HashSet<u32> = added.iter().map(|token| token.id).collect();
        let late = ends
            .iter()
            .filter(|id| !listed.contains(id) && vocabulary.kind(**id).is_special());
        added.extend(late.map(|id| Added::plain(*id, vocabulary.shared_text(*id), true)));
        // A command is found where it stands, so that a person's words can be told from it.
        let (normalised, written) = added
            .into_iter()
            .partition(|token| token.normalised && !token.control);
        Tokenizer {
            vocabulary,
            written: Finder::new(written),
            normalised: Finder::new(normalised),
            normal,
            steps,
            algorithm,
            writing,
            strips_space,
            before,
            after,
            ends,
        }
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.vocabulary.len()
    }

    /// True of a vocabulary without a token.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Text to ids. With `special`, the tokens that stand around a text are put there where the
    /// model asks for them (the first only where the text does not begin with it), and control
    /// tokens in the text are recognised; otherwise they are plain words.
    ///
    /// Errors: `tokenizer-damaged`, where the vocabulary lacks a byte that the text has.
    pub fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>, AppError> {
        let mut ids = self.encode_except(text, special, &[], &Cancel::new())?;
        if special {
            ids.extend(&self.after);
        }
        Ok(ids)
    }

    /// As [`Tokenizer::encode`], but nothing is put behind the text, and no control token is
    /// recognised that begins at one of the byte positions `plain` (ascending): what a person
    /// wrote is never a command. Also fails as `cancelled`.
    pub(crate) fn encode_except(
        &self,
        text: &str,
        special: bool,
        plain: &[usize],
        cancel: &Cancel,
    ) -> Result<Vec<u32>, AppError> {
        let mut ids = Vec::with_capacity(text.len() / 3 + 2);
        let fragments = self.written.fragments(text, special, plain);
        if let Some(last) = self.before.last().filter(|_| special) {
            let begun = matches!(fragments.first(), Some(Fragment::Token { id, .. }) if id == last);
            if !begun {
                ids.extend(&self.before);
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
        let fragments = self.written.fragments(text, false, &[]);
        self.cut(fragments, false, &mut ids, cancel)?;
        Ok(ids)
    }

    /// The ids of fragments. With `spaced`, words have the space in front that the model asks for
    /// where they stand.
    fn cut(
        &self,
        fragments: Vec<Fragment<'_>>,
        spaced: bool,
        ids: &mut Vec<u32>,
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        let mut place = if spaced { Place::Start } else { Place::On };
        let after = |control: bool| match (spaced, control) {
            (false, _) => Place::On,
            (true, true) => Place::AfterControl,
            (true, false) => Place::AfterUser,
        };
        for fragment in fragments {
            cancel.check()?;
            let text = match fragment {
                Fragment::Token { id, control } => {
                    ids.push(id);
                    place = after(control);
                    continue;
                }
                Fragment::Words { text, .. } => text,
            };
            if text.len() > MOST_TEXT {
                return Err(failure::tokenizer_damaged("a text of more than 1 GB"));
            }
            let text = normal::normalised(&self.normal, text, place)?;
            if self.normalised.is_empty() {
                self.words(text, place, ids, cancel)?;
            } else {
                for fragment in self.normalised.fragments(&text, false, &[]) {
                    match fragment {
                        Fragment::Token { id, control } => {
                            ids.push(id);
                            place = after(control);
                        }
                        Fragment::Words { text, .. } => {
                            self.words(text.into(), place, ids, cancel)?;
                            place = Place::On;
                        }
                    }
                }
            }
            place = Place::On;
        }
        Ok(())
    }

    fn words(
        &self,
        text: pre::Piece<'_>,
        place: Place,
        ids: &mut Vec<u32>,
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        for word in pre::words(&self.steps, text, place)? {
            self.algorithm
                .encode(&self.vocabulary, &word, ids, cancel)?;
        }
        Ok(())
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
        // The space that is put in front of a text is not the text's.
        let first = ids
            .iter()
            .position(|id| Some(*id) != self.vocabulary.bos || special);
        let prefixed = self.strips_space
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
            Kind::Byte => vocabulary::byte_of(text).map_or_else(Vec::new, |byte| vec![byte]),
            Kind::Normal | Kind::Unused => match self.writing {
                Writing::Letters => bytes::to_bytes(text),
                Writing::Meta => text.replace('▁', " ").into_bytes(),
                Writing::Plain => text.as_bytes().to_vec(),
            },
        })
    }

    /// Whether the other has the same tokens under the same ids; one may have some more at its
    /// end, which fill up a table.
    pub(crate) fn is_alike(&self, other: &Tokenizer) -> bool {
        let (few, many) = (self.len().min(other.len()), self.len().max(other.len()));
        let same = |id: u32| {
            let pieces = (self.piece(id, true), other.piece(id, true));
            pieces.0.is_ok() && pieces.0 == pieces.1 && self.is_end(id) == other.is_end(id)
        };
        many - few <= many / 32 && (0..few as u32).all(same)
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
        self.written.controls()
    }
}
