//! SentencePiece's BPE: characters are joined into tokens, best score first; what is no token is
//! written byte by byte. Spaces are written `▁`.

use super::vocabulary::Vocabulary;
use protocol::{AppError, failure};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

pub(super) struct Spm {
    scores: Vec<f32>,
    bytes: [Option<u32>; 256],
}

/// Two neighbours that can be joined.
struct Pair {
    score: f32,
    left: u32,
    right: u32,
    bytes: u32,
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then(other.left.cmp(&self.left))
    }
}
impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Pair {}

/// A part of the text while it is joined; `end == start` once it is gone.
struct Part {
    start: u32,
    end: u32,
    before: u32,
    next: u32,
}

/// Beyond the first or the last part.
const NONE: u32 = u32::MAX;

impl Spm {
    /// Errors: `tokenizer-damaged`, where a token has no score.
    pub fn new(vocabulary: &Vocabulary, scores: Vec<f32>) -> Result<Spm, AppError> {
        if scores.len() < vocabulary.len() {
            return Err(failure::tokenizer_damaged("tokenizer.ggml.scores"));
        }
        let bytes = vocabulary.bytes();
        Ok(Spm { scores, bytes })
    }

    /// The ids of a text whose spaces are written `▁`.
    ///
    /// Errors: `tokenizer-damaged`, where the vocabulary lacks a byte and has nothing for it.
    pub fn encode(
        &self,
        vocabulary: &Vocabulary,
        text: &str,
        ids: &mut Vec<u32>,
    ) -> Result<(), AppError> {
        let mut parts: Vec<Part> = Vec::with_capacity(text.len());
        for (start, letter) in text.char_indices() {
            let at = parts.len() as u32;
            parts.push(Part {
                start: start as u32,
                end: (start + letter.len_utf8()) as u32,
                before: at.wrapping_sub(1),
                next: at + 1,
            });
        }
        if let Some(last) = parts.last_mut() {
            last.next = NONE;
        }
        let pair = |parts: &[Part], left: u32, right: u32| {
            let first = parts.get(left as usize)?;
            let last = parts.get(right as usize)?;
            let id = vocabulary.word(&text[first.start as usize..last.end as usize])?;
            Some(Pair {
                score: self.scores[id as usize],
                left,
                right,
                bytes: last.end - first.start,
            })
        };
        let mut queue = BinaryHeap::new();
        for right in 1..parts.len() as u32 {
            queue.extend(pair(&parts, right - 1, right));
        }
        while let Some(Pair {
            left, right, bytes, ..
        }) = queue.pop()
        {
            let length = |part: &Part| part.end - part.start;
            let (l, r) = (
                length(&parts[left as usize]),
                length(&parts[right as usize]),
            );
            if l == 0 || r == 0 || l + r != bytes {
                continue;
            }
            parts[left as usize].end = parts[right as usize].end;
            let gone = &mut parts[right as usize];
            gone.end = gone.start;
            let after = gone.next;
            parts[left as usize].next = after;
            if let Some(after) = parts.get_mut(after as usize) {
                after.before = left;
            }
            queue.extend(pair(&parts, parts[left as usize].before, left));
            queue.extend(pair(&parts, left, after));
        }
        let mut unknown_before = false;
        for part in parts.iter().filter(|part| part.end > part.start) {
            let piece = &text[part.start as usize..part.end as usize];
            if let Some(id) = vocabulary.word(piece) {
                ids.push(id);
                unknown_before = false;
                continue;
            }
            for byte in piece.bytes() {
                if let Some(id) = self.bytes[usize::from(byte)] {
                    ids.push(id);
                    unknown_before = false;
                    continue;
                }
                let unknown = vocabulary.unknown.ok_or_else(|| {
                    failure::tokenizer_damaged(format!("no token for byte {byte}"))
                })?;
                if !unknown_before {
                    ids.push(unknown);
                }
                unknown_before = true;
            }
        }
        Ok(())
    }
}
