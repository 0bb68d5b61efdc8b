//! Byte-pair encoding over bytes: a word's neighbours are joined, the merge learnt first, first.

use super::bytes::LETTERS;
use super::pre::Pre;
use super::vocabulary::Vocabulary;
use crate::Cancel;
use formats::gguf::Metadata;
use protocol::{AppError, failure};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

pub(super) struct Bpe {
    pre: Pre,
    /// Left and right id to the rank of their merge and the id of both.
    merges: HashMap<(u32, u32), (u32, u32)>,
    /// The token of each byte.
    bytes: [Option<u32>; 256],
}

impl Bpe {
    /// Errors: `tokenizer-damaged`, `unknown-pretokenizer`.
    pub fn of(metadata: &Metadata, vocabulary: &Vocabulary) -> Result<Bpe, AppError> {
        const MERGES: &str = "tokenizer.ggml.merges";
        let damaged = || failure::tokenizer_damaged(MERGES);
        let pre = Pre::named(metadata.text("tokenizer.ggml.pre").unwrap_or("default"))?;
        let lines = metadata.texts(MERGES).ok_or_else(damaged)?;
        let mut merges = HashMap::with_capacity(lines.len());
        for (rank, line) in lines.iter().enumerate() {
            // A token may begin with a space in vocabularies that are not byte-level.
            let gap = line
                .bytes()
                .skip(1)
                .position(|byte| byte == b' ')
                .ok_or_else(damaged)?;
            let (left, right) = (
                line.get(..gap + 1).ok_or_else(damaged)?,
                line.get(gap + 2..).ok_or_else(damaged)?,
            );
            // A merge of or into what is no token can never be used.
            if let (Some(left), Some(right), Some(both)) = (
                vocabulary.id(left),
                vocabulary.id(right),
                vocabulary.id(&format!("{left}{right}")),
            ) {
                merges.entry((left, right)).or_insert((rank as u32, both));
            }
        }
        let bytes =
            std::array::from_fn(|byte| vocabulary.id(LETTERS[byte].encode_utf8(&mut [0; 4])));
        Ok(Bpe { pre, merges, bytes })
    }

    /// Where the file does not say whether a text begins with BOS.
    pub fn adds_bos(&self) -> bool {
        self.pre.adds_bos
    }

    pub fn encode(
        &self,
        vocabulary: &Vocabulary,
        text: &str,
        ids: &mut Vec<u32>,
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        let mut letters = String::new();
        for word in self.pre.words(text) {
            cancel.check()?;
            if self.pre.ignore_merges {
                letters.clear();
                letters.extend(word.bytes().map(|byte| LETTERS[byte as usize]));
                if let Some(id) = vocabulary.id(&letters) {
                    ids.push(id);
                    continue;
                }
            }
            let parts = word
                .bytes()
                .map(|byte| {
                    self.bytes[byte as usize]
                        .or(vocabulary.unknown)
                        .ok_or_else(|| {
                            failure::tokenizer_damaged(format!("no token for byte {byte}"))
                        })
                })
                .collect::<Result<Vec<_>, _>>()?;
            self.merge(parts, ids);
        }
        Ok(())
    }

    /// Joins the parts of one word: lowest rank first, leftmost first among equals.
    fn merge(&self, mut parts: Vec<u32>, ids: &mut Vec<u32>) {
        const GONE: u32 = u32::MAX;
        let count = parts.len();
        let mut next: Vec<usize> = (1..=count).collect();
        let mut before: Vec<usize> = (0..count).map(|at| at.wrapping_sub(1)).collect();
        let mut queue = BinaryHeap::new();
        let candidate = |parts: &[u32], left: usize, right: usize| {
            let pair = (parts[left], parts[right]);
            let (rank, both) = *self.merges.get(&pair)?;
            Some(Reverse((rank, left, right, pair, both)))
        };
        for right in 1..count {
            queue.extend(candidate(&parts, right - 1, right));
        }
        while let Some(Reverse((_, left, right, pair, both))) = queue.pop() {
            // Outdated: one of the two was joined with another meanwhile.
            if (parts[left], parts[right]) != pair || next[left] != right {
                continue;
            }
            parts[left] = both;
            parts[right] = GONE;
            next[left] = next[right];
            if next[left] < count {
                before[next[left]] = left;
                queue.extend(candidate(&parts, left, next[left]));
            }
            if before[left] < count {
                queue.extend(candidate(&parts, before[left], left));
            }
        }
        ids.extend(parts.into_iter().filter(|id| *id != GONE));
    }
}
