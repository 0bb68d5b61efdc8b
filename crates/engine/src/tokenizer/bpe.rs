//! Byte-pair encoding: a word's neighbours are joined, the merge learnt first, first.

use super::vocabulary::Vocabulary;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

pub(super) struct Bpe {
    /// Left and right id to the rank of their merge and the id of both.
    merges: HashMap<(u32, u32), (u32, u32)>,
    /// The tokens of the first letters of Unicode: those that stand for bytes among them.
    letters: [Option<u32>; 0x180],
    /// The tokens of bytes, for letters that are no token.
    bytes: [Option<u32>; 256],
    rules: Rules,
}

/// What vocabularies differ in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    /// A word that is a token is not cut further.
    pub ignore_merges: bool,
    /// A word of line ends that is a token is not cut further.
    pub whole_lines: bool,
    /// Stands for letters that the vocabulary lacks; without it they are left out, as llama.cpp and
    /// the crate `tokenizers` do.
    pub unknown: Option<u32>,
    /// Neighbours that the vocabulary lacks are one unknown token.
    pub fuse_unknown: bool,
    /// What is no token is written byte by byte.
    pub byte_fallback: bool,
}

impl Bpe {
    /// Of pairs of tokens and the ranks of their merges, the least first. A merge of or into what
    /// is no token can never be used, and is left out.
    pub fn new<'a>(
        vocabulary: &Vocabulary,
        pairs: impl IntoIterator<Item = (&'a str, &'a str, u32)>,
        rules: Rules,
    ) -> Bpe {
        let mut merges = HashMap::new();
        let mut whole = String::new();
        for (left, right, rank) in pairs {
            whole.clear();
            whole.extend([left, right]);
            let word = |text| vocabulary.word(text);
            if let (Some(left), Some(right), Some(both)) = (word(left), word(right), word(&whole)) {
                merges.entry((left, right)).or_insert((rank, both));
            }
        }
        let letter = |number: usize| {
            let letter = char::from_u32(number as u32)?;
            vocabulary.word(letter.encode_utf8(&mut [0; 4]))
        };
        let bytes = match rules.byte_fallback {
            true => vocabulary.bytes(),
            false => [None; 256],
        };
        Bpe {
            merges,
            letters: std::array::from_fn(letter),
            bytes,
            rules,
        }
    }

    /// Of tokens alone: neighbours that make a token are joined, the least id first.
    pub fn ranked(vocabulary: &Vocabulary, rules: Rules) -> Bpe {
        // Real ones have a few hundred letters; each is cut in every way.
        const MOST_LETTERS: usize = 4096;
        let tokens = vocabulary
            .every()
            .filter(|id| vocabulary.is_word(*id) && vocabulary.text(*id).len() < MOST_LETTERS);
        let pairs = tokens.flat_map(|id| {
            let text = vocabulary.text(id);
            let cuts = text.char_indices().map(|(at, _)| at).filter(|at| *at > 0);
            cuts.map(move |at| (&text[..at], &text[at..], id))
        });
        Bpe::new(vocabulary, pairs, rules)
    }

    /// The ids of one word.
    pub fn encode(&self, vocabulary: &Vocabulary, word: &str, ids: &mut Vec<u32>) {
        let whole = self.rules.ignore_merges
            || (self.rules.whole_lines && word.bytes().all(|byte| byte == b'\n'));
        if let Some(id) = whole.then(|| vocabulary.word(word)).flatten() {
            ids.push(id);
            return;
        }
        let mut parts = Vec::with_capacity(word.len());
        let mut letter_bytes = [0; 4];
        let mut fused = false;
        for letter in word.chars() {
            let text = letter.encode_utf8(&mut letter_bytes);
            let id = match self.letters.get(letter as usize) {
                Some(id) => *id,
                None => vocabulary.word(text),
            };
            if let Some(id) = id {
                parts.push(id);
                fused = false;
                continue;
            }
            let before = parts.len();
            parts.extend(text.bytes().map_while(|byte| self.bytes[usize::from(byte)]));
            if parts.len() - before == text.len() {
                fused = false;
                continue;
            }
            parts.truncate(before);
            if !(fused && self.rules.fuse_unknown) {
                parts.extend(self.rules.unknown);
            }
            fused = true;
        }
        self.merge(parts, ids);
    }

    /// Joins the parts of one word: lowest rank first, leftmost first among equals.
    fn merge(&self, mut parts: Vec<u32>, ids: &mut Vec<u32>) {
        const GONE: u32 = u32::MAX;
        let count = parts.len();
        let mut next: Vec<u32> = (1..=count as u32).collect();
        let mut before: Vec<u32> = (0..count as u32).map(|at| at.wrapping_sub(1)).collect();
        // Rank and place of each pair that can be joined.
        let mut queue = BinaryHeap::new();
        let candidate = |parts: &[u32], left: u32, right: u32| {
            let pair = (parts[left as usize], parts[right as usize]);
            let (rank, _) = *self.merges.get(&pair)?;
            Some(Reverse((rank, left)))
        };
        for right in 1..count as u32 {
            queue.extend(candidate(&parts, right - 1, right));
        }
        while let Some(Reverse((rank, place))) = queue.pop() {
            let (at, after) = (place as usize, next[place as usize] as usize);
            // Outdated where one of the two was joined with another meanwhile.
            let pair = parts.get(after).map(|right| (parts[at], *right));
            let both = match pair.and_then(|pair| self.merges.get(&pair)) {
                Some((now, both)) if *now == rank => *both,
                _ => continue,
            };
            parts[at] = both;
            parts[after] = GONE;
            next[at] = next[after];
            if (next[at] as usize) < count {
                before[next[at] as usize] = place;
                queue.extend(candidate(&parts, place, next[at]));
            }
            if (before[at] as usize) < count {
                queue.extend(candidate(&parts, before[at], place));
            }
        }
        ids.extend(parts.into_iter().filter(|id| *id != GONE));
    }
}

/// A merge as a line says it: a token may begin with a space where the vocabulary is not of
/// letters that stand for bytes.
pub(super) fn pair(line: &str) -> Option<(&str, &str)> {
    let gap = line.bytes().skip(1).position(|byte| byte == b' ')? + 1;
    Some((line.get(..gap)?, line.get(gap + 1..)?))
}
