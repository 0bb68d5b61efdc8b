//! A repository's `tokenizer.json`, as the crate `tokenizers` writes and reads it: the same text gives
//! the same ids as there.

mod model;
mod steps;

use super::added::Added;
use super::bpe::{Bpe, Rules};
use super::folder::{Settings, damaged};
use super::normal::{Normal, normalised};
use super::parts::{Algorithm, Parts, Writing};
use super::pre::{Place, Step};
use super::unigram::Unigram;
use super::vocabulary::{Kind, Vocabulary};
use super::wordpiece::WordPiece;
use model::{Model, Words};
use protocol::{AppError, failure};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const FILE: &str = "tokenizer.json";

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    normalizer: Option<Value>,
    pre_tokenizer: Option<Value>,
    post_processor: Option<Value>,
    decoder: Option<Value>,
    model: Model,
}

/// A token as `tokenizer.json` and `tokenizer_config.json` add it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AddedToken {
    pub id: u32,
    #[serde(deserialize_with = "shared")]
    pub content: Arc<str>,
    pub single_word: bool,
    pub lstrip: bool,
    pub rstrip: bool,
    pub normalized: bool,
    pub special: bool,
}

fn shared<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
    Box::<str>::deserialize(from).map(Arc::from)
}

/// Errors: `tokenizer-damaged`, `unknown-tokenizer`, `unknown-pretokenizer`.
pub(super) fn read(bytes: &[u8], settings: &Settings) -> Result<Parts, AppError> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| damaged(FILE).detail(error))?;
    let mut normal = Vec::new();
    steps::normalisers(file.normalizer.as_ref(), &mut normal)?;
    let mut steps = Vec::new();
    steps::pre_tokenizers(file.pre_tokenizer.as_ref(), &mut steps)?;
    let added = merged(file.added_tokens, settings);
    let mut vocabulary = vocabulary(&file.model, &added)?;
    let unknown = file.model.unknown().and_then(|text| vocabulary.id(text));
    vocabulary.unknown = unknown.or(file.model.unk_id.and_then(|id| vocabulary.valid(id)));
    if let Some(id) = vocabulary.unknown {
        vocabulary.set_kind(id, Kind::Unknown);
    }
    let writing = match &file.model.words {
        Words::Numbered(_) if file.model.is_wordpiece() => Writing::Meta,
        _ if steps.iter().any(|step| matches!(step, Step::Letters)) => Writing::Letters,
        _ if normal
            .iter()
            .any(|change| matches!(change, Normal::Letters)) =>
        {
            Writing::Letters
        }
        _ if steps::writes_spaces(file.decoder.as_ref()) => Writing::Meta,
        _ => Writing::Plain,
    };
    let strips_space = file.model.is_wordpiece()
        || steps.iter().any(|step| matches!(step, Step::Space))
        || steps::strips_space(file.decoder.as_ref());
    let algorithm = algorithm(file.model, &vocabulary)?;
    let around = steps::around(file.post_processor.as_ref(), &vocabulary);
    let mut recognised = Vec::with_capacity(added.len());
    for token in &added {
        let text = match token.normalized && !token.special {
            true => normalised(&normal, &token.content, Place::Start)?
                .as_ref()
                .into(),
            false => token.content.clone(),
        };
        recognised.push(Added {
            id: vocabulary.id(&token.content).unwrap_or(token.id),
            text,
            control: token.special,
            single_word: token.single_word,
            left: token.lstrip,
            right: token.rstrip,
            normalised: token.normalized,
        });
    }
    let mut parts = Parts {
        vocabulary,
        added: recognised,
        normal,
        steps,
        algorithm,
        writing,
        strips_space,
        before: around.0,
        after: around.1,
        ends: Vec::new(),
        mistakes_commands: false,
    };
    settings.finish(&mut parts);
    Ok(parts)
}

