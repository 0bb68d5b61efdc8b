//! SentencePiece's `precompiled_charsmap`: which characters are written how before a text is cut.
//!
//! A double array of 32-bit units as Darts-clone has it, behind its length in bytes, and after it the
//! replacements, each ended by a zero.

use unicode_segmentation::UnicodeSegmentation;

/// Most bytes of a replacement: the longest of Unicode's own has 33.
const MOST: usize = 128;

#[derive(Clone, Debug)]
pub(super) struct Charsmap {
    units: Vec<u32>,
    replacements: Vec<u8>,
}

impl Charsmap {
    /// None where the bytes contradict themselves.
    pub fn of(bytes: &[u8]) -> Option<Charsmap> {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        if !length.is_multiple_of(4) || length > rest.len() {
            return None;
        }
        let (units, replacements) = rest.split_at(length);
        let (units, _) = units.as_chunks();
        Some(Charsmap {
            units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            replacements: replacements.to_vec(),
        })
    }

    /// The length of each beginning of the text that is replaced, shortest first, and by what.
    fn prefixes<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        let offset = |unit: u32| (unit >> 10 << ((unit & 1 << 9) >> 6)) as usize;
        let mut node = self.units.first().map_or(0, |unit| offset(*unit));
        text.bytes()
            .enumerate()
            .map_while(move |(at, byte)| {
                node ^= usize::from(byte);
                let unit = *self.units.get(node)?;
                if byte == 0 || unit & (1 << 31 | 0xff) != u32::from(byte) {
                    return None;
                }
                node ^= offset(unit);
                let leaf = unit >> 8 & 1 == 1;
                let value = leaf.then(|| self.units.get(node)).flatten();
                Some(value.and_then(|unit| {
                    let rest = self.replacements.get((unit & !(1 << 31)) as usize..)?;
                    let end = rest.iter().take(MOST).position(|byte| *byte == 0)?;
                    Some((at + 1, std::str::from_utf8(&rest[..end]).ok()?))
                }))
            })
            .flatten()
    }

    /// As SentencePiece has it: from left to right, the longest replaced first.
    pub fn replaced(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let found = self.prefixes(rest).last();
            let whole = found.filter(|(bytes, _)| rest.is_char_boundary(*bytes));
            let (bytes, words) = whole.unwrap_or_else(|| {
                let bytes = letter.len_utf8();
                (bytes, &rest[..bytes])
            });
            out.push_str(words);
            rest = &rest[bytes..];
        }
        out
    }

    /// As the crate `tokenizers` has it: short clusters as wholes, else letter by letter, by the
    /// shortest beginning that is replaced.
    pub fn replaced_by_clusters(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for cluster in text.graphemes(true) {
            let short = cluster.len() < 6;
            if let Some((_, words)) = short.then(|| self.prefixes(cluster).next()).flatten() {
                out.push_str(words);
                continue;
            }
            for (at, letter) in cluster.char_indices() {
                let letter = &cluster[at..at + letter.len_utf8()];
                let words = self
                    .prefixes(letter)
                    .next()
                    .map_or(letter, |(_, words)| words);
                out.push_str(words);
            }
        }
        out
    }
}
