//! The tokens that a text begins with, found in one walk.

use std::collections::VecDeque;

/// A tree of bytes. A node's children lie one after the other, by their bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Trie {
    /// The first child of each node, and the end of the last's.
    first: Vec<u32>,
    /// By which byte a node is reached.
    bytes: Vec<u8>,
    /// The value of the word that ends at a node, or `NONE`.
    values: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Trie {
    /// Of words and their values; of equal words the first counts.
    pub fn new<'a>(words: impl IntoIterator<Item = (&'a str, u32)>) -> Trie {
        let mut words: Vec<(&[u8], u32)> = words
            .into_iter()
            .filter(|(word, _)| !word.is_empty())
            .map(|(word, value)| (word.as_bytes(), value))
            .collect();
        words.sort_by_key(|(word, _)| *word);
        words.dedup_by_key(|(word, _)| *word);
        let mut trie = Trie {
            first: Vec::new(),
            bytes: vec![0],
            values: vec![NONE],
        };
        // Nodes in the order of their depth: what they begin, and at which byte they go on.
        let mut nodes = VecDeque::from([(0, words.len(), 0)]);
        while let Some((mut from, to, depth)) = nodes.pop_front() {
            trie.first.push(trie.bytes.len() as u32);
            while from < to {
                let byte = words[from].0[depth];
                let count = words[from..to].partition_point(|(word, _)| word[depth] <= byte);
                let ends = words[from].0.len() == depth + 1;
                trie.bytes.push(byte);
                trie.values.push(if ends { words[from].1 } else { NONE });
                nodes.push_back((from + usize::from(ends), from + count, depth + 1));
                from += count;
            }
        }
        trie.first.push(trie.bytes.len() as u32);
        trie
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.len() <= 1
    }

    /// The length and value of every word that the text begins with, shortest first.
    pub fn prefixes<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, u32)> + 'a {
        let mut node = 0;
        text.iter()
            .enumerate()
            .map_while(move |(at, byte)| {
                let children = *self.first.get(node)? as usize..*self.first.get(node + 1)? as usize;
                let start = children.start;
                node = start + self.bytes[children].binary_search(byte).ok()?;
                Some((at + 1, self.values[node]))
            })
            .filter(|(_, value)| *value != NONE)
    }

    /// The longest of [`Trie::prefixes`].
    pub fn longest(&self, text: &[u8]) -> Option<(usize, u32)> {
        self.prefixes(text).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_a_text_begins_with_is_found() {
        let trie = Trie::new([
            ("ab", 1),
            ("a", 2),
            ("abc", 3),
            ("ab", 4),
            ("b", 5),
            ("", 6),
        ]);
        let check = |text: &str, words: &[(usize, u32)]| {
            assert_eq!(trie.prefixes(text.as_bytes()).collect::<Vec<_>>(), words);
        };
        check("abcd", &[(1, 2), (2, 1), (3, 3)]);
        check("abx", &[(1, 2), (2, 1)]);
        check("b", &[(1, 5)]);
        check("c", &[]);
        check("", &[]);
        assert!(Trie::new([]).is_empty() && Trie::default().longest(b"a").is_none());
    }
}
