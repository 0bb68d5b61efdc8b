//! SentencePiece's BPE: characters are joined into tokens, best score first; what is no token is
//! written byte by byte. Spaces are written `▁`.

use super::vocabulary::Vocabulary;
use formats::gguf::Metadata;
use protocol::{AppError, failure};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

pub(super) struct Spm {
    scores: Vec<f32>,
    /// Whether a space is put in front of a text.
    pub adds_space: bool,
    bytes: [Option<u32>; 256],
}

/// The byte of a token written `<0x0A>`.
pub(super) fn byte_of(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}

/// Two neighbours that can be joined.
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    bytes: usize,
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
    start: usize,
    end: usize,
    before: Option<usize>,
    next: Option<usize>,
}

impl Spm {
    /// Errors: `tokenizer-damaged`.
    pub fn of(metadata: &Metadata, vocabulary: &Vocabulary) -> Result<Spm, AppError> {
        const SCORES: &str = "tokenizer.ggml.scores";
        let scores = metadata
            .floats(SCORES)
            .filter(|scores| scores.len() >= vocabulary.len())
            .ok_or_else(|| failure::tokenizer_damaged(SCORES))?;
        Ok(Spm {
            scores: scores.to_vec(),
            adds_space: metadata
                .truth("tokenizer.ggml.add_space_prefix")
                .unwrap_or(true),
            bytes: std::array::from_fn(|byte| vocabulary.id(&format!("<0x{byte:02X}>"))),
        })
    }

    /// `begins`: the text stands at the beginning, or after a token recognised as a whole.
    pub fn encode(
        &self,
        vocabulary: &Vocabulary,
        text: &str,
        begins: bool,
        ids: &mut Vec<u32>,
    ) -> Result<(), AppError> {
        let prefix = if self.adds_space && begins { "▁" } else { "" };
        let text = format!("{prefix}{}", text.replace(' ', "▁"));
        let mut parts: Vec<Part> = Vec::with_capacity(text.len());
        for (start, letter) in text.char_indices() {
            let at = parts.len();
            parts.push(Part {
                start,
                end: start + letter.len_utf8(),
                before: at.checked_sub(1),
                next: Some(at + 1),
            });
        }
        if let Some(last) = parts.last_mut() {
            last.next = None;
        }
        let pair = |parts: &[Part], left: Option<usize>, right: Option<usize>| {
            let (left, right) = (left?, right?);
            let both = &text[parts[left].start..parts[right].end];
            let id = vocabulary.id(both)?;
            Some(Pair {
                score: self.scores[id as usize],
                left,
                right,
                bytes: both.len(),
            })
        };
        let mut queue = BinaryHeap::new();
        for right in 1..parts.len() {
            queue.extend(pair(&parts, Some(right - 1), Some(right)));
        }
        while let Some(Pair {
            left, right, bytes, ..
        }) = queue.pop()
        {
            let length = |part: &Part| part.end - part.start;
            let (l, r) = (length(&parts[left]), length(&parts[right]));
            if l == 0 || r == 0 || l + r != bytes {
                continue;
            }
            parts[left].end = parts[right].end;
            parts[right].end = parts[right].start;
            let after = parts[right].next;
            parts[left].next = after;
            if let Some(after) = after {
                parts[after].before = Some(left);
            }
            queue.extend(pair(&parts, parts[left].before, Some(left)));
            queue.extend(pair(&parts, Some(left), after));
        }
        for part in parts.iter().filter(|part| part.end > part.start) {
            let piece = &text[part.start..part.end];
            if let Some(id) = vocabulary.id(piece) {
                ids.push(id);
                continue;
            }
            for byte in piece.bytes() {
                let id = self.bytes[byte as usize].or(vocabulary.unknown);
                ids.push(id.ok_or_else(|| {
                    failure::tokenizer_damaged(format!("no token for byte {byte}"))
                })?);
            }
        }
        Ok(())
    }
}
