//! Models of several files in the library: folders with safetensors, split GGUF files.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod support;

use protocol::{ModelEntry, ModelState};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use support::{Desk, eventually};

const FILES: [&str; 5] = [
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "config.json",
    "tokenizer_config.json",
    "tokenizer.json",
];

fn folder(desk: &Desk, name: &str) -> PathBuf {
    let path = desk.path(name);
    fs::create_dir(&path).unwrap();
    for (name, bytes) in support::folder() {
        fs::write(path.join(name), bytes).unwrap();
    }
    fs::write(path.join("README.md"), "# A model").unwrap();
    path
}

/// A part of a split GGUF model with one tensor.
fn part(number: u16, tensor: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    bytes.extend(b"GGUF");
    bytes.extend(3u32.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(if number == 0 { 5u64 } else { 3 }.to_le_bytes());
    if number == 0 {
        for (key, value) in [("general.architecture", "llama"), ("general.name", "Split")] {
            text(&mut bytes, key);
            bytes.extend(8u32.to_le_bytes());
            text(&mut bytes, value);
        }
    }
    for (key, value) in [
        ("split.no", number),
        ("split.count", 2),
        ("split.tensors.count", 2),
    ] {
        text(&mut bytes, key);
        bytes.extend(2u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    text(&mut bytes, tensor);
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(8u64.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.resize(bytes.len().next_multiple_of(32) + 32, 0);
    bytes
}

/// The hash of the files' hashes.
fn identity(files: &[PathBuf]) -> String {
    let each = files
        .iter()
        .flat_map(|path| Sha256::digest(fs::read(path).unwrap()));
    let hash = Sha256::digest(each.collect::<Vec<u8>>());
    hash.iter().fold("sha256:".to_owned(), |text, byte| {
        format!("{text}{byte:02x}")
    })
}

/// What keeps a model from being used.
fn trouble(entry: &ModelEntry) -> String {
    match &entry.state {
        ModelState::Unusable { error } => error.to_string(),
        _ => String::new(),
    }
}

/// Adds a model by each of `paths`, which is one model, hashes it, and does without each file.
fn check(desk: &Desk, paths: &[PathBuf], stands: &Path, files: &[PathBuf], bytes: u64) {
    let hub = desk.hub();
    for path in paths {
        let entry = hub.import(path).unwrap();
        assert_eq!(entry.path, stands.to_str().unwrap());
        assert_eq!((entry.bytes, trouble(&entry).as_str()), (bytes, ""));
        assert_eq!(hub.path(&entry.id).unwrap(), stands);
    }
    assert_eq!(hub.models().len(), 1);
    let provisional = hub.models()[0].id.clone();
    let identity = identity(files);
    eventually("hashed", || hub.models()[0].id.0 == identity);
    assert_eq!(hub.resolve(&provisional).unwrap().id.0, identity);
    drop(hub);
    let hub = desk.hub();
    assert_eq!(hub.find(stands.to_str().unwrap()).unwrap().id.0, identity);
    for file in files {
        let aside = file.with_extension("aside");
        fs::rename(file, &aside).unwrap();
        let said = trouble(&hub.models()[0]);
        let names = said.contains(file.to_str().unwrap());
        assert!(said.starts_with("model-gone") && names, "{said}");
        fs::rename(&aside, file).unwrap();
        assert_eq!(trouble(&hub.models()[0]), "");
    }
    fs::write(&files[1], "something else").unwrap();
    assert!(trouble(&hub.models()[0]).starts_with("model-changed"));
}

#[test]
fn a_folder_is_one_model_whichever_of_its_files_is_added() {
    let desk = Desk::new();
    let path = folder(&desk, "Tiny");
    let files = FILES.map(|file| path.join(file));
    let bytes = files
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    let paths = [path.clone(), files[0].clone(), files[1].clone()];
    check(&desk, &paths, &path, &files, bytes);
}

/// As the hub's own program keeps repositories: links to files that are named after their hashes.
#[cfg(unix)]
#[test]
fn a_file_in_the_hubs_cache_is_its_folders_model() {
    let desk = Desk::new();
    let blobs = folder(&desk, "blobs");
    let path = desk.path("models--you--Tiny/snapshots/0123");
    fs::create_dir_all(&path).unwrap();
    for (at, file) in FILES
        .iter()
        .chain(["model.safetensors.index.json"].iter())
        .enumerate()
    {
        let blob = blobs.join(format!("{at:064}"));
        fs::rename(blobs.join(file), &blob).unwrap();
        std::os::unix::fs::symlink(blob, path.join(file)).unwrap();
    }
    let hub = desk.hub();
    for given in [path.join(FILES[1]), path.clone()] {
        let entry = hub.import(&given).unwrap();
        assert_eq!(
            (entry.name.as_str(), entry.path.as_str()),
            ("Tiny", path.to_str().unwrap())
        );
    }
    assert_eq!(hub.models().len(), 1);
}

#[test]
fn a_split_model_is_one_model_whichever_part_is_added() {
    let desk = Desk::new();
    let files = [1, 2].map(|number| desk.path(&format!("m-{number:05}-of-00002.gguf")));
    fs::write(&files[0], part(0, "a")).unwrap();
    fs::write(&files[1], part(1, "b")).unwrap();
    let bytes = files
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    let paths = [files[1].clone(), files[0].clone()];
    check(&desk, &paths, &files[0], &files, bytes);
}

#[test]
fn the_same_model_in_two_folders_is_one() {
    let desk = Desk::new();
    let hub = desk.hub();
    let (one, two) = (folder(&desk, "One"), folder(&desk, "Two"));
    hub.import(&one).unwrap();
    hub.import(&two).unwrap();
    eventually("one model", || hub.models().len() == 1);
    fs::remove_dir_all(one).unwrap();
    let left = hub.models();
    assert_eq!(
        (trouble(&left[0]).as_str(), left[0].path.as_str()),
        ("", two.to_str().unwrap())
    );
    // With another tokenizer it would say other things.
    let other = folder(&desk, "Other");
    fs::write(
        other.join("tokenizer.json"),
        r#"{"model": {"type": "Unigram"}}"#,
    )
    .unwrap();
    hub.import(&other).unwrap();
    eventually("hashed", || {
        hub.models().iter().all(|model| !model.id.is_provisional())
    });
    assert_eq!(hub.models().len(), 2);
}
