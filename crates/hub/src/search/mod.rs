//! Live search of the hub: what it has beyond the catalogue. Every text in its answers is a
//! stranger's, and every number is checked before it is used.
//!
//! Source of the addresses and fields: the hub's API as huggingface_hub's `HfApi` speaks it.

mod card;
mod details;
mod listing;
mod models;

use formats::one_line;

/// Longest text of an answer that is kept, in characters.
const LONGEST_TEXT: usize = 200;

/// A stranger's text on one line, and not long; None where nothing is left.
fn text(text: &str) -> Option<String> {
    let line: String = one_line(text).chars().take(LONGEST_TEXT).collect();
    (!line.is_empty()).then_some(line)
}

/// Whether a text can be a repository's name: `owner/name`, or an old one without an owner.
fn is_repository(name: &str) -> bool {
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty()
            && part.len() <= 96
            && part.chars().all(plain)
            && !part.starts_with(['-', '.'])
            && !part.ends_with(['-', '.'])
            && !part.contains("..")
    };
    name.split('/').count() <= 2 && name.split('/').all(part)
}

/// Whether a path of a listing stays inside its repository.
fn is_inside(path: &str) -> bool {
    let part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && !part.contains(['\\', ':'])
            && !part.chars().any(char::is_control)
    };
    path.len() <= 1024 && path.split('/').all(part)
}
