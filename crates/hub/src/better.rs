//! Which model would serve a person better than the starter: a short list, compiled in.
//!
//! Only what today's engine runs, in one file, under a licence for every use. Nothing over 7B
//! weights: answers are computed on the processor, which reads all weights for each token, and
//! larger models write more slowly than people read.

use protocol::{BetterModel, DEFAULT_CONTEXT, Language};
use serde::Deserialize;
use std::sync::LazyLock;

/// `assets/catalogue/better.json`, the best first.
#[derive(Deserialize)]
struct Catalogue {
    models: Vec<Listed>,
}

/// A model of the list. Length and hash are the hub's for that file.
#[derive(Clone, Debug, Deserialize)]
struct Listed {
    name: String,
    repository: String,
    file: String,
    bytes: u64,
    licence: String,
    /// First parts of language tags.
    languages: Vec<String>,
    layers: u32,
    kv_heads: u32,
    head_dim: u32,
}

#[expect(
    clippy::expect_used,
    reason = "a constant of this build, read by every test"
)]
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../assets/catalogue/better.json"))
        .expect("the list is well formed")
});

/// The best model that speaks the language and fits into `memory` bytes with the context that
/// Parley would give it; None where none does.
pub fn better_model(language: Language, memory: u64) -> Option<BetterModel> {
    let language = language.tag().split('-').next().unwrap_or_default();
    let found = CATALOGUE.models.iter().find(|model| {
        model.languages.iter().any(|spoken| spoken == language) && model.memory() <= memory
    })?;
    let Listed {
        name,
        repository,
        file,
        bytes,
        licence,
        ..
    } = found.clone();
    Some(BetterModel {
        name,
        repository,
        file,
        bytes,
        licence,
    })
}

impl Listed {
    /// Bytes that it needs when loaded.
    fn memory(&self) -> u64 {
        let kv = formats::kv_bytes(
            self.layers,
            self.kv_heads,
            2 * self.head_dim,
            DEFAULT_CONTEXT,
        );
        // The file is its weights and a header of a few megabytes.
        self.bytes.saturating_add(kv) + formats::OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_fits_and_speaks_the_language_is_named() {
        let check = |language, memory: f64, name: Option<&str>| {
            let found = better_model(language, (memory * 1e9) as u64).map(|better| better.name);
            assert_eq!(found.as_deref(), name, "{language:?} {memory}");
        };
        check(Language::En, 0.5, None);
        check(Language::En, 1.0, Some("Qwen2.5 0.5B Instruct"));
        check(Language::En, 4.0, Some("Qwen2.5 1.5B Instruct"));
        check(Language::En, 5.7, Some("Qwen2.5 7B Instruct"));
        check(Language::ZhHans, 0.5, None);
        check(Language::ZhHans, 3.0, Some("Qwen2.5 1.5B Instruct"));
        check(Language::ZhHant, 64.0, Some("Qwen2.5 7B Instruct"));
    }

    #[test]
    fn the_list_has_only_what_can_be_recommended() {
        let text = include_str!("../../../assets/catalogue/better.json");
        let list: serde_json::Value = serde_json::from_str(text).unwrap();
        for model in list["models"].as_array().unwrap() {
            let said = |name: &str| model[name].as_str().unwrap().to_owned();
            assert!(["llama", "qwen2"].contains(&said("architecture").as_str()));
            assert!(["Apache-2.0", "MIT"].contains(&said("licence").as_str()));
            assert!(said("file").ends_with(".gguf") && !said("file").contains("-of-"));
            assert_eq!(said("sha256").len(), 64);
        }
        assert!(CATALOGUE.models.is_sorted_by(|a, b| a.bytes >= b.bytes));
    }
}
