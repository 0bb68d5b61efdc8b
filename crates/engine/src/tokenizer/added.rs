//! Tokens that are recognised as wholes before a text is cut into words: commands, and what the
//! model's makers added.

use super::trie::Trie;
use std::sync::Arc;

/// One such token.
#[derive(Clone, Debug)]
pub(super) struct Added {
    pub id: u32,
    pub text: Arc<str>,
    /// A command of the template: never recognised in what a person wrote.
    pub control: bool,
    /// Not recognised inside of a word.
    pub single_word: bool,
    /// Takes the white space in front of it.
    pub left: bool,
    /// Takes the white space after it.
    pub right: bool,
    /// Sought in the text as it is normalised.
    pub normalised: bool,
}

impl Added {
    /// Recognised everywhere as it is written.
    pub fn plain(id: u32, text: Arc<str>, control: bool) -> Added {
        Added {
            id,
            text,
            control,
            single_word: false,
            left: false,
            right: false,
            normalised: false,
        }
    }
}

/// What a text falls into.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fragment<'a> {
    Token { id: u32, control: bool },
    Words { at: usize, text: &'a str },
}

/// Finds tokens: from left to right, the longest where several begin.
#[derive(Debug, Default)]
pub(super) struct Finder {
    tokens: Vec<Added>,
    /// Numbers of tokens.
    all: Trie,
    /// Only those that a person may write.
    free: Trie,
}

impl Finder {
    pub fn new(tokens: Vec<Added>) -> Finder {
        let numbered = || tokens.iter().zip(0u32..);
        let all = Trie::new(numbered().map(|(token, number)| (&*token.text, number)));
        let free = Trie::new(
            numbered()
                .filter(|(token, _)| !token.control)
                .map(|(token, number)| (&*token.text, number)),
        );
        Finder { tokens, all, free }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn controls(&self) -> impl Iterator<Item = &str> {
        let controls = self.tokens.iter().filter(|token| token.control);
        controls.map(|token| &*token.text)
    }

    /// The fragments of a text. Without `special` no command is recognised, and none that begins
    /// at one of the byte positions `plain` (ascending).
    pub fn fragments<'a>(
        &self,
        text: &'a str,
        special: bool,
        plain: &[usize],
    ) -> Vec<Fragment<'a>> {
        let mut fragments = Vec::new();
        let mut from = 0;
        let mut at = 0;
        while at < text.len() {
            let free = !special || plain.binary_search(&at).is_ok();
            let trie = if free { &self.free } else { &self.all };
            let Some((bytes, number)) = trie.longest(&text.as_bytes()[at..]) else {
                at += 1;
                continue;
            };
            let token = &self.tokens[number as usize];
            let (before, after) = (&text[from..at], &text[at + bytes..]);
            if token.single_word && (text[..at].ends_with(is_word) || after.starts_with(is_word)) {
                at += bytes;
                continue;
            }
            let kept = if token.left {
                before.trim_end()
            } else {
                before
            };
            if !kept.is_empty() {
                fragments.push(Fragment::Words {
                    at: from,
                    text: kept,
                });
            }
            fragments.push(Fragment::Token {
                id: token.id,
                control: token.control,
            });
            let rest = if token.right {
                after.trim_start()
            } else {
                after
            };
            from = text.len() - rest.len();
            at = from;
        }
        if from < text.len() {
            let text = &text[from..];
            fragments.push(Fragment::Words { at: from, text });
        }
        fragments
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder() -> Finder {
        let token = |id, text: &str, control| Added::plain(id, text.into(), control);
        let mut tokens = vec![
            token(1, "<s>", true),
            token(2, "<s>a", false),
            token(3, "  ", false),
            token(4, "   ", false),
            token(5, "<end>", true),
            token(6, "word", false),
            token(7, "é", false),
        ];
        (tokens[4].left, tokens[4].right) = (true, true);
        tokens[5].single_word = true;
        Finder::new(tokens)
    }

    fn check(text: &str, special: bool, plain: &[usize], expected: &[&str]) {
        let finder = finder();
        let fragments = finder.fragments(text, special, plain);
        let shown: Vec<String> = fragments
            .iter()
            .map(|fragment| match fragment {
                Fragment::Token { id, .. } => format!("#{id}"),
                Fragment::Words { at, text: words } => {
                    assert_eq!(&text[*at..at + words.len()], *words);
                    (*words).to_owned()
                }
            })
            .collect();
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn the_longest_token_is_found_from_the_left() {
        check("a<s>b", true, &[], &["a", "#1", "b"]);
        check("<s>ab", true, &[], &["#2", "b"]);
        check("     x", true, &[], &["#4", "#3", "x"]);
        check("", true, &[], &[]);
        check("né日é", false, &[], &["n", "#7", "日", "#7"]);
    }

    #[test]
    fn no_command_comes_from_what_a_person_wrote() {
        check("<s>b<end>", false, &[], &["<s>b<end>"]);
        check("<s>b<s>", true, &[0], &["<s>b", "#1"]);
        check("<s>ab", true, &[0], &["#2", "b"]);
        check("<s><s>", true, &[3], &["#1", "<s>"]);
    }

    #[test]
    fn white_space_around_goes_with_tokens_that_take_it() {
        check(
            "a \n<end> \tb",
            true,
            &[],
            &["a \n"[..1].as_ref(), "#5", "b"],
        );
        check("<end> <end>", true, &[], &["#5", "#5"]);
    }

    #[test]
    fn a_token_that_is_a_word_is_none_inside_of_words() {
        check("word sword word", true, &[], &["#6", " sword ", "#6"]);
    }
}
