//! Models that other programs keep, on trees as those programs make them.
#![cfg(unix)] // whose links and folders they are made of
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod support;

use protocol::{FoundModel, Keeper, ModelId, ModelState};
use std::fs;
use std::path::{Path, PathBuf};
use support::{Desk, eventually, gguf, sha256, snapshot};

fn put(path: &Path, bytes: impl AsRef<[u8]>) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    path.to_owned()
}

/// What Ollama makes of `ollama pull`: returns the blob.
fn pulled(root: &Path, name: &str, weights: &[u8]) -> PathBuf {
    let part = put(&root.join("blobs/part"), weights);
    let hash = sha256(&part);
    let blob = root.join(format!("blobs/sha256-{hash}"));
    fs::rename(&part, &blob).unwrap();
    let manifest = serde_json::json!({"schemaVersion": 2, "layers": [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:00", "size": 3},
        {"mediaType": "application/vnd.ollama.image.model",
         "digest": format!("sha256:{hash}"), "size": weights.len()},
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:11", "size": 4},
    ]});
    put(&root.join("manifests").join(name), manifest.to_string());
    blob
}

fn found(desk: &Desk) -> Vec<(Keeper, String, String)> {
    let models = desk.hub().elsewhere().into_iter();
    let home = desk.path("home").display().to_string();
    let told = models.map(
        |FoundModel {
             keeper, name, path, ..
         }| { (keeper, name, path.trim_start_matches(&home).to_owned()) },
    );
    told.collect()
}

fn names(desk: &Desk) -> Vec<(Keeper, String)> {
    found(desk)
        .into_iter()
        .map(|(keeper, name, _)| (keeper, name))
        .collect()
}

