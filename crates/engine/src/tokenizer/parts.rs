//! What a tokenizer is put together from, whichever file it was read from.

use super::added::Added;
use super::bpe::Bpe;
use super::normal::Normal;
use super::pre::Step;
use super::spm::Spm;
use super::unigram::Unigram;
use super::vocabulary::Vocabulary;
use super::wordpiece::WordPiece;
use crate::Cancel;
use protocol::AppError;

/// The parts, in the order in which a text goes through them.
pub(super) struct Parts {
    pub vocabulary: Vocabulary,
    /// What is recognised as a whole.
    pub added: Vec<Added>,
    pub normal: Vec<Normal>,
    pub steps: Vec<Step>,
    pub algorithm: Algorithm,
    /// How the texts of tokens are written.
    pub writing: Writing,
    /// The space at the beginning of a text is not the text's.
    pub strips_space: bool,
    /// What stands around a text.
    pub before: Vec<u32>,
    pub after: Vec<u32>,
    /// What the files say ends an answer.
    pub ends: Vec<u32>,
    /// Whether the files may call a token a word that is a command.
    pub mistakes_commands: bool,
}

/// What cuts words into tokens.
pub(super) enum Algorithm {
    Bpe(Box<Bpe>),
    Spm(Box<Spm>),
    Unigram(Box<Unigram>),
    WordPiece(Box<WordPiece>),
}

/// How a vocabulary writes what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    /// Bytes as letters.
    Letters,
    /// Spaces as `▁`.
    Meta,
    /// As it is.
    Plain,
}

impl Algorithm {
    /// The ids of one word.
    ///
    /// Errors: `tokenizer-damaged`, `cancelled`.
    pub fn encode(
        &self,
        vocabulary: &Vocabulary,
        word: &str,
        ids: &mut Vec<u32>,
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        cancel.check()?;
        match self {
            Algorithm::Bpe(bpe) => {
                bpe.encode(vocabulary, word, ids);
                Ok(())
            }
            Algorithm::Spm(spm) => spm.encode(vocabulary, word, ids),
            Algorithm::Unigram(unigram) => unigram.encode(vocabulary, word, ids, cancel),
            Algorithm::WordPiece(pieces) => pieces.encode(vocabulary, word, ids),
        }
    }
}
