//! How far back a model's attention reaches: as its files say, else as the catalogue knows of its
//! file or its base model.
//!
//! Mistral 7B v0.1 and what was made from it attend to 4096 tokens, but converters left that out
//! of GGUF files for long; `assets/catalogue/overrides.json` says it for those.

use crate::checkpoint::{Checkpoint, Header};
use crate::gguf::{Array, Value};
use crate::keys;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// How far back attention reaches, on the layers that have a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Tokens that a token sees, itself among them; None: all before it.
    pub size: Option<u64>,
    /// Who says so.
    pub from: Told,
}

/// Who says how far attention reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The model's own files, or what their kind of configuration stands for where it is silent.
    File,
    /// The catalogue, which knows the file or its base model.
    Catalogue,
    /// Nobody: attention over everything.
    Nobody,
}

#[derive(Deserialize)]
struct Catalogue {
    windows: Vec<Known>,
}

/// What is known of a model and of those made from it.
#[derive(Deserialize)]
struct Known {
    /// Of its repository.
    name: String,
    window: Option<u64>,
    /// Files of it, by their exact length: nobody hashes gigabytes before a first answer.
    #[serde(default)]
    files: Vec<KnownFile>,
}

#[derive(Deserialize)]
struct KnownFile {
    bytes: u64,
}

#[expect(
    clippy::expect_used,
    reason = "a constant of this build, read by every test"
)]
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../assets/catalogue/overrides.json"))
        .expect("the overrides are well formed")
});

/// How far back the attention of a model reaches.
pub fn window(checkpoint: &Checkpoint) -> Window {
    match &checkpoint.header {
        Header::Folder(folder) => {
            let is_said = |config: &serde_json::Value| config.get("sliding_window").is_some();
            let said =
                is_said(&folder.config) || folder.config.get("text_config").is_some_and(is_said);
            let kind = folder.text("model_type");
            // What transformers 5.23 takes where a key is left out.
            let on = |kind: &str| !kind.starts_with("qwen") && kind != "smollm3";
            let on = folder
                .flag("use_sliding_window")
                .unwrap_or(kind.is_none_or(on));
            let size = size(checkpoint).or(match kind {
                Some("mistral") if !said => Some(4096),
                _ => None,
            });
            Window {
                size: size.filter(|_| on),
                from: Told::File,
            }
        }
        Header::Gguf(gguf) if gguf.of_architecture(keys::WINDOW.gguf).is_some() => Window {
            size: size(checkpoint),
            from: Told::File,
        },
        Header::Gguf(gguf) => {
            // Other families' files have always said it.
            let may_be_mistral = gguf.architecture().is_ok_and(|name| name == "llama")
                && checkpoint.number(&keys::EXPERTS).unwrap_or(0) == 0;
            let known = known(checkpoint).filter(|_| may_be_mistral);
            Window {
                size: known.and_then(|known| known.window),
                from: known.map_or(Told::Nobody, |_| Told::Catalogue),
            }
        }
    }
}

/// What the files say; 0 stands for none.
fn size(checkpoint: &Checkpoint) -> Option<u64> {
    checkpoint.number(&keys::WINDOW).filter(|size| *size > 0)
}

/// The catalogue's line for a GGUF model: by its file, its own name, its base model.
fn known(checkpoint: &Checkpoint) -> Option<&'static Known> {
    let windows = &CATALOGUE.windows;
    let of_length = |known: &&Known| {
        let mut files = known.files.iter();
        files.any(|file| file.bytes == checkpoint.bytes())
    };
    let by_file = windows.iter().find(of_length);
    by_file.or_else(|| {
        names(checkpoint).iter().find_map(|name| {
            let name = words(name);
            // The longest: an instruct model is not its base.
            let same = windows.iter().filter(|known| {
                let known = words(&known.name);
                name.windows(known.len()).any(|part| *part == known[..])
            });
            same.max_by_key(|known| known.name.len())
        })
    })
}

/// What a GGUF model may be called, its own names before those of its base models.
fn names(checkpoint: &Checkpoint) -> Vec<String> {
    let Some(gguf) = checkpoint.gguf() else {
        return Vec::new();
    };
    let text = |key: &str| gguf.metadata.text(key).map(str::to_owned);
    let joined = |parts: &[&str]| {
        let parts: Option<Vec<String>> = parts.iter().map(|key| text(key)).collect();
        parts.map(|parts| parts.join("-"))
    };
    let mut names = vec![
        text("general.name"),
        joined(&["general.basename", "general.size_label", "general.version"]),
        joined(&[
            "general.basename",
            "general.size_label",
            "general.finetune",
            "general.version",
        ]),
        text("general.repo_url"),
        text("general.source.repo_url"),
        gguf.path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned()),
    ];
    let bases = gguf
        .metadata
        .number("general.base_model.count")
        .unwrap_or(1);
    for base in 0..bases.min(8) {
        let key = |of: &str| format!("general.base_model.{base}.{of}");
        names.push(text(&key("repo_url")));
        names.push(joined(&[&key("name"), &key("version")]));
        names.push(text(&key("name")));
    }
    names.push(text("general.source.huggingface.repository"));
    if let Some(Value::Array(Array::Text(bases))) = gguf.metadata.get("general.base_model") {
        names.extend(bases.iter().take(8).cloned().map(Some));
    }
    names.into_iter().flatten().collect()
}

/// The letters and numbers of a name, in small letters: writers differ in all else.
fn words(name: &str) -> Vec<String> {
    name.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
