//! Numbers cut into groups of three from the right, which linear-time expressions cannot say.

use regex::Regex;

/// Before each group of three ASCII digits, counted from the end of the number (`superbpe`).
pub(super) const THREES: &str = r"(?=(\d{3})+(?!\d))";
/// As `tiny_aya`'s: numbers only that a word's boundary ends.
pub(super) const AT_BOUNDARY: &str = r"\d{1,3}(?=(?:\d{3})*\b)";
/// As `afmoe`'s: every number; llama.cpp names it so.
pub(super) const FROM_RIGHT: &str = r"\p{AFMoE_digits}";

/// Which numbers are cut.
#[derive(Clone, Debug)]
pub(in crate::tokenizer) struct Digits {
    numbers: Regex,
    /// Only a number that a word's boundary ends.
    boundary: bool,
}

impl Digits {
    /// Of an expression that means such groups; None of another.
    pub fn of(expression: &str) -> Option<Digits> {
        let (class, boundary) = match expression {
            THREES => (r"\d+", false),
            AT_BOUNDARY => (r"\d+", true),
            FROM_RIGHT => (r"\p{N}+", false),
            _ => return None,
        };
        let numbers = Regex::new(class).ok()?;
        Some(Digits { numbers, boundary })
    }

    /// The groups of every number that is cut.
    pub fn matches(&self, text: &str, found: &mut Vec<(usize, usize)>) {
        for number in self.numbers.find_iter(text) {
            let word_follows = text[number.end()..]
                .chars()
                .next()
                .is_some_and(|next| next.is_alphanumeric() || next == '_');
            if self.boundary && word_follows {
                continue;
            }
            let starts: Vec<usize> = number.as_str().char_indices().map(|(at, _)| at).collect();
            let mut from = number.start();
            for count in 1..starts.len() {
                if (starts.len() - count).is_multiple_of(3) {
                    let end = number.start() + starts[count];
                    found.push((from, end));
                    from = end;
                }
            }
            found.push((from, number.end()));
        }
    }
}
