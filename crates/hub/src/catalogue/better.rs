//! Which model would serve a person better than the starter: the first run's advice.

use super::{Catalogue, choose::quality_of, shown::speaks};
use protocol::{
    BetterModel, CatalogueModel, DEFAULT_CONTEXT, KvType, Language, OpennessClass, Task,
};

/// Answers are computed on the processor, which reads all weights that a token is computed with:
/// more than these make models that write more slowly than people read.
const MOST_ACTIVE: u64 = 8_000_000_000;

/// The best model that speaks the language and fits into `memory` bytes with the context that
/// Parley would give it, kept in `kv`; None where none does. Only what answers at once (a model that thinks
/// first keeps one waiting), on any subject, under a licence for every use, in a file whose
/// length and hash are known.
pub fn better_model(language: Language, memory: u64, kv: KvType) -> Option<BetterModel> {
    Catalogue::shipped()
        .models(language)
        .into_iter()
        .filter(|model| advisable(model) && speaks(model, language.tag()))
        .filter_map(|model| Some((needed(&model, kv)?, model)))
        .filter(|(needed, _)| *needed <= memory)
        .max_by(|(_, a), (_, b)| quality_of(a).total_cmp(&quality_of(b)))
        .and_then(|(_, model)| {
            let file = model.files.into_iter().next()?;
            Some(BetterModel {
                name: model.name,
                repository: file.repository,
                file: file.file,
                bytes: file.bytes?,
                licence: model.licence.spdx.unwrap_or(model.licence.name),
            })
        })
}

fn advisable(model: &CatalogueModel) -> bool {
    model.tasks.contains(&Task::Chat)
        && !model.tasks.contains(&Task::Reasoning)
        && model.domains.iter().any(|domain| domain == "general")
        && model.openness != OpennessClass::Restricted
        && model.active_parameters.unwrap_or(model.parameters) <= MOST_ACTIVE
        && model
            .files
            .first()
            .is_some_and(|file| file.sha256.is_some())
}

/// Bytes that its recommended file needs when loaded; None where that is not known.
fn needed(model: &CatalogueModel, kv: KvType) -> Option<u64> {
    let layers = model.layers?;
    let context = model.context.min(DEFAULT_CONTEXT);
    let heads = [layers.head_dim; 2];
    let kv = formats::kv_bytes(kv, layers.layers, layers.kv_heads, heads, context);
    // The file is its weights and a header of a few megabytes.
    Some(model.files.first()?.bytes?.saturating_add(kv) + formats::OVERHEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_fits_and_speaks_the_language_is_named() {
        let check = |language, memory: f64, name: Option<&str>| {
            let found = better_model(language, (memory * 1e9) as u64, KvType::F16);
            let found = found.map(|better| better.name);
            assert_eq!(found.as_deref(), name, "{language:?} {memory}");
        };
        check(Language::En, 0.5, None);
        check(Language::En, 0.8, Some("Qwen2.5 0.5B Instruct"));
        check(Language::En, 5.7, Some("Qwen2.5 7B Instruct"));
        check(Language::En, 64.0, Some("OLMo 2 7B Instruct"));
        check(Language::ZhHans, 0.5, None);
        check(Language::ZhHans, 3.0, Some("Qwen2.5 1.5B Instruct"));
        check(Language::ZhHant, 64.0, Some("Qwen2.5 7B Instruct"));
    }

    /// What just fits when conversations are kept in 8 bits.
    #[test]
    fn what_a_conversation_is_kept_in_decides_with() {
        let named = |kv| better_model(Language::En, 5_550_000_000, kv).map(|better| better.name);
        assert_eq!(named(KvType::F16).as_deref(), Some("Phi-4 mini Instruct"));
        assert_eq!(named(KvType::Q8_0).as_deref(), Some("Qwen2.5 7B Instruct"));
    }

    #[test]
    fn what_is_named_may_be_used_by_everybody_and_can_be_checked() {
        for language in Language::ALL {
            for gigabytes in 1..32 {
                let better = better_model(language, gigabytes << 30, KvType::F16).unwrap();
                assert!(
                    ["Apache-2.0", "MIT"].contains(&better.licence.as_str()),
                    "{better:?}"
                );
                assert!(better.file.ends_with(".gguf"), "{better:?}");
            }
        }
    }
}
