//! GPT-2's two files, `vocab.json` and `merges.txt`.

use super::added::Added;
use super::bpe::{self, Bpe, Rules};
use super::folder::{Settings, damaged};
use super::parts::{Algorithm, Parts, Writing};
use super::pre::{GPT2, Step};
use super::vocabulary::{Kind, Vocabulary};
use protocol::AppError;
use std::collections::HashMap;

/// Errors: `tokenizer-damaged`.
pub(super) fn read(words: &[u8], merges: &[u8], settings: &Settings) -> Result<Parts, AppError> {
    let words: HashMap<Box<str>, u32> =
        serde_json::from_slice(words).map_err(|error| damaged("vocab.json").detail(error))?;
    let merges = std::str::from_utf8(merges).map_err(|_| damaged("merges.txt"))?;
    let mut added = Vec::new();
    let mut more = Vec::new();
    for token in &settings.added {
        let known = words.get(&*token.content).copied();
        let id = known.unwrap_or(token.id);
        added.push(Added::plain(id, token.content.clone(), token.special));
        if known.is_none() {
            more.push((token.content.clone(), id, Kind::UserDefined));
        }
    }
    let words = words
        .into_iter()
        .map(|(text, id)| (text.into(), id, Kind::Normal));
    let mut vocabulary = Vocabulary::scattered(words.chain(more).collect())?;
    for token in added.iter().filter(|token| token.control) {
        vocabulary.set_kind(token.id, Kind::Control);
    }
    let lines = merges
        .lines()
        .filter(|line| !line.starts_with("#version") && !line.is_empty());
    let pairs = lines.zip(0..).filter_map(|(line, rank)| {
        let (left, right) = bpe::pair(line)?;
        Some((left, right, rank))
    });
    let bpe = Bpe::new(&vocabulary, pairs, Rules::default());
    let mut parts = Parts {
        before: Vec::new(),
        after: Vec::new(),
        added,
        normal: Vec::new(),
        steps: vec![Step::isolated(GPT2)?, Step::Letters],
        algorithm: Algorithm::Bpe(Box::new(bpe)),
        writing: Writing::Letters,
        strips_space: false,
        ends: Vec::new(),
        mistakes_commands: false,
        vocabulary,
    };
    settings.finish(&mut parts);
    Ok(parts)
}
