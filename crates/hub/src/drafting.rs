//! Which installed model may propose tokens for which: one that has the very same vocabulary and
//! a quarter of the bytes at most. Its name says nothing: the tokens decide, by their digest,
//! which is kept in the index.

use crate::library::{Hub, Shared};
use crate::record::{Record, hex};
use formats::gguf::{Array, Metadata, Value};
use formats::{Checkpoint, Folder, Header};
use protocol::{AppError, DraftChoice, ModelEntry, ModelId, failure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// How many times a model's bytes one that proposes for it may have: what a token of it costs is
/// about its part of them.
const TIMES: u64 = 4;
/// Most bytes of tokenizer.json; that of Gemma 3 has 33 MB.
const MOST_TOKENIZER: u64 = 128 << 20;
/// Most bytes of generation_config.json.
const MOST_SETTINGS: u64 = 4 << 20;
/// `tokenizer.ggml.token_type` of what only fills up a table.
const UNUSED: i64 = 5;

/// What a person chose of the models that propose for one; automatic where nothing is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Draft {
    /// None at all.
    Never,
    /// This one.
    Model {
        /// Its id when it was chosen.
        id: String,
    },
}

impl Hub {
    /// The models that may propose tokens for this one, the smallest first.
    pub fn drafts(&self, id: &ModelId) -> Vec<ModelEntry> {
        self.shared.follow();
        let state = self.shared.state();
        let records = &state.index.models;
        let Some(model) = records.iter().find(|record| record.answers_to(&id.0)) else {
            return Vec::new();
        };
        let bytes = model.entry(state.kv).bytes;
        let mut drafts: Vec<ModelEntry> = records
            .iter()
            .filter(|other| speaks_as(other, model) && other.usable().is_ok())
            .map(|other| other.entry(state.kv))
            .filter(|draft| draft.bytes.saturating_mul(TIMES) <= bytes)
            .collect();
        drafts.sort_by_key(|draft| draft.bytes);
        drafts
    }

    /// The model that is to propose tokens for this one, by what the person chose of it.
    pub fn draft_for(&self, id: &ModelId, choice: &DraftChoice) -> Option<ModelEntry> {
        let mut drafts = self.drafts(id).into_iter();
        match choice {
            DraftChoice::Automatic => drafts.next(),
            DraftChoice::Never => None,
            DraftChoice::Model { id } => {
                let id = self.current_id(id);
                drafts.find(|draft| draft.id == id)
            }
        }
    }

    /// What the person chose of the models that propose tokens for this one.
    pub fn draft_choice(&self, id: &ModelId) -> DraftChoice {
        self.shared.follow();
        let state = self.shared.state();
        let record = state.index.by_id(&id.0);
        match record.and_then(|record| record.draft.as_ref()) {
            None => DraftChoice::Automatic,
            Some(Draft::Never) => DraftChoice::Never,
            Some(Draft::Model { id }) => DraftChoice::Model {
                id: match state.index.standing_for(id) {
                    Some(draft) => ModelId(draft.id.clone()),
                    None => ModelId(id.clone()),
                },
            },
        }
    }

    /// Chooses it. Errors: `model-unknown`, `disk-full`, `file-not-written`.
    pub fn choose_draft(&self, id: &ModelId, choice: DraftChoice) -> Result<(), AppError> {
        let draft = match choice {
            DraftChoice::Automatic => None,
            DraftChoice::Never => Some(Draft::Never),
            DraftChoice::Model { id } => Some(Draft::Model { id: id.0 }),
        };
        let known = self.shared.change(|index| {
            let mut models = index.models.iter_mut();
            let record = models.find(|record| record.answers_to(&id.0));
            record.map(|record| record.draft = draft)
        })?;
        known.ok_or_else(|| failure::model_unknown(&id.0))
    }
}

impl Shared {
    /// Looks at the vocabulary of one model of an index from before they were kept. False where
    /// all are known.
    pub(crate) fn look_at_vocabulary(&self) -> bool {
        let found = {
            let state = self.state();
            let mut records = state.index.models.iter();
            records.find_map(|record| {
                let copy = record
                    .usable()
                    .ok()
                    .filter(|_| record.vocabulary.is_none())?;
                Some((record.id.clone(), copy.path.clone()))
            })
        };
        let Some((id, path)) = found else {
            return false;
        };
        let digest =
            Checkpoint::open(Path::new(&path)).map_or_else(|_| String::new(), |it| of(&it));
        let noted = self.change(|index| {
            let mut models = index.models.iter_mut();
            if let Some(record) = models.find(|record| record.answers_to(&id)) {
                record.vocabulary = Some(digest);
            }
        });
        noted.is_ok()
    }
}

