//! Expressions that cut a text, in time that grows with its length.

use super::digits::Digits;
use protocol::{AppError, failure};
use regex::{Regex, RegexBuilder};

/// What a step looks for.
#[derive(Clone, Debug)]
pub(in crate::tokenizer) enum Pattern {
    /// These words.
    Text(String),
    /// Groups of digits.
    Digits(Digits),
    /// An expression, and what becomes of the white space that it finds.
    Linear(Regex, Spaces),
    /// An expression with look-around of its own. It gives up rather than try for ever.
    Backtracking(Box<fancy_regex::Regex>),
}

/// How much of a run of white space a match takes, which linear-time expressions cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tokenizer) enum Spaces {
    /// All.
    Whole,
    /// `\s+(?!\S)|\s+`: what stands in front of a word leaves its last character to the word.
    /// True: unless it was taken for its line ends.
    LeavesLast(bool),
    /// As `jais-2`: as many as a power of two has, from 512 down.
    Powers,
}

const LAST: &str = r"\s+(?!\S)|\s+";
const POWERS: &str = r"\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}";

/// Possessive repetition where nothing of it could be given back, and the same without.
const POSSESSIVE: &[(&str, &str)] = &[
    (r"[^\r\n\p{L}\p{N}]?+\p{L}", r"[^\r\n\p{L}\p{N}]?\p{L}"),
    (r"\p{L}++|", r"\p{L}+|"),
    (r"\p{N}{1,3}+|", r"\p{N}{1,3}|"),
    (r"[^\s\p{L}\p{N}]++[\r\n]*+|", r"[^\s\p{L}\p{N}]+[\r\n]*|"),
    (r"[^\s\p{L}\p{N}]++[\r\n]*|", r"[^\s\p{L}\p{N}]+[\r\n]*|"),
];

/// Most bytes of an expression, and of what it is compiled to: real ones have a few hundred, and
/// come to less than a million.
const MOST_EXPRESSION: usize = 64 << 10;
const MOST_COMPILED: usize = 10 << 20;
/// Most tries at one place of a text.
const MOST_TRIES: usize = 100_000;

impl Pattern {
    /// Errors: `tokenizer-damaged`.
    pub fn of(expression: &str) -> Result<Pattern, AppError> {
        let damaged = || failure::tokenizer_damaged("a pre-tokenizer's expression");
        if expression.len() > MOST_EXPRESSION {
            return Err(damaged());
        }
        if let Some(digits) = Digits::of(expression) {
            return Ok(Pattern::Digits(digits));
        }
        let mut linear = expression.to_owned();
        for (possessive, plain) in POSSESSIVE {
            linear = linear.replace(possessive, plain);
        }
        let spaces = if linear.contains(LAST) {
            // Some files have the line ends themselves in their expressions.
            let line_ends = [r"\s*[\r\n]", "\\s*[\r\n]"];
            Spaces::LeavesLast(line_ends.iter().any(|ends| linear.contains(ends)))
        } else if linear.contains(POWERS) {
            Spaces::Powers
        } else {
            Spaces::Whole
        };
        linear = linear.replace(LAST, r"\s+").replace(POWERS, r"\s+");
        if !is_possessive(&linear) {
            let regex = RegexBuilder::new(&linear)
                .size_limit(MOST_COMPILED)
                .dfa_size_limit(MOST_COMPILED)
                .build();
            if let Ok(regex) = regex {
                return Ok(Pattern::Linear(regex, spaces));
            }
        }
        fancy_regex::RegexBuilder::new(expression)
            .backtrack_limit(MOST_TRIES)
            .delegate_size_limit(MOST_COMPILED)
            .delegate_dfa_size_limit(MOST_COMPILED)
            .build()
            .map(|regex| Pattern::Backtracking(Box::new(regex)))
            .map_err(|error| damaged().detail(error))
    }

    /// Where it is found, from left to right and apart.
    ///
    /// Errors: `tokenizer-damaged`, where it gave up.
    pub fn matches(&self, text: &str) -> Result<Vec<(usize, usize)>, AppError> {
        let mut found = Vec::new();
        match self {
            Pattern::Text(words) if words.is_empty() => {}
            Pattern::Text(words) => found.extend(
                text.match_indices(words.as_str())
                    .map(|(at, words)| (at, at + words.len())),
            ),
            Pattern::Digits(digits) => digits.matches(text, &mut found),
            Pattern::Linear(regex, spaces) => spaces.matches(regex, text, &mut found),
            Pattern::Backtracking(regex) => {
                for place in regex.find_iter(text) {
                    let place = place.map_err(|error| {
                        failure::tokenizer_damaged("a pre-tokenizer's expression").detail(error)
                    })?;
                    found.push((place.start(), place.end()));
                }
            }
        }
        Ok(found)
    }
}

/// What is possessive would be read as the repetition of a repetition.
fn is_possessive(expression: &str) -> bool {
    let (mut escaped, mut class, mut repeats) = (false, 0usize, false);
    for byte in expression.bytes() {
        let before = std::mem::take(&mut repeats);
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => class += 1,
            b']' => class = class.saturating_sub(1),
            _ if class > 0 => {}
            b'+' if before => return true,
            // `}` of a class's name is none of a repetition, but a `+` behind it is one.
            b'?' | b'*' | b'+' => repeats = true,
            _ => {}
        }
    }
    // As in `{1,3}+`.
    expression
        .as_bytes()
        .windows(3)
        .any(|three| three[0].is_ascii_digit() && three[1..] == *b"}+")
}

impl Spaces {
    fn matches(self, regex: &Regex, text: &str, found: &mut Vec<(usize, usize)>) {
        let mut at = 0;
        while at < text.len() {
            let Some(place) = regex.find_at(text, at) else {
                break;
            };
            let (start, end) = (place.start(), place.end());
            let run = place.as_str();
            let line_ends = self != Spaces::LeavesLast(false) && run.ends_with(['\r', '\n']);
            if self == Spaces::Whole || line_ends || !run.chars().all(char::is_whitespace) {
                found.push((start, end));
                // An expression that matches nothing must still come to an end.
                at = if end > at { end } else { at + next(text, at) };
                continue;
            }
            at = self.cut(start, run, end < text.len(), found);
        }
    }

    /// Cuts a run of white space; `word`: something follows it. Gives its end.
    fn cut(self, start: usize, run: &str, word: bool, found: &mut Vec<(usize, usize)>) -> usize {
        let mut ends = run
            .char_indices()
            .map(|(at, letter)| start + at + letter.len_utf8());
        let count = ends.clone().count();
        let mut free = if word && count > 1 { count - 1 } else { count };
        let mut from = start;
        while free > 0 {
            let most = match self {
                Spaces::Powers => 512.min(1 << free.ilog2()),
                _ => free,
            };
            let end = ends.nth(most - 1).unwrap_or(start + run.len());
            found.push((from, end));
            (from, free) = (end, free - most);
        }
        from
    }
}

fn next(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}
