//! WordPiece, as BERT has it: each word is cut into the longest tokens, from left to right. A word's
//! first token is written with `▁` in front, as llama.cpp's converter writes it.

use super::trie::Trie;
use super::vocabulary::Vocabulary;
use protocol::{AppError, failure};

pub(super) struct WordPiece {
    tokens: Trie,
    /// A longer word is unknown as a whole.
    most_letters: usize,
}

impl WordPiece {
    pub fn new(vocabulary: &Vocabulary, most_letters: usize) -> WordPiece {
        let words = vocabulary.every().filter(|id| vocabulary.is_word(*id));
        WordPiece {
            tokens: Trie::new(words.map(|id| (vocabulary.text(id), id))),
            most_letters,
        }
    }

    /// The ids of one word; one that cannot be cut into tokens is unknown as a whole.
    ///
    /// Errors: `tokenizer-damaged`, where nothing stands for what is unknown.
    pub fn encode(
        &self,
        vocabulary: &Vocabulary,
        word: &str,
        ids: &mut Vec<u32>,
    ) -> Result<(), AppError> {
        let begin = ids.len();
        // A mark that the text has itself would be taken for the beginning of a word.
        let known = word.chars().count() <= self.most_letters && !word.contains('▁');
        let word = format!("▁{word}");
        let mut rest = word.as_bytes();
        while known && !rest.is_empty() {
            let Some((bytes, id)) = self.tokens.longest(rest) else {
                break;
            };
            ids.push(id);
            rest = &rest[bytes..];
        }
        if !rest.is_empty() {
            ids.truncate(begin);
            ids.push(
                vocabulary
                    .unknown
                    .ok_or_else(|| failure::tokenizer_damaged("no token for what is unknown"))?,
            );
        }
        Ok(())
    }
}