#[test]
fn what_other_programs_have_is_found_and_used_in_place() {
    let desk = Desk::new();
    let home = desk.path("home");
    let ollama = home.join(".ollama/models");
    let library = "registry.ollama.ai/library/llama3.2";
    pulled(&ollama, &format!("{library}/latest"), &gguf("", 1.0));
    let blob = pulled(&ollama, &format!("{library}/3b"), &gguf("", 1.0));
    pulled(&ollama, "hf.co/owner/Some-GGUF/Q4_K_M", &gguf("B", 2.0));
    put(
        &home.join(".lmstudio/models/owner/Repo-GGUF/repo-q4.gguf"),
        gguf("C", 3.0),
    );
    put(
        &home.join(".cache/lm-studio/models/a/b/old.gguf"),
        gguf("D", 4.0),
    );
    let jan = home.join(".local/share/Jan/data/llamacpp/models");
    put(&jan.join("owner/Some_3B/model.gguf"), gguf("E", 5.0));
    put(
        &home.join(".local/share/nomic.ai/GPT4All/mini.gguf"),
        gguf("F", 6.0),
    );
    snapshot(
        &home.join(".cache/huggingface/hub"),
        "owner/tiny",
        "aaaa",
        &[("tiny.gguf", &gguf("G", 7.0))],
    );
    let expected = [
        (Keeper::HubCache, "owner/tiny · tiny"),
        (Keeper::Ollama, "hf.co/owner/Some-GGUF:Q4_K_M"),
        (Keeper::Ollama, "llama3.2:3b"),
        (Keeper::LmStudio, "old"),
        (Keeper::LmStudio, "repo-q4"),
        (Keeper::Jan, "Some_3B"),
        (Keeper::Gpt4all, "mini"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(k, n)| (*k, (*n).to_owned()))
        .collect();
    assert_eq!(names(&desk), expected);
    // Each is taken as it is told, and then no longer offered; whose it is stays known.
    let hub = desk.hub();
    for model in hub.elsewhere() {
        let entry = hub.import(Path::new(&model.path)).unwrap();
        assert_eq!((entry.state, entry.bytes), (ModelState::Ready, model.bytes));
        let installed = hub.installed();
        assert_eq!(
            installed.last().unwrap().keeper,
            model.keeper,
            "{}",
            model.name
        );
    }
    assert_eq!(hub.elsewhere(), []);
    // Ollama's has no ending and no name inside.
    let named = hub.find("llama3.2:3b").unwrap();
    assert_eq!(Path::new(&named.path), blob);
    let identity = ModelId(format!("sha256:{}", sha256(&blob)));
    eventually("hashed", || hub.current_id(&named.id) == identity);
    hub.delete(&identity, true).unwrap();
    assert!(blob.exists());
}

#[test]
fn what_is_no_model_of_text_is_not_offered() {
    let desk = Desk::new();
    let home = desk.path("home");
    let models = home.join(".lmstudio/models/owner/repo");
    let other = |architecture: &str| {
        let mut bytes = gguf("X", 1.0);
        let at = bytes.windows(5).position(|five| five == b"llama").unwrap();
        bytes[at..at + 5].copy_from_slice(architecture.as_bytes());
        bytes
    };
    put(&models.join("mmproj-model-f16.gguf"), gguf("P", 1.0));
    put(&models.join("clip.gguf"), other("clipX"));
    put(&models.join("embedding.gguf"), other("bertX"));
    put(&models.join("cut.gguf"), &gguf("T", 1.0)[..150]);
    put(&models.join("text.gguf"), "Dear all");
    put(&models.join("model-00002-of-00002.gguf"), gguf("S", 1.0));
    put(&models.join("notes.txt"), "x");
    // Links out of the folder, to a model and to a folder of models.
    let outside = desk.model("Outside", 1.0);
    std::os::unix::fs::symlink(&outside, models.join("linked.gguf")).unwrap();
    std::os::unix::fs::symlink(outside.parent().unwrap(), models.join("folder")).unwrap();
    assert_eq!(names(&desk), []);
}

#[test]
fn an_unfinished_snapshot_is_not_offered() {
    let desk = Desk::new();
    let cache = desk.path("home/.cache/huggingface/hub");
    let config: &[u8] = br#"{"model_type": "llama", "max_position_embeddings": 512}"#;
    let index = serde_json::json!({"weight_map": {
        "a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}});
    let index = index.to_string();
    let place = serde_json::json!({"dtype": "F32", "shape": [1], "data_offsets": [0, 4]});
    let shard = |tensor: &str| {
        let header = serde_json::json!({ tensor: place }).to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend([0; 4]);
        bytes
    };
    let (a, b) = (shard("a"), shard("b"));
    let whole = [
        ("config.json", config),
        ("model.safetensors.index.json", index.as_bytes()),
        ("tokenizer.json", br#"{"model": {"type": "BPE"}}"#),
        ("model-00001-of-00002.safetensors", &a),
        ("model-00002-of-00002.safetensors", &b),
    ];
    let folder = snapshot(&cache, "owner/whole", "aaaa", &whole);
    snapshot(&cache, "owner/part", "aaaa", &whole[..4]);
    let dangling = snapshot(&cache, "owner/dangling", "aaaa", &whole);
    fs::remove_file(fs::canonicalize(dangling.join(whole[4].0)).unwrap()).unwrap();
    // An older revision of what is offered already.
    let at = found(&desk);
    assert_eq!(at.len(), 1, "{at:?}");
    assert_eq!(at[0].1, "owner/whole");
    assert!(folder.ends_with(at[0].2.trim_start_matches('/')));
}

#[test]
fn hostile_manifests_lead_nowhere() {
    let desk = Desk::new();
    let root = desk.path("home/.ollama/models");
    let outside = desk.model("Outside", 1.0);
    let manifest = |digest: &str| {
        let layer = serde_json::json!({
            "mediaType": "application/vnd.ollama.image.model", "digest": digest});
        serde_json::json!({"layers": [layer]}).to_string()
    };
    let hash = "0".repeat(64);
    let names = root.join("manifests/registry.ollama.ai/library/m");
    put(
        &names.join("a"),
        manifest(&format!("sha256:../../../../{}", outside.display())),
    );
    put(&names.join("b"), manifest(&format!("sha256:{hash}")));
    put(&names.join("c"), vec![b'['; 1 << 20]);
    put(&names.join("d"), "[1, 2");
    put(&names.join("e"), r#"{"layers": 1}"#);
    put(&names.join("deeper/than/that"), manifest("sha256:00"));
    // A blob that is a link out of the store.
    fs::create_dir_all(root.join("blobs")).unwrap();
    std::os::unix::fs::symlink(&outside, root.join(format!("blobs/sha256-{hash}"))).unwrap();
    assert_eq!(found(&desk), []);
    // A name that would play with a terminal is told on one line, without it.
    pulled(
        &root,
        "registry.ollama.ai/library/\u{1b}[31mred/\u{202e}x",
        &gguf("R", 1.0),
    );
    let found = found(&desk);
    assert_eq!(found.len(), 1);
    assert!(
        !found[0].1.contains(['\u{1b}', '\u{202e}']),
        "{:?}",
        found[0].1
    );
}
