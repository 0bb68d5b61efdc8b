//! How far attention reaches: by the files, by the catalogue, by nobody.
#![allow(clippy::unwrap_used)] // a test that fails, panics

mod common;

use common::File;
use formats::{Checkpoint, Told, window};

#[test]
fn a_gguf_file_says_it_or_the_catalogue_or_nobody() {
    let check = |keys: &[(&str, &str)], said: Option<u32>, size: Option<u64>, from: Told| {
        let count = keys.len() + usize::from(said.is_some()) + 1;
        let mut file = File::new(3, 0, count as u64).text_key("general.architecture", "llama");
        for (key, text) in keys {
            file = file.text_key(key, text);
        }
        if let Some(said) = said {
            file = file.key("llama.attention.sliding_window", 4).u32(said);
        }
        let model = Checkpoint::of_gguf(file.data(0).open().unwrap()).unwrap();
        let found = window(&model);
        assert_eq!((found.size, found.from), (size, from), "{keys:?} {said:?}");
    };
    let name = |name: &'static str| [("general.name", name)];
    check(&name("Anything"), Some(64), Some(64), Told::File);
    check(&name("Mistral-7B-v0.1"), Some(0), None, Told::File);
    check(&name("Anything"), None, None, Told::Nobody);
    for known in [
        "Mistral-7B-v0.1",
        "mistralai_mistral-7b-v0.1",
        "Mistral 7B Instruct v0.1",
        "mistralai_mistral-7b-instruct-v0.1",
        "BioMistral_BioMistral-7B-DARE",
        "OpenMath-Mistral-7B-v0.1-hf",
        "HuggingFaceH4_zephyr-7b-beta",
    ] {
        check(
            &[("general.name", known)],
            None,
            Some(4096),
            Told::Catalogue,
        );
    }
    let later = "mistralai_Mistral-7B-Instruct-v0.2";
    check(&[("general.name", later)], None, None, Told::Catalogue);
    check(&name("Mixtral-8x7B-v0.1"), None, None, Told::Nobody);
    check(&name("zephyr-7b-gemma"), None, None, Told::Nobody);
    let mine = ("general.name", "Mine");
    check(
        &[
            mine,
            ("general.base_model.0.name", "Mistral 7B v0.1"),
            ("general.base_model.0.organization", "Mistralai"),
        ],
        None,
        Some(4096),
        Told::Catalogue,
    );
    let base = "https://huggingface.co/mistralai/Mistral-7B-v0.1";
    let url = ("general.base_model.0.repo_url", base);
    check(&[mine, url], None, Some(4096), Told::Catalogue);
    check(
        &[
            ("general.name", "Mistral"),
            ("general.basename", "Mistral"),
            ("general.size_label", "7B"),
            ("general.finetune", "Instruct"),
            ("general.version", "v0.1"),
        ],
        None,
        Some(4096),
        Told::Catalogue,
    );
    // The model's own name counts before its base's.
    let own = ("general.name", "Mistral-7B-v0.2");
    check(&[own, url], None, None, Told::Catalogue);
}

#[test]
fn a_folder_says_it_in_its_config() {
    let check = |config: &str, size: Option<u64>| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        common::Shard::default()
            .tensor("a", "F32", &[1])
            .write(&folder.path().join("model.safetensors"));
        let model = Checkpoint::open(folder.path()).unwrap();
        let found = window(&model);
        assert_eq!((found.size, found.from), (size, Told::File), "{config}");
    };
    check(
        r#"{"model_type": "mistral", "sliding_window": 64}"#,
        Some(64),
    );
    check(r#"{"model_type": "mistral", "sliding_window": null}"#, None);
    check(r#"{"model_type": "mistral"}"#, Some(4096));
    check(r#"{"model_type": "llama"}"#, None);
    let qwen = r#"{"model_type": "qwen2", "sliding_window": 64, "use_sliding_window": false}"#;
    check(qwen, None);
    let nested = r#"{"model_type": "gemma3", "text_config": {"sliding_window": 512}}"#;
    check(nested, Some(512));
}
