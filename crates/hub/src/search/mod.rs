//! Live search of the hub: what it has beyond the catalogue. Every text in its answers is a
//! stranger's, and every number is checked before it is used.
//!
//! Source of the addresses and fields: the hub's API as huggingface_hub's `HfApi` speaks it.

mod card;
mod details;
mod layers;
mod listing;
mod models;

use crate::download::check_repository;
use formats::one_line;

/// Longest text of an answer that is kept, in characters.
const LONGEST_TEXT: usize = 200;

/// A stranger's text on one line, and not long; None where nothing is left.
fn text(text: &str) -> Option<String> {
    let line: String = one_line(text).chars().take(LONGEST_TEXT).collect();
    (!line.is_empty()).then_some(line)
}

/// Whether a text can be a repository's name.
fn is_repository(name: &str) -> bool {
    check_repository(name).is_ok()
}
