//! Tiny model files, and waiting.
#![allow(dead_code)] // each test uses some of it

use hub::{Hub, Places};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder with a library in it.
pub struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        Desk { folder }
    }

    pub fn places(&self) -> Places {
        Places::under(&self.folder.path().join("home"))
    }

    pub fn hub(&self) -> Hub {
        Hub::open(&self.places()).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        std::fs::canonicalize(self.folder.path())
            .unwrap()
            .join(name)
    }

    /// A model file named `name` inside and outside; `weight` tells weights apart.
    pub fn model(&self, name: &str, weight: f32) -> PathBuf {
        let path = self.path(&format!("{name}.gguf"));
        std::fs::write(&path, gguf(name, weight)).unwrap();
        path
    }
}

/// A GGUF of architecture `llama` with one tensor of 32 numbers.
pub fn gguf(name: &str, weight: f32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    bytes.extend(b"GGUF");
    bytes.extend(3u32.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(3u64.to_le_bytes());
    for (key, value) in [("general.architecture", "llama"), ("general.name", name)] {
        text(&mut bytes, key);
        bytes.extend(8u32.to_le_bytes());
        text(&mut bytes, value);
    }
    text(&mut bytes, "llama.context_length");
    bytes.extend(4u32.to_le_bytes());
    bytes.extend(2048u32.to_le_bytes());
    text(&mut bytes, "output.weight");
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(32u64.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.resize(bytes.len().next_multiple_of(32), 0);
    for _ in 0..32 {
        bytes.extend(weight.to_le_bytes());
    }
    bytes
}

/// A safetensors file with one tensor of four numbers.
pub fn shard(tensor: &str, byte: u8) -> Vec<u8> {
    let place = serde_json::json!({"dtype": "F32", "shape": [4], "data_offsets": [0, 16]});
    let header = serde_json::json!({ tensor: place }).to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([byte; 16]);
    bytes
}

/// The files of a model in two of safetensors.
pub fn folder() -> Vec<(&'static str, Vec<u8>)> {
    let (first, second) = (
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    );
    let index = serde_json::json!({"weight_map": {"a": first, "b": second}});
    let config = r#"{"model_type": "llama", "max_position_embeddings": 512}"#;
    vec![
        (first, shard("a", 1)),
        (second, shard("b", 2)),
        ("model.safetensors.index.json", index.to_string().into()),
        ("config.json", config.into()),
        ("tokenizer_config.json", "{}".into()),
        ("tokenizer.json", r#"{"model": {"type": "BPE"}}"#.into()),
    ]
}

/// Waits until something is so; for minutes, since other tests may have the machine.
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(180), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The sha256 of a file, by another program's word where one is at hand.
pub fn sha256(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(std::fs::read(path).unwrap());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A snapshot of the hub's layout below `cache`: `refs/main`, blobs by their hashes, and links.
pub fn snapshot(cache: &Path, repo: &str, revision: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = cache.join(format!("models--{}", repo.replace('/', "--")));
    let snapshot = folder.join("snapshots").join(revision);
    for below in ["blobs", "refs"] {
        std::fs::create_dir_all(folder.join(below)).unwrap();
    }
    std::fs::write(folder.join("refs/main"), revision).unwrap();
    for (name, bytes) in files {
        let link = snapshot.join(name);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let part = folder.join("blobs/new");
        std::fs::write(&part, bytes).unwrap();
        let hash = sha256(&part);
        std::fs::rename(&part, folder.join("blobs").join(&hash)).unwrap();
        let ups = "../".repeat(1 + Path::new(name).components().count());
        std::os::unix::fs::symlink(format!("{ups}blobs/{hash}"), link).unwrap();
    }
    snapshot
}

/// Every file, link and folder below a folder, by its path in it.
pub fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if entry.file_type().unwrap().is_dir() {
                found.push(format!("{name}/"));
                folders.push(path);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}
