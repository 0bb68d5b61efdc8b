//! SentencePiece's unigram model: of all ways to cut a text into tokens, that of the best sum of
//! scores (Viterbi).

use super::trie::Trie;
use super::vocabulary::{Kind, Vocabulary};
use crate::Cancel;
use protocol::{AppError, failure};

pub(super) struct Unigram {
    tokens: Trie,
    scores: Vec<f32>,
    /// Of a character that is no token: worse than any token by ten, as SentencePiece has it.
    unknown_score: f64,
    bytes: Option<[u32; 256]>,
}

/// The best way to a place in the text.
#[derive(Clone, Copy)]
struct Way {
    score: f64,
    from: u32,
    /// The token that comes last; `UNKNOWN` for a character that is none.
    id: u32,
}

const UNKNOWN: u32 = u32::MAX;

impl Unigram {
    /// Errors: `tokenizer-damaged`, where a token has no score.
    pub fn new(
        vocabulary: &Vocabulary,
        scores: Vec<f32>,
        byte_fallback: bool,
    ) -> Result<Unigram, AppError> {
        if scores.len() < vocabulary.len() {
            return Err(failure::tokenizer_damaged("tokenizer.ggml.scores"));
        }
        let words = vocabulary.every().filter(|id| vocabulary.is_word(*id));
        let least = vocabulary
            .every()
            .filter(|id| vocabulary.kind(*id) == Kind::Normal)
            .map(|id| f64::from(scores[id as usize]))
            .fold(f64::INFINITY, f64::min);
        let mut bytes = [0; 256];
        let mut complete = byte_fallback;
        for (byte, id) in bytes.iter_mut().zip(vocabulary.bytes()) {
            complete &= id.is_some();
            *byte = id.unwrap_or(0);
        }
        Ok(Unigram {
            tokens: Trie::new(words.map(|id| (vocabulary.text(id), id))),
            unknown_score: least - 10.0,
            bytes: complete.then_some(bytes),
            scores,
        })
    }

    /// The ids of a text whose spaces are written `▁`. Unknown neighbours are one.
    ///
    /// Errors: `tokenizer-damaged`, where a character is no token and nothing stands for it;
    /// `cancelled`.
    pub fn encode(
        &self,
        vocabulary: &Vocabulary,
        text: &str,
        ids: &mut Vec<u32>,
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        let none = Way {
            score: f64::NEG_INFINITY,
            from: 0,
            id: UNKNOWN,
        };
        let mut ways = vec![none; text.len() + 1];
        ways[0].score = 0.0;
        for (number, (at, letter)) in text.char_indices().enumerate() {
            if number % 4096 == 0 {
                cancel.check()?;
            }
            let here = ways[at].score;
            let mut go = |bytes: usize, score: f64, id: u32| {
                let way = &mut ways[at + bytes];
                // The first way is taken even where scores are no numbers.
                if here + score > way.score || (way.from == 0 && way.score == f64::NEG_INFINITY) {
                    *way = Way {
                        score: here + score,
                        from: at as u32,
                        id,
                    };
                }
            };
            let mut single = false;
            for (bytes, id) in self.tokens.prefixes(&text.as_bytes()[at..]) {
                single |= bytes == letter.len_utf8();
                let user = vocabulary.kind(id) == Kind::UserDefined;
                let score = f64::from(self.scores[id as usize]);
                go(bytes, if user { 0.0 } else { score }, id);
            }
            if !single {
                go(letter.len_utf8(), self.unknown_score, UNKNOWN);
            }
        }
        let begin = ids.len();
        let mut at = text.len();
        let mut unknown_before = false;
        while at > 0 {
            let Way { from, id, .. } = ways[at];
            let from = from as usize;
            match (id, &self.bytes) {
                (UNKNOWN, Some(bytes)) => {
                    let letter = text.as_bytes()[from..at].iter().rev();
                    ids.extend(letter.map(|byte| bytes[usize::from(*byte)]));
                }
                (UNKNOWN, None) if unknown_before => {}
                (UNKNOWN, None) => {
                    ids.push(vocabulary.unknown.ok_or_else(|| {
                        failure::tokenizer_damaged("no token for what is unknown")
                    })?)
                }
                (id, _) => ids.push(id),
            }
            unknown_before = id == UNKNOWN;
            at = from;
        }
        ids[begin..].reverse();
        Ok(())
    }
}