/// Whether both have the same vocabulary, as far as is known.
fn speaks_as(one: &Record, other: &Record) -> bool {
    one.id != other.id
        && one.vocabulary == other.vocabulary
        && one
            .vocabulary
            .as_ref()
            .is_some_and(|digest| !digest.is_empty())
}

/// The digest of a model's tokens, in their order, and of those with a role. Empty where its files
/// do not tell them so that others can be held against them.
pub fn of(model: &Checkpoint) -> String {
    match &model.header {
        Header::Gguf(gguf) => of_metadata(&gguf.metadata),
        Header::Folder(folder) => of_folder(folder),
    }
    .unwrap_or_default()
}

fn of_metadata(metadata: &Metadata) -> Option<String> {
    let tokens = metadata.texts("tokenizer.ggml.tokens")?;
    let kinds = match metadata.get("tokenizer.ggml.token_type") {
        Some(Value::Array(Array::I32(kinds))) => kinds.iter().map(|kind| (*kind).into()).collect(),
        Some(Value::Array(Array::U32(kinds))) => kinds.iter().map(|kind| (*kind).into()).collect(),
        _ => Vec::<i64>::new(),
    };
    // Models of one family differ in how far their tables are filled up.
    let filling = (0..tokens.len())
        .rev()
        .take_while(|id| kinds.get(*id) == Some(&UNUSED))
        .count();
    let tokens = tokens[..tokens.len() - filling].iter().map(String::as_str);
    let number = |name: &str| metadata.number(&format!("tokenizer.ggml.{name}_token_id"));
    let ends = ["eos", "eot", "eom"].iter().filter_map(|name| number(name));
    Some(digest(tokens, number("bos"), ends.collect()))
}

/// What is read of tokenizer.json.
#[derive(Deserialize)]
struct Tokenizer {
    model: Model,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u64>,
}

#[derive(Deserialize)]
struct Added {
    id: u64,
    content: String,
}

fn of_folder(folder: &Folder) -> Option<String> {
    let bytes = folder.read("tokenizer.json", MOST_TOKENIZER).ok()??;
    let tokenizer: Tokenizer = serde_json::from_slice(&bytes).ok()?;
    let words = tokenizer
        .model
        .vocab
        .into_iter()
        .map(|(text, id)| (id, text));
    let added = tokenizer.added_tokens.into_iter();
    let tokens: BTreeMap<u64, String> = words
        .chain(added.map(|token| (token.id, token.content)))
        .collect();
    // A place that is left out is no token: what comes after it would stand under another id.
    if tokens
        .keys()
        .ne((0..tokens.len() as u64).collect::<Vec<_>>().iter())
    {
        return None;
    }
    let settings = folder.json("generation_config.json", MOST_SETTINGS);
    let settings = settings.ok()?.unwrap_or_default();
    let said = |key: &str| {
        let own = settings.get(key).filter(|value| !value.is_null());
        own.or_else(|| folder.config.get(key))
    };
    let ends = match said("eos_token_id") {
        Some(serde_json::Value::Array(ids)) => ids.iter().filter_map(|id| id.as_u64()).collect(),
        Some(id) => id.as_u64().into_iter().collect(),
        None => BTreeSet::new(),
    };
    let bos = said("bos_token_id").and_then(serde_json::Value::as_u64);
    Some(digest(tokens.values().map(String::as_str), bos, ends))
}

fn digest<'a>(
    tokens: impl Iterator<Item = &'a str>,
    bos: Option<u64>,
    ends: BTreeSet<u64>,
) -> String {
    let mut hash = Sha256::new();
    let number = |hash: &mut Sha256, number: u64| hash.update(number.to_le_bytes());
    for token in tokens {
        number(&mut hash, token.len() as u64);
        hash.update(token);
    }
    // No token is so long: here they end.
    number(&mut hash, u64::MAX);
    number(&mut hash, bos.map_or(0, |id| id.saturating_add(1)));
    ends.into_iter().for_each(|id| number(&mut hash, id));
    hex(&hash.finalize())
}