/// What the file adds, and what the configuration adds to it or says otherwise.
fn merged(file: Vec<AddedToken>, settings: &Settings) -> Vec<AddedToken> {
    let said: HashMap<Arc<str>, &AddedToken> = settings
        .added
        .iter()
        .map(|token| (token.content.clone(), token))
        .collect();
    let listed: HashSet<Arc<str>> = file.iter().map(|token| token.content.clone()).collect();
    let mut merged: Vec<AddedToken> = file
        .into_iter()
        .map(|token| match said.get(&token.content) {
            Some(said) => AddedToken {
                id: token.id,
                ..(*said).clone()
            },
            None => token,
        })
        .collect();
    let more = settings.added.iter();
    merged.extend(
        more.filter(|token| !listed.contains(&token.content))
            .cloned(),
    );
    merged.retain(|token| !token.content.is_empty());
    merged
}

/// Errors: `tokenizer-damaged`.
fn vocabulary(model: &Model, added: &[AddedToken]) -> Result<Vocabulary, AppError> {
    let names: HashMap<&str, &AddedToken> =
        added.iter().map(|token| (&*token.content, token)).collect();
    let mut taken: HashSet<u32> = HashSet::new();
    let mut tokens = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    model.words.each(&mut |text, _| {
        if let Some((name, _)) = names.get_key_value(&**text) {
            known.insert(name);
        }
    });
    // What is added takes the place of a word with its id.
    taken.extend(
        added
            .iter()
            .filter(|token| !known.contains(&*token.content))
            .map(|token| token.id),
    );
    let prefix = model.is_wordpiece().then(|| model.prefix());
    model.words.each(&mut |text, id| {
        if taken.contains(&id) {
            return;
        }
        let special = names.get(&**text).map(|token| token.special);
        let kind = match special {
            Some(true) => Kind::Control,
            _ if model.byte_fallback && is_byte(text) => Kind::Byte,
            _ => Kind::Normal,
        };
        let text = match prefix {
            // A word's first token is marked instead of its others.
            Some(prefix) if special.is_none() => match text.strip_prefix(prefix) {
                Some(rest) if !rest.is_empty() => rest.into(),
                _ => format!("▁{text}").into(),
            },
            _ => text.clone(),
        };
        tokens.push((text, id, kind));
    });
    for token in added
        .iter()
        .filter(|token| !known.contains(&*token.content))
    {
        let kind = if token.special {
            Kind::Control
        } else {
            Kind::UserDefined
        };
        tokens.push((token.content.clone(), token.id, kind));
    }
    Vocabulary::scattered(tokens)
}

fn is_byte(text: &str) -> bool {
    text.len() == 6 && super::vocabulary::byte_of(text).is_some()
}

fn algorithm(model: Model, vocabulary: &Vocabulary) -> Result<Algorithm, AppError> {
    let kind = model.kind.as_deref();
    let suffix = model.end_of_word_suffix.as_deref().unwrap_or_default();
    let marked = !model.is_wordpiece() && !model.prefix().is_empty();
    if !suffix.is_empty() || marked {
        return Err(failure::unknown_tokenizer("BPE with marks of words"));
    }
    Ok(match (&model.words, kind) {
        (Words::Scored(scored), None | Some("Unigram")) => {
            let scores = scored.iter().map(|(_, score)| *score as f32);
            let missing = vocabulary.len().saturating_sub(scored.len());
            let scores = scores.chain(std::iter::repeat_n(0.0, missing)).collect();
            let fallback = model.byte_fallback;
            Algorithm::Unigram(Box::new(Unigram::new(vocabulary, scores, fallback)?))
        }
        (Words::Numbered(_), _) if model.is_wordpiece() => {
            let most = model.max_input_chars_per_word.unwrap_or(100);
            Algorithm::WordPiece(Box::new(WordPiece::new(vocabulary, most)))
        }
        (Words::Numbered(_), None | Some("BPE")) => {
            let rules = Rules {
                ignore_merges: model.ignore_merges,
                whole_lines: false,
                unknown: vocabulary.unknown,
                fuse_unknown: model.fuse_unk,
                byte_fallback: model.byte_fallback,
            };
            Algorithm::Bpe(Box::new(Bpe::new(vocabulary, model.merges.pairs(), rules)))
        }
        (_, kind) => {
            let kind = kind.unwrap_or("?");
            return Err(failure::unknown_tokenizer(formats::one_line(kind)));
        }
    })
}
