//! Mistral's `tekken.json`: tokens as bytes with their ranks, joined as OpenAI's tiktoken does, behind a
//! number of control tokens.

use super::added::Added;
use super::base64;
use super::bpe::{Bpe, Rules};
use super::bytes::LETTERS;
use super::folder::{Settings, damaged};
use super::parts::{Algorithm, Parts, Writing};
use super::pre::Step;
use super::vocabulary::{Kind, Vocabulary};
use protocol::AppError;
use serde::Deserialize;
use std::sync::Arc;

const FILE: &str = "tekken.json";

#[derive(Deserialize)]
struct File {
    config: Config,
    vocab: Vec<Token>,
    #[serde(default)]
    special_tokens: Option<Vec<Special>>,
}

#[derive(Deserialize)]
struct Config {
    pattern: String,
    default_vocab_size: usize,
    default_num_special_tokens: usize,
}

#[derive(Deserialize)]
struct Token {
    rank: usize,
    token_bytes: String,
}

#[derive(Deserialize)]
struct Special {
    rank: usize,
    token_str: String,
    #[serde(default = "yes")]
    is_control: bool,
}

fn yes() -> bool {
    true
}

/// The control tokens of files that do not list them, as mistral-common has them.
const CONTROLS: &[&str] = &[
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
];

/// Errors: `tokenizer-damaged`.
pub(super) fn read(bytes: &[u8], settings: &Settings) -> Result<Parts, AppError> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| damaged(FILE).detail(error))?;
    let specials = file.config.default_num_special_tokens;
    let words = file.config.default_vocab_size.checked_sub(specials);
    let words = words.ok_or_else(|| damaged(FILE))?.min(file.vocab.len());
    if specials > file.vocab.len().max(100_000) {
        return Err(damaged(FILE));
    }
    let mut controls: Vec<(Arc<str>, Kind)> = (0..specials)
        .map(|id| match CONTROLS.get(id) {
            Some(text) if file.special_tokens.is_none() => ((*text).into(), Kind::Control),
            _ => (format!("<SPECIAL_{id}>").into(), Kind::Control),
        })
        .collect();
    for special in file.special_tokens.into_iter().flatten() {
        let kind = match special.is_control {
            true => Kind::Control,
            false => Kind::UserDefined,
        };
        let place = controls
            .get_mut(special.rank)
            .ok_or_else(|| damaged(FILE))?;
        *place = (special.token_str.into(), kind);
    }
    let added: Vec<Added> = controls
        .iter()
        .zip(0..)
        .map(|((text, kind), id)| Added::plain(id, text.clone(), *kind == Kind::Control))
        .collect();
    let mut tokens: Vec<_> = controls
        .into_iter()
        .zip(0..)
        .map(|((text, kind), id)| (text, id, kind))
        .collect();
    for token in file.vocab.iter().filter(|token| token.rank < words) {
        let bytes = base64::decode(&token.token_bytes).ok_or_else(|| damaged(FILE))?;
        let letters: String = bytes
            .iter()
            .map(|byte| LETTERS[usize::from(*byte)])
            .collect();
        tokens.push((letters.into(), (specials + token.rank) as u32, Kind::Normal));
    }
    let mut vocabulary = Vocabulary::scattered(tokens)?;
    let control = |text: &str| {
        vocabulary
            .id(text)
            .filter(|id| vocabulary.kind(*id) == Kind::Control)
    };
    let roles = (control("<s>"), control("</s>"), control("<unk>"));
    (vocabulary.bos, vocabulary.eos, vocabulary.unknown) = roles;
    let bpe = Bpe::ranked(&vocabulary, Rules::default());
    let mut parts = Parts {
        before: vocabulary.bos.into_iter().collect(),
        after: Vec::new(),
        added,
        normal: Vec::new(),
        steps: vec![Step::isolated(&file.config.pattern)?, Step::Letters],
        algorithm: Algorithm::Bpe(Box::new(bpe)),
        writing: Writing::Letters,
        strips_space: false,
        ends: vocabulary.eos.into_iter().collect(),
        mistakes_commands: false,
        vocabulary,
    };
    settings.finish(&mut parts);
    Ok(parts)
}
