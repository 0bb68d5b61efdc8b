//! The tokenizer in a repository's folder: which file says it, and what the configuration adds.

use super::added::Added;
use super::json::{self, AddedToken};
use super::parts::Parts;
use super::vocabulary::Kind;
use super::{sentencepiece, tekken, vocab};
use formats::Folder;
use protocol::{AppError, failure};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Most bytes of a file that holds a vocabulary: the largest known has 35 million.
const MOST_VOCABULARY: u64 = 256 << 20;
/// Most bytes of a configuration: those with thousands of added tokens have a million.
const MOST_CONFIGURATION: u64 = 32 << 20;

pub(super) fn damaged(file: &str) -> AppError {
    failure::tokenizer_damaged(file)
}

/// Errors: `tokenizer-damaged`, `unknown-tokenizer`, `unknown-pretokenizer`, `file-not-readable`,
/// `metadata-damaged`.
pub(super) fn read(folder: &Folder) -> Result<Parts, AppError> {
    let settings = Settings::of(folder)?;
    let file = |name: &str| folder.read(name, MOST_VOCABULARY);
    if let Some(bytes) = file("tokenizer.json")? {
        return json::read(&bytes, &settings);
    }
    if let Some(bytes) = file("tokenizer.model")? {
        return sentencepiece::read(&bytes, &settings);
    }
    if let Some(bytes) = file("tekken.json")? {
        return tekken::read(&bytes, &settings);
    }
    if let (Some(words), Some(merges)) = (file("vocab.json")?, file("merges.txt")?) {
        return vocab::read(&words, &merges, &settings);
    }
    Err(damaged("tokenizer.json"))
}

/// What `tokenizer_config.json` and its neighbours say.
#[derive(Default)]
pub(super) struct Settings {
    pub added: Vec<AddedToken>,
    bos: Option<Arc<str>>,
    eos: Option<Arc<str>>,
    unknown: Option<Arc<str>>,
    /// The texts of every other token with a role: never words.
    special: Vec<Arc<str>>,
    pub add_bos: Option<bool>,
    pub add_eos: Option<bool>,
    /// SentencePiece's space stands at a text's beginning only.
    pub first_space_only: bool,
    bos_id: Option<u32>,
    eos_ids: Vec<u32>,
}

impl Settings {
    fn of(folder: &Folder) -> Result<Settings, AppError> {
        let read = |name: &str| folder.json(name, MOST_CONFIGURATION);
        let config = read("tokenizer_config.json")?.unwrap_or_default();
        let map = read("special_tokens_map.json")?.unwrap_or_default();
        let generation = read("generation_config.json")?.unwrap_or_default();
        let role = |name: &str| named(&config[name]).or_else(|| named(&map[name]));
        let mut special: Vec<_> = ["pad_token", "cls_token", "sep_token", "mask_token"]
            .iter()
            .filter_map(|name| role(name))
            .collect();
        for list in [&config, &map] {
            let more = list["additional_special_tokens"].as_array();
            special.extend(more.into_iter().flatten().filter_map(named));
        }
        // Only the classes that make the post-processor themselves heed it where they are told no.
        let class = config["tokenizer_class"].as_str().unwrap_or("Llama");
        let heeds = ["Llama", "CodeLlama", "Gemma", "Cohere"]
            .iter()
            .any(|name| class.starts_with(name));
        let asked = |key: &str| config[key].as_bool().filter(|wanted| *wanted || heeds);
        let mut settings = Settings {
            bos: role("bos_token"),
            eos: role("eos_token"),
            unknown: role("unk_token"),
            special,
            add_bos: asked("add_bos_token"),
            add_eos: asked("add_eos_token"),
            first_space_only: config["legacy"] == false,
            bos_id: ids(&folder.config["bos_token_id"]).next(),
            eos_ids: ids(&generation["eos_token_id"])
                .chain(ids(&folder.config["eos_token_id"]))
                .collect(),
            added: added(&config)?,
        };
        // A token that has a role is a command, however it was added.
        let roles = [&settings.bos, &settings.eos, &settings.unknown];
        let roles: Vec<Arc<str>> = roles.into_iter().flatten().cloned().collect();
        for token in &mut settings.added {
            token.special |=
                roles.contains(&token.content) || settings.special.contains(&token.content);
        }
        if settings.added.is_empty()
            && let Some(Value::Object(more)) = read("added_tokens.json")?
        {
            let tokens = more.iter().filter_map(|(text, id)| {
                let content: Arc<str> = text.as_str().into();
                Some(AddedToken {
                    id: u32::try_from(id.as_u64()?).ok()?,
                    special: roles.contains(&content) || settings.special.contains(&content),
                    content,
                    ..AddedToken::default()
                })
            });
            settings.added = tokens.collect();
        }
        Ok(settings)
    }

