//! The catalogue holds what its README promises, and is found, filtered and chosen from.

use super::{shipped::FAMILIES, shipped::LICENCES, *};
use protocol::{
    CatalogueFilter, CatalogueOrder, ChooseAnswers, Citation, Light, Matters, Openness,
    OpennessClass, Purpose, Task,
};
use std::collections::BTreeSet;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/catalogue");

/// What a domain may be called in a file; the program adds `multilingual` and `small`.
const DOMAINS: &[&str] = &[
    "general", "code", "maths", "medicine", "japanese", "chinese",
];

fn is_date(date: &str) -> bool {
    let parts: Vec<_> = date
        .split('-')
        .map(|part| (part.len(), part.parse::<u32>()))
        .collect();
    match parts.as_slice() {
        [(4, Ok(year)), rest @ ..] if (2018..=2100).contains(year) => match rest {
            [] => true,
            [(2, Ok(month))] => (1..=12).contains(month),
            [(2, Ok(month)), (2, Ok(day))] => (1..=12).contains(month) && (1..=31).contains(day),
            _ => false,
        },
        _ => false,
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}

/// A file or repository that the program may ask a hub for.
fn is_path(path: &str, parts: usize) -> bool {
    let names: Vec<_> = path.split('/').collect();
    names.len() == parts
        && names.iter().all(|name| {
            !name.is_empty()
                && !name.starts_with('.')
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        })
}

fn check_source(source: &Citation, whose: &str) {
    assert!(
        source.address.starts_with("https://"),
        "{whose}: {source:?}"
    );
    assert!(
        !source.address.contains(char::is_whitespace),
        "{whose}: {source:?}"
    );
    assert!(
        is_date(&source.read) && source.read.len() == 10,
        "{whose}: {source:?}"
    );
    assert!(
        (3..400).contains(&source.words.len()),
        "{whose}: {source:?}"
    );
}

fn check_words(words: &entry::Words, whose: &str) {
    let [en, hans, hant] = words.all();
    assert!(en.is_ascii() || !en.contains(is_chinese), "{whose}: {en}");
    for chinese in [hans, hant] {
        assert!(chinese.chars().any(is_chinese), "{whose}: {chinese}");
        assert!(!chinese.ends_with('.'), "{whose}: {chinese}");
    }
    assert_ne!(hans, hant, "{whose}");
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let files = std::fs::read_dir(format!("{FOLDER}/families")).unwrap();
    let files: BTreeSet<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let shipped = FAMILIES
        .iter()
        .map(|(name, _)| format!("{name}.json"))
        .collect();
    assert_eq!(files, shipped);
    for (name, text) in FAMILIES {
        let family: FamilyEntry =
            serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(family.id, *name);
    }
}

#[test]
fn every_entry_is_whole() {
    let catalogue = Catalogue::shipped();
    let ids: BTreeSet<_> = catalogue
        .entries()
        .map(|(_, model)| model.id.as_str())
        .collect();
    assert_eq!(
        ids.len(),
        catalogue.entries().count(),
        "an id is there twice"
    );
    let mut before = BTreeSet::new();
    for family in &catalogue.families {
        let whose = &family.id;
        check_words(&family.about, whose);
        check_words(&family.technique, whose);
        assert!(!family.models.is_empty(), "{whose}");
        for model in &family.models {
            let whose = &model.id;
            assert!(is_path(&model.id, 2), "{whose}");
            check_words(&model.about, whose);
            assert!(
                !model.name.is_empty() && !model.makers.is_empty(),
                "{whose}"
            );
            assert!(is_date(&model.date), "{whose}: {}", model.date);
            assert!(
                !model.tasks.is_empty() && !model.domains.is_empty(),
                "{whose}"
            );
            let talks = model.tasks.contains(&Task::Chat);
            assert_ne!(talks, model.tasks.contains(&Task::Completion), "{whose}");
            for domain in &model.domains {
                assert!(DOMAINS.contains(&domain.as_str()), "{whose}: {domain}");
            }
            assert!(!model.languages.is_empty(), "{whose}");
            assert!(
                model
                    .languages
                    .iter()
                    .all(|tag| tag.len() >= 2 && tag.is_ascii()),
                "{whose}"
            );
            assert!(
                (1_000_000..2_000_000_000_000).contains(&model.parameters),
                "{whose}"
            );
            assert!(
                model
                    .active_parameters
                    .is_none_or(|active| active < model.parameters),
                "{whose}"
            );
            assert!((512..=16_000_000).contains(&model.context), "{whose}");
            assert!(
                catalogue.licences.contains_key(&model.licence),
                "{whose}: {}",
                model.licence
            );
            if let Some(parent) = &model.parent {
                assert!(
                    ids.contains(parent.as_str()),
                    "{whose}: {parent} is not in the catalogue"
                );
                let same = family.models.iter().any(|other| other.id == *parent);
                assert!(
                    !same || before.contains(parent),
                    "{whose}: a parent stands before its child"
                );
            }
            before.insert(model.id.clone());
            assert!(!model.sources.is_empty(), "{whose}");
            model
                .sources
                .iter()
                .for_each(|source| check_source(source, whose));
            for figure in &model.quality {
                assert!(
                    figure.value.is_finite() && !figure.unit.is_empty(),
                    "{whose}: {figure:?}"
                );
                check_source(&figure.source, whose);
            }
            for price in &model.prices {
                assert!(
                    price.input_per_million >= 0.0 && price.output_per_million > 0.0,
                    "{whose}"
                );
                check_source(&price.source, whose);
            }
            check_files(model);
            check_lights(model);
        }
    }
}

fn check_files(model: &ModelEntry) {
    let whose = &model.id;
    for file in &model.files {
        assert!(is_path(&file.repository, 2), "{whose}: {file:?}");
        assert!(
            file.file.split('/').all(|name| is_path(name, 1)),
            "{whose}: {file:?}"
        );
        assert!(
            file.file.ends_with(".gguf") && !file.file.contains("-of-"),
            "{whose}: {file:?}"
        );
        assert!(
            BITS.iter().any(|(kind, _)| *kind == file.kind),
            "{whose}: {file:?}"
        );
        assert!(
            file.revision.as_ref().is_none_or(|r| is_hex(r, 40)),
            "{whose}: {file:?}"
        );
        assert!(
            file.sha256.as_ref().is_none_or(|s| is_hex(s, 64)),
            "{whose}: {file:?}"
        );
        let known = file.bytes.is_some() || file.sha256.is_some();
        assert_eq!(known, file.source.is_some(), "{whose}: {file:?}");
        file.source
            .iter()
            .for_each(|source| check_source(source, whose));
        // A length that is not that of the model's weights is a slip of the pen.
        let about = file_bytes_about(model, &file.kind);
        // A small model's vocabulary weighs much, and files may hold it twice.
        let most = if model.parameters < 3_000_000_000 {
            1.8
        } else {
            1.35
        };
        if let Some(bytes) = file.bytes {
            let part = bytes as f64 / about;
            assert!(
                (0.8..most).contains(&part),
                "{whose}: {file:?} is {part} of what its weights take"
            );
        }
    }
}

fn file_bytes_about(model: &ModelEntry, kind: &str) -> f64 {
    let (_, bits) = BITS.iter().find(|(name, _)| *name == kind).unwrap();
    model.parameters as f64 * bits / 8.0
}

fn check_lights(model: &ModelEntry) {
    let entry::Lights {
        training_data,
        weights,
        evaluation_code,
        fine_tuning_code,
        training_metrics,
        training_code,
    } = &model.lights;
    for (name, light) in [
        ("training data", training_data),
        ("weights", weights),
        ("evaluation code", evaluation_code),
        ("fine-tuning code", fine_tuning_code),
        ("training metrics", training_metrics),
        ("training code", training_code),
    ] {
        let Light { state, source } = light;
        let unknown = *state == Openness::Unknown;
        assert_eq!(unknown, source.is_none(), "{}: {name}", model.id);
        source
            .iter()
            .for_each(|source| check_source(source, &model.id));
    }
}

#[test]
fn nobody_is_their_own_ancestor() {
    let catalogue = Catalogue::shipped();
    let all = catalogue.entries().count();
    for (_, model) in catalogue.entries() {
        let mut at = model;
        for steps in 0.. {
            assert!(steps <= all, "{} descends from itself", model.id);
            let Some(parent) = &at.parent else { break };
            at = catalogue
                .entries()
                .find(|(_, other)| other.id == *parent)
                .unwrap()
                .1;
        }
    }
}

#[test]
fn every_licence_is_whole_and_used() {
    let licences: Licences = serde_json::from_str(LICENCES).unwrap();
    for (id, licence) in &licences {
        check_words(&licence.plain, id);
        licence
            .limits
            .iter()
            .for_each(|limit| check_words(limit, id));
        check_source(&licence.source, id);
        assert!(licence.address.starts_with("https://"), "{id}");
        assert_eq!(licence.open, licence.limits.is_empty(), "{id}");
        let used = Catalogue::shipped()
            .entries()
            .any(|(_, model)| model.licence == *id);
        assert!(used, "{id} is nobody's licence");
    }
}

#[test]
fn the_three_classes_of_openness() {
    let check = |id: &str, class| {
        let model = Catalogue::shipped().model(id, Language::En).unwrap();
        assert_eq!(model.openness, class, "{id}");
    };
    check("allenai/OLMo-7B-Instruct", OpennessClass::FullyOpen);
    check(
        "allenai/OLMoE-1B-7B-0924-Instruct",
        OpennessClass::FullyOpen,
    );
    check(
        "mistralai/Mixtral-8x7B-Instruct-v0.1",
        OpennessClass::WeightsOnly,
    );
    check("tiiuae/falcon-7b-instruct", OpennessClass::WeightsOnly);
    check("meta-llama/Llama-2-7b-chat-hf", OpennessClass::Restricted);
    check(
        "elyza/ELYZA-japanese-Llama-2-7b-instruct",
        OpennessClass::Restricted,
    );
}

#[test]
fn search_as_one_types_in_every_language() {
    let check = |text: &str, first: &str| {
        for language in Language::ALL {
            let found = Catalogue::shipped().search(text, language);
            let ids: Vec<_> = found.iter().map(|model| model.id.as_str()).collect();
            assert!(ids.contains(&first), "{text}: {ids:?}");
        }
    };
    check("olmo", "allenai/OLMo-7B-Instruct");
    check("ＯＬＭＯ ７Ｂ", "allenai/OLMo-7B");
    check("mixtr", "mistralai/Mixtral-8x7B-Instruct-v0.1");
    check("tencent", "TencentARC/LLaMA-Pro-8B-Instruct");
    check("medic", "BioMistral/BioMistral-7B");
    check("医学", "BioMistral/BioMistral-7B");
    check("醫學", "BioMistral/BioMistral-7B");
    check("混合专家", "allenai/OLMoE-1B-7B-0924");
    check("多查詢", "tiiuae/falcon-7b-instruct");
    check(
        "japanese instruct",
        "elyza/ELYZA-japanese-Llama-2-7b-instruct",
    );
    assert!(
        Catalogue::shipped()
            .search("olmo quixotic", Language::En)
            .is_empty()
    );
    // What is called so comes before what is only said to be like it.
    let named = Catalogue::shipped().search("mistral", Language::En);
    assert!(
        named[0].name.to_lowercase().contains("mistral"),
        "{}",
        named[0].name
    );
    let all = Catalogue::shipped().models(Language::En).len();
    assert_eq!(
        Catalogue::shipped().search("  ", Language::ZhHans).len(),
        all
    );
}

/// Fits where the recommended file is at most so long.
fn machine(bytes: u64) -> impl Fn(&CatalogueModel) -> Standing {
    move |model| Standing {
        fits: shown::recommended_bytes(model).map(|needed| needed <= bytes),
        tokens_per_second: shown::recommended_bytes(model).map(|needed| {
            let part = model.active_parameters.unwrap_or(model.parameters) as f64
                / model.parameters as f64;
            40e9 / (needed as f64 * part)
        }),
        installed: model.id.starts_with("mistralai/"),
    }
}

#[test]
fn filters_alone_and_together() {
    let check = |filter: &CatalogueFilter, expected: &dyn Fn(&CatalogueModel) -> bool| {
        let standing = machine(5_000_000_000);
        let found =
            Catalogue::shipped().filtered(Language::En, filter, CatalogueOrder::Fit, &standing);
        let ids: BTreeSet<_> = found.iter().map(|model| model.id.clone()).collect();
        let wanted: BTreeSet<_> = Catalogue::shipped()
            .models(Language::En)
            .into_iter()
            .filter(|model| expected(model))
            .map(|model| model.id)
            .collect();
        assert_eq!(ids, wanted, "{filter:?}");
        assert!(!ids.is_empty(), "{filter:?}");
    };
    let all = CatalogueFilter::default;
    check(&all(), &|_| true);
    check(
        &CatalogueFilter {
            tasks: vec![Task::Maths],
            ..all()
        },
        &|m| m.tasks.contains(&Task::Maths),
    );
    let japanese = CatalogueFilter {
        languages: vec!["ja-JP".into()],
        ..all()
    };
    check(&japanese, &|m| m.languages.contains(&"ja".into()));
    let apache = CatalogueFilter {
        licence: Some("apache-2.0".into()),
        ..all()
    };
    check(&apache, &|m| {
        m.licence.spdx.as_deref() == Some("Apache-2.0")
    });
    let open = CatalogueFilter {
        openness: Some(OpennessClass::FullyOpen),
        ..all()
    };
    check(&open, &|m| {
        m.lights.iter().all(|light| light.state == Openness::Open)
    });
    check(
        &CatalogueFilter {
            installed: true,
            ..all()
        },
        &|m| m.id.starts_with("mistralai/"),
    );
    let together = CatalogueFilter {
        text: "olmo".into(),
        tasks: vec![Task::Chat],
        domains: vec!["small".into()],
        languages: vec!["en".into()],
        max_bytes: Some(2_000_000_000),
        fits: true,
        licence: Some("apache-2.0".into()),
        openness: Some(OpennessClass::FullyOpen),
        installed: false,
    };
    check(&together, &|m| m.id == "allenai/OLMo-2-0425-1B-Instruct");
}

#[test]
fn orders_put_the_right_end_first() {
    let catalogue = Catalogue::shipped();
    let check = |order, key: &dyn Fn(&CatalogueModel) -> String| {
        let filter = CatalogueFilter::default();
        let found = catalogue.filtered(Language::En, &filter, order, &machine(5_000_000_000));
        let keys: Vec<_> = found.iter().map(key).collect();
        assert!(keys.is_sorted(), "{order:?}: {keys:?}");
        found
    };
    let bytes = |m: &CatalogueModel| shown::recommended_bytes(m).unwrap_or(u64::MAX);
    check(CatalogueOrder::Size, &|m| format!("{:020}", bytes(m)));
    check(CatalogueOrder::Openness, &|m| {
        format!("{}", m.openness as u8)
    });
    check(CatalogueOrder::Fit, &|m| {
        format!("{}", u8::from(bytes(m) > 5_000_000_000))
    });
    let newest = check(CatalogueOrder::Date, &|_| String::new());
    assert!(newest.windows(2).all(|pair| pair[0].date >= pair[1].date));
}

#[test]
fn people_are_helped_to_choose() {
    let check = |purpose, language: &str, matters, bytes: u64, first: &str, reasons: &[&str]| {
        let answers = ChooseAnswers {
            purpose,
            language: language.to_owned(),
            matters,
        };
        let found = choose(Catalogue::shipped(), &answers, &machine(bytes));
        assert!(found.len() <= 3);
        let first_found = found
            .first()
            .unwrap_or_else(|| panic!("{answers:?}: nothing"));
        assert_eq!(first_found.model, first, "{answers:?}: {found:?}");
        for reason in reasons {
            assert!(
                first_found.reasons.iter().any(|r| r.key == *reason),
                "{answers:?}: {found:?}"
            );
        }
        for choice in &found {
            let model = Catalogue::shipped()
                .model(&choice.model, Language::En)
                .unwrap();
            assert!(
                shown::recommended_bytes(&model).unwrap() <= bytes,
                "{}",
                model.id
            );
        }
    };
    const GB: u64 = 1_000_000_000;
    use {Matters as M, Purpose as P};
    check(
        P::Medicine,
        "en",
        M::Quality,
        6 * GB,
        "BioMistral/BioMistral-7B",
        &["choose-medicine", "choose-no-advice"],
    );
    check(
        P::Study,
        "en",
        M::Openness,
        GB,
        "allenai/OLMo-2-0425-1B-Instruct",
        &["choose-study"],
    );
    check(
        P::Study,
        "fr",
        M::Openness,
        2 * GB,
        "HuggingFaceTB/SmolLM3-3B",
        &["choose-study", "choose-language"],
    );
    check(
        P::Everyday,
        "ja",
        M::Quality,
        4 * GB,
        "elyza/ELYZA-japanese-Llama-2-7b-instruct",
        &["choose-everyday", "choose-home", "choose-restricted"],
    );
    let coder = "Qwen/Qwen2.5-Coder-7B-Instruct";
    check(
        P::Code,
        "en",
        M::Quality,
        6 * GB,
        coder,
        &["choose-code", "choose-bytes"],
    );
    check(
        P::Everyday,
        "zh-Hant",
        M::Quality,
        3 * GB,
        "Qwen/Qwen3-4B",
        &["choose-home"],
    );
    check(
        P::Everyday,
        "en",
        M::Openness,
        6 * GB,
        "allenai/Olmo-3-7B-Instruct",
        &["choose-open"],
    );
    check(
        P::Maths,
        "en",
        M::Quality,
        6 * GB,
        "allenai/Olmo-3-7B-Think",
        &["choose-maths"],
    );
    // Nothing is proposed that cannot be: too large, or without the language.
    let nobody = ChooseAnswers {
        purpose: P::Everyday,
        language: "tlh".into(),
        matters: M::Quality,
    };
    assert!(choose(Catalogue::shipped(), &nobody, &machine(64 * GB)).is_empty());
    let small = ChooseAnswers {
        purpose: P::Everyday,
        language: "en".into(),
        matters: M::Quality,
    };
    assert!(choose(Catalogue::shipped(), &small, &machine(10_000_000)).is_empty());
}
