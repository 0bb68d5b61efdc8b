//! What is done to a text before it is cut into words.

use super::charsmap::Charsmap;
use super::pre::{Pattern, Place, Prepend};
use protocol::{AppError, failure};
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Normal {
    Form(Form),
    Lowercase,
    StripAccents,
    /// White space at the beginning and at the end goes.
    Strip {
        left: bool,
        right: bool,
    },
    /// In front of what is not empty, where its place asks for it.
    Prepend {
        text: String,
        when: Prepend,
    },
    Replace {
        pattern: Pattern,
        by: String,
    },
    /// As the crate `tokenizers` reads the map.
    Charsmap(Box<Charsmap>),
    /// Written with the letters that stand for bytes.
    Letters,
    SentencePiece(Box<SentencePiece>),
    Bert(Bert),
}

/// A form of Unicode normalisation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
}

/// What SentencePiece does, by the `normalizer_spec` of a model.
#[derive(Clone, Debug)]
pub(super) struct SentencePiece {
    pub charsmap: Option<Charsmap>,
    pub prepend: Prepend,
    /// The space goes behind the text instead.
    pub suffix: bool,
    /// Spaces at both ends go, and of others in a row all but one.
    pub merge_spaces: bool,
}

/// What BERT's tokenizer does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bert {
    pub clean: bool,
    pub chinese: bool,
    pub strip_accents: bool,
    pub lowercase: bool,
}

static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{Mn}+").ok());
static NO_LETTERS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\x00\u{fffd}[\p{Cc}\p{Cf}\p{Co}&&[^\t\n\r]]]+").ok());

/// Most that a text may grow by: Unicode's own forms make it eleven times as long at most.
const MOST_GROWTH: usize = 32;

/// A text after all changes.
///
/// Errors: `tokenizer-damaged`, where an expression gives up on it, or it grows beyond measure.
pub(super) fn normalised<'a>(
    changes: &[Normal],
    text: &'a str,
    place: Place,
) -> Result<Cow<'a, str>, AppError> {
    let most = text.len() * MOST_GROWTH + 4096;
    let mut text = Cow::Borrowed(text);
    for change in changes {
        if let Some(changed) = change.apply(&text, place, most)? {
            text = Cow::Owned(changed);
        }
        if text.len() > most {
            return Err(failure::tokenizer_damaged(
                "a text that grows beyond measure",
            ));
        }
    }
    Ok(text)
}

impl Normal {
    /// The changed text; None where it stays as it is. It may end once it has more than `most` bytes.
    fn apply(&self, text: &str, place: Place, most: usize) -> Result<Option<String>, AppError> {
        Ok(Some(match self {
            Normal::Form(Form::Nfc) if unicode_normalization::is_nfc(text) => return Ok(None),
            Normal::Form(form) => form.of(text),
            Normal::Lowercase => text.chars().flat_map(char::to_lowercase).collect(),
            Normal::StripAccents => without(&MARKS, text),
            Normal::Strip { left, right } => {
                let text = if *left { text.trim_start() } else { text };
                let text = if *right { text.trim_end() } else { text };
                text.to_owned()
            }
            Normal::Prepend { text: front, when } => {
                if text.is_empty() || !when.at(place) {
                    return Ok(None);
                }
                format!("{front}{text}")
            }
            Normal::Replace { pattern, by } => {
                let mut changed = String::with_capacity(text.len());
                let mut end = 0;
                for (from, to) in pattern.matches(text)? {
                    changed.push_str(&text[end..from]);
                    changed.push_str(by);
                    end = to;
                    if changed.len() > most {
                        return Ok(Some(changed));
                    }
                }
                changed.push_str(&text[end..]);
                changed
            }
            Normal::Charsmap(map) => map.replaced_by_clusters(text),
            Normal::Letters => {
                let letters = &*super::bytes::LETTERS;
                text.bytes()
                    .map(|byte| letters[usize::from(byte)])
                    .collect()
            }
            Normal::SentencePiece(rules) => rules.apply(text, place),
            Normal::Bert(rules) => rules.apply(text),
        }))
    }
}

impl Form {
    fn of(self, text: &str) -> String {
        match self {
            Form::Nfc => text.nfc().collect(),
            Form::Nfd => text.nfd().collect(),
            Form::Nfkc => text.nfkc().collect(),
            Form::Nfkd => text.nfkd().collect(),
        }
    }
}

fn without(expression: &Option<Regex>, text: &str) -> String {
    match expression {
        Some(expression) => expression.replace_all(text, "").into_owned(),
        None => text.to_owned(),
    }
}

impl SentencePiece {
    fn apply(&self, text: &str, place: Place) -> String {
        let mut text = match &self.charsmap {
            Some(map) => map.replaced(text),
            None => text.to_owned(),
        };
        if self.merge_spaces {
            let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
            let inside = place == Place::On || place == Place::AfterUser;
            let front = if inside && text.starts_with(' ') {
                " "
            } else {
                ""
            };
            text = format!("{front}{}", words.join(" "));
        }
        if self.prepend.at(place) && !text.is_empty() {
            let end = if self.suffix { text.len() } else { 0 };
            text.insert(end, ' ');
        }
        text.replace(' ', "▁")
    }
}

impl Bert {
    fn apply(self, text: &str) -> String {
        let mut text = match self.clean {
            true => without(&NO_LETTERS, text),
            false => text.to_owned(),
        };
        if self.chinese {
            let spaced = text.chars().flat_map(|letter| {
                let space = is_chinese(letter).then_some(' ');
                space.into_iter().chain([letter]).chain(space)
            });
            text = spaced.collect();
        }
        if self.strip_accents {
            text = without(&MARKS, &Form::Nfd.of(&text));
        }
        if self.lowercase {
            text = text.chars().flat_map(char::to_lowercase).collect();
        }
        text
    }
}

/// The ideographs that BERT's tokenizer takes for words, as the crate `tokenizers` lists them.
fn is_chinese(letter: char) -> bool {
    matches!(letter as u32,
        0x4e00..=0x9fff | 0x3400..=0x4dbf | 0x2_0000..=0x2_a6df | 0x2_a700..=0x2_b73f
        | 0x2_b740..=0x2_b81f | 0x2_b920..=0x2_ceaf | 0xf900..=0xfaff | 0x2_f800..=0x2_fa1f)
}