    /// Roles, what stands around a text, and what ends an answer.
    pub fn finish(&self, parts: &mut Parts) {
        let vocabulary = &mut parts.vocabulary;
        let id = |text: &Option<Arc<str>>| vocabulary.id(text.as_deref()?);
        let (bos, eos, unknown) = (id(&self.bos), id(&self.eos), id(&self.unknown));
        let specials: Vec<u32> = [bos, eos]
            .into_iter()
            .flatten()
            .chain(self.special.iter().filter_map(|text| vocabulary.id(text)))
            .collect();
        vocabulary.bos = bos
            .or(vocabulary.bos)
            .or(self.bos_id.and_then(|id| vocabulary.valid(id)));
        vocabulary.eos = eos.or(vocabulary.eos).or_else(|| {
            let mut declared = self.eos_ids.iter();
            declared.find_map(|id| vocabulary.valid(*id))
        });
        vocabulary.unknown = vocabulary.unknown.or(unknown);
        let mut known: HashMap<u32, usize> = HashMap::with_capacity(parts.added.len());
        known.extend(
            parts
                .added
                .iter()
                .zip(0..)
                .map(|(token, at)| (token.id, at)),
        );
        for id in specials {
            if !vocabulary.kind(id).is_special() {
                vocabulary.set_kind(id, Kind::Control);
            }
            match known.get(&id) {
                Some(at) => parts.added[*at].control = true,
                None => {
                    let text = vocabulary.shared_text(id);
                    parts.added.push(Added::plain(id, text, true));
                }
            }
        }
        set(&mut parts.before, vocabulary.bos, self.add_bos, true);
        set(&mut parts.after, vocabulary.eos, self.add_eos, false);
        let declared = self.eos_ids.iter().filter_map(|id| vocabulary.valid(*id));
        parts.ends.extend(declared.chain(vocabulary.eos));
    }
}

/// Has the token in the list or not, where the configuration says so.
fn set(list: &mut Vec<u32>, id: Option<u32>, wanted: Option<bool>, front: bool) {
    match (id, wanted) {
        (Some(id), Some(true)) if !list.contains(&id) => {
            list.insert(if front { 0 } else { list.len() }, id);
        }
        (Some(id), Some(false)) => list.retain(|other| *other != id),
        _ => {}
    }
}

/// A token that is named by its text, or by an object with it.
fn named(value: &Value) -> Option<Arc<str>> {
    let text = value.as_str().or_else(|| value["content"].as_str())?;
    (!text.is_empty()).then(|| text.into())
}

/// One id, or a list of them.
fn ids(value: &Value) -> impl Iterator<Item = u32> {
    let list = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    list.iter()
        .filter_map(|id| u32::try_from(id.as_u64()?).ok())
}

/// `added_tokens_decoder`: an object of ids.
fn added(config: &Value) -> Result<Vec<AddedToken>, AppError> {
    let Some(tokens) = config["added_tokens_decoder"].as_object() else {
        return Ok(Vec::new());
    };
    let wrong = || damaged("tokenizer_config.json");
    let mut added = Vec::with_capacity(tokens.len());
    for (id, token) in tokens {
        let mut token: AddedToken =
            serde_json::from_value(token.clone()).map_err(|error| wrong().detail(error))?;
        token.id = id.parse().map_err(|_| wrong())?;
        added.push(token);
    }
    added.sort_by_key(|token| token.id);
    Ok(added)
}
