//! Models in several files: folders with safetensors, split GGUF files, and what is wrong with
//! them.
#![allow(clippy::unwrap_used)] // a test that fails, panics

mod common;

use common::{File, Shard, with_header};
use formats::{Checkpoint, describe};
use protocol::AppError;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const CONFIG: &str = r#"{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100,
    "max_position_embeddings": 2048}"#;

/// A folder with some files.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }
    fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Folder {
        fs::write(self.path(name), bytes).unwrap();
        self
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    fn open(&self) -> Result<Checkpoint, AppError> {
        Checkpoint::open(self.0.path())
    }
    /// The failure's key, and its arguments as a text.
    fn fails(&self, path: &str) -> (String, String) {
        let error = Checkpoint::open(&self.path(path)).unwrap_err();
        (error.key.clone(), error.to_string())
    }
}

fn shard(tensors: &[&str]) -> Vec<u8> {
    let all = tensors.iter();
    all.fold(Shard::default(), |shard, name| {
        shard.tensor(name, "BF16", &[2, 3])
    })
    .bytes()
}

fn index(places: &[(&str, &str)]) -> String {
    let map: serde_json::Map<_, _> = places
        .iter()
        .map(|(name, file)| ((*name).to_owned(), (*file).into()))
        .collect();
    serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map}).to_string()
}

const FIRST: &str = "model-00001-of-00002.safetensors";
const SECOND: &str = "model-00002-of-00002.safetensors";
const INDEX: &str = "model.safetensors.index.json";

fn sharded() -> Folder {
    Folder::new()
        .with("config.json", CONFIG)
        .with(FIRST, shard(&["a", "b"]))
        .with(SECOND, shard(&["c"]))
        .with(INDEX, index(&[("a", FIRST), ("b", FIRST), ("c", SECOND)]))
}

#[test]
fn a_folder_is_a_model() {
    let readme = "---\nlanguage:\n- en\nlicense: apache-2.0\n---\n# A model\nlicense: none\n";
    let folder = Folder::new()
        .with("config.json", CONFIG)
        .with("model.safetensors", shard(&["a", "b"]))
        .with(
            "tokenizer.json",
            r#"{"added_tokens": [], "model": {"type": "BPE", "vocab": {}}}"#,
        )
        .with(
            "tokenizer_config.json",
            r#"{"chat_template": "{{ messages }}"}"#,
        )
        .with("README.md", readme);
    for path in [folder.0.path(), &folder.path("model.safetensors")] {
        let model = Checkpoint::open(path).unwrap();
        assert_eq!(model.path, folder.0.path());
        assert_eq!(model.tensor("b").unwrap().shape, [2, 3]);
        let about = describe(path).unwrap();
        assert_eq!(
            (
                about.format.as_str(),
                about.architecture.as_str(),
                about.quantisation.as_str()
            ),
            ("safetensors", "llama", "BF16")
        );
        assert_eq!(
            (about.parameters, about.weight_bytes, about.files),
            (12, 24, 1)
        );
        assert_eq!((about.layers, about.hidden, about.heads), (2, 64, 4));
        assert_eq!(
            (about.kv_heads, about.head_dim, about.vocabulary),
            (2, 16, 100)
        );
        assert_eq!((about.context, about.has_chat_template), (2048, true));
        assert_eq!(about.tokenizer.as_deref(), Some("BPE"));
        assert_eq!(about.licence.as_deref(), Some("apache-2.0"));
    }
}

#[test]
fn a_folder_is_called_by_its_name_or_its_repositorys() {
    let within = tempfile::tempdir().unwrap();
    let check = |folder: &str, name: &str| {
        let path = within.path().join(folder);
        fs::create_dir_all(&path).unwrap();
        let config = r#"{"model_type": "llama", "_name_or_path": "base/model"}"#;
        fs::write(path.join("config.json"), config).unwrap();
        fs::write(path.join("model.safetensors"), shard(&["a"])).unwrap();
        for path in [path.clone(), path.join(".")] {
            assert_eq!(describe(&path).unwrap().name, name);
        }
    };
    check("Mistral-7B-v0.1", "Mistral-7B-v0.1");
    check("models--allenai--OLMo-2/snapshots/0123abcd", "OLMo-2");
}

#[test]
fn older_families_name_their_sizes_differently() {
    let check = |config: &str, sizes: [u32; 5]| {
        let folder = Folder::new()
            .with("config.json", config)
            .with("model.safetensors", shard(&["a"]));
        let it = describe(folder.0.path()).unwrap();
        let found = [it.layers, it.hidden, it.heads, it.kv_heads, it.head_dim];
        assert_eq!(found, sizes, "{config}");
    };
    check(
        r#"{"model_type": "RefinedWebModel", "n_layer": 32, "hidden_size": 4544, "n_head": 71,
            "multi_query": true}"#,
        [32, 4544, 71, 1, 64],
    );
    check(
        r#"{"model_type": "RefinedWeb", "n_layer": 60, "hidden_size": 8192, "n_head": 128,
            "n_head_kv": 8}"#,
        [60, 8192, 128, 8, 64],
    );
    check(
        r#"{"model_type": "falcon", "num_hidden_layers": 32, "hidden_size": 4544,
            "num_attention_heads": 71, "num_kv_heads": 71, "multi_query": true,
            "new_decoder_architecture": false}"#,
        [32, 4544, 71, 1, 64],
    );
    check(
        r#"{"model_type": "falcon", "num_hidden_layers": 60, "hidden_size": 8192,
            "num_attention_heads": 128, "num_kv_heads": 8, "multi_query": true,
            "new_decoder_architecture": true}"#,
        [60, 8192, 128, 8, 64],
    );
    check(
        r#"{"model_type": "olmo", "n_layers": 32, "d_model": 4096, "n_heads": 32,
            "multi_query_attention": false}"#,
        [32, 4096, 32, 32, 128],
    );
    check(
        r#"{"model_type": "gemma3", "text_config": {"num_hidden_layers": 26, "head_dim": 256,
            "hidden_size": 1152, "num_attention_heads": 4, "num_key_value_heads": 1}}"#,
        [26, 1152, 4, 1, 256],
    );
}

#[test]
fn shards_are_one_model() {
    let folder = sharded();
    for path in ["", FIRST, SECOND] {
        let model = Checkpoint::open(&folder.path(path)).unwrap();
        assert_eq!(model.path.components().as_path(), folder.0.path(), "{path}");
        assert_eq!((model.files.len(), model.tensors.len()), (2, 3), "{path}");
        assert_eq!(model.tensor("c").unwrap().part, 1);
    }
    // Without their list, by their names.
    fs::remove_file(folder.path(INDEX)).unwrap();
    assert_eq!(folder.open().unwrap().tensors.len(), 3);
    fs::remove_file(folder.path(FIRST)).unwrap();
    for path in ["", SECOND] {
        let (key, said) = folder.fails(path);
        assert_eq!(key, "weights-missing");
        assert!(said.contains(FIRST), "{said}");
    }
}

#[test]
fn a_list_that_is_wrong_is_told_before_anything_is_loaded() {
    let check = |places: &[(&str, &str)], key: &str, names: &str| {
        let folder = sharded().with(INDEX, index(places));
        let (found, said) = folder.fails("");
        assert_eq!(found, key, "{places:?}");
        assert!(said.contains(names), "{said}");
    };
    check(
        &[("a", "model-00003-of-00003.safetensors")],
        "weights-missing",
        "model-00003-of",
    );
    check(&[("a", FIRST), ("x", SECOND)], "index-disagrees", "\"x\"");
    check(
        &[("a", FIRST), ("c", FIRST), ("b", SECOND)],
        "index-disagrees",
        "\"b\"",
    );
    check(&[("a", FIRST), ("c", FIRST)], "index-disagrees", "\"c\"");
    check(&[], "metadata-damaged", INDEX);
    check(&[("a", "../model.safetensors")], "metadata-damaged", INDEX);
    check(&[("a", "/etc/passwd")], "metadata-damaged", INDEX);
    check(&[("a", "config.json")], "metadata-damaged", INDEX);
    for text in [
        "",
        "[]",
        "{\"weight_map\": 1}",
        "{\"weight_map\": {\"a\": 1}}",
    ] {
        let folder = sharded().with(INDEX, text);
        assert_eq!(folder.fails("").0, "metadata-damaged", "{text}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        sharded().with("config.json", deep).fails("").0,
        "metadata-damaged"
    );
    let twice = sharded().with(SECOND, shard(&["c", "a"]));
    assert_eq!(twice.fails("").0, "model-damaged");
    let cut = sharded().with(SECOND, &shard(&["c"])[..70]);
    assert_eq!(cut.fails("").0, "model-truncated");
}

#[test]
fn a_safetensors_header_does_not_lie() {
    let place = |from: u64, to: u64| {
        format!(r#"{{"dtype":"F32","shape":[2],"data_offsets":[{from},{to}]}}"#)
    };
    let check = |header: &str, data: usize, key: &str| {
        let bytes = with_header(header, &vec![7; data]);
        let found = formats::safetensors::read(
            Path::new("model.safetensors"),
            &bytes[..],
            bytes.len() as u64,
            0,
        );
        assert_eq!(
            found
                .map_err(|error| error.key)
                .err()
                .as_deref()
                .unwrap_or("none"),
            key,
            "{header}"
        );
    };
    let one = |place: &str| format!(r#"{{"a":{place}}}"#);
    let two = |a: &str, b: &str| format!(r#"{{"a":{a},"b":{b}}}"#);
    check(&one(&place(0, 8)), 8, "none");
    check(&format!("{}   ", one(&place(0, 8))), 8, "none");
    check(&two(&place(8, 16), &place(0, 8)), 16, "none");
    check(r#"{"__metadata__":{"format":"pt"}}"#, 0, "none");
    check(
        r#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#,
        4,
        "none",
    );
    check(
        r#"{"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]}}"#,
        0,
        "none",
    );
    // Two in one place, holes, and what nobody names.
    check(&two(&place(0, 8), &place(0, 8)), 8, "model-damaged");
    check(&two(&place(0, 8), &place(4, 12)), 12, "model-damaged");
    check(&two(&place(0, 8), &place(12, 20)), 20, "model-damaged");
    check(&one(&place(8, 16)), 16, "model-damaged");
    check(&one(&place(0, 8)), 12, "model-damaged");
    // Beyond the file.
    check(&one(&place(0, 8)), 4, "model-truncated");
    check(&one(&place(u64::MAX - 7, u64::MAX)), 8, "model-damaged");
    check(&one(&place(8, 0)), 8, "model-damaged");
    // Sizes that are not those of the type.
    check(&one(&place(0, 4)), 4, "model-damaged");
    check(
        r#"{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,16]}}"#,
        16,
        "model-damaged",
    );
    let vast = r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#;
    check(vast, 0, "model-damaged");
    check(
        r#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#,
        4,
        "unknown-type",
    );
    // Other JSON than the format's.
    check(
        r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        4,
        "model-damaged",
    );
    check(
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
        4,
        "model-damaged",
    );
    check(
        r#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#,
        4,
        "model-damaged",
    );
    let twice = format!(r#"{{"a":{},"a":{}}}"#, place(0, 8), place(8, 16));
    check(&twice, 16, "model-damaged");
    check(r#"{"__metadata__":{"a":{"b":1}}}"#, 0, "model-damaged");
    check(
        &format!(r#"{{"a":{}"#, "[".repeat(100_000)),
        0,
        "model-damaged",
    );
    check(&format!("{}x", one(&place(0, 8))), 8, "model-damaged");
    check("{", 0, "model-damaged");
    check("[]", 0, "not-a-model");
    let open = |bytes: &[u8]| {
        formats::safetensors::read(Path::new("m"), bytes, bytes.len() as u64, 0)
            .unwrap_err()
            .key
    };
    assert_eq!(open(b""), "model-truncated");
    assert_eq!(open(b"\x02\0\0\0"), "model-truncated");
    assert_eq!(open(b"\xff\0\0\0\0\0\0\0{}"), "model-truncated");
    assert_eq!(open(b"\xff\xff\xff\xff\xff\xff\xff\xff{}"), "model-damaged");
}

#[test]
fn what_is_no_model_says_what_it_is() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let whole = || Folder::new().with("config.json", CONFIG);
    let check = |folder: Folder, path: &str, key: &str| {
        assert_eq!(folder.fails(path).0, key, "{path}");
    };
    check(Folder::new(), "", "config-missing");
    check(Folder::new(), "none", "file-not-found");
    check(whole(), "", "weights-missing");
    check(
        Folder::new().with("model.safetensors", shard(&["a"])),
        "",
        "config-missing",
    );
    check(
        whole().with("model.safetensors", pointer),
        "",
        "pointer-only",
    );
    check(
        whole().with("model.safetensors", pointer),
        "model.safetensors",
        "pointer-only",
    );
    check(
        Folder::new().with("a.gguf", pointer),
        "a.gguf",
        "pointer-only",
    );
    check(
        Folder::new().with("config.json", pointer),
        "",
        "weights-missing",
    );
    let both = Folder::new()
        .with("config.json", pointer)
        .with("model.safetensors", shard(&["a"]));
    check(both, "", "pointer-only");
    check(
        Folder::new().with("a.gguf", "<!DOCTYPE html><html>"),
        "a.gguf",
        "web-page",
    );
    check(
        Folder::new().with("a.gguf", "Dear all"),
        "a.gguf",
        "not-a-model",
    );
    check(Folder::new().with("a.gguf", ""), "a.gguf", "not-a-model");
    // Pickles, by their bytes and by their names, and other things that bear such names.
    for name in [
        "pytorch_model.bin",
        "consolidated.00.pth",
        "model.pt",
        "model.ckpt",
    ] {
        for bytes in [
            &b"PK\x03\x04....."[..],
            b"\x80\x02}q\0",
            b"anything else",
            b"",
        ] {
            check(whole().with(name, bytes), "", "unsafe-format");
            check(whole().with(name, bytes), name, "unsafe-format");
            check(Folder::new().with(name, bytes), "", "unsafe-format");
        }
    }
    check(
        whole().with("pytorch_model.bin.index.json", "{}"),
        "",
        "unsafe-format",
    );
    check(
        whole().with("training_args.bin", "x"),
        "",
        "weights-missing",
    );
    check(
        Folder::new().with("a.safetensors", b"PK\x03\x04....."),
        "a.safetensors",
        "unsafe-format",
    );
    let consolidated = || {
        whole().with(
            "consolidated.safetensors",
            shard(&["tok_embeddings.weight"]),
        )
    };
    check(consolidated(), "", "foreign-layout");
    check(consolidated(), "consolidated.safetensors", "foreign-layout");
    let raw = Folder::new()
        .with("consolidated.safetensors", shard(&["a"]))
        .with("params.json", "{}");
    check(raw, "", "foreign-layout");
    let complete = consolidated().with("model.safetensors", shard(&["a"]));
    assert!(complete.open().unwrap().tensor("a").is_some());
    let safe = whole()
        .with("pytorch_model.bin", "x")
        .with("model.safetensors", shard(&["a"]));
    assert!(safe.open().is_ok());
    let renamed = File::new(3, 0, 0).data(0);
    let folder = Folder::new().with("model.bin", &renamed.0);
    assert!(Checkpoint::open(&folder.path("model.bin")).is_ok());
}

#[test]
fn a_folder_with_gguf_files_is_the_model_in_it() {
    let one = || {
        Folder::new()
            .with("config.json", CONFIG)
            .with("a.gguf", &whole("A").0)
    };
    let model = one().with("mmproj-a.gguf", "x").open().unwrap();
    assert_eq!(model.name(), "A");
    assert!(model.path.ends_with("a.gguf"));
    let (key, said) = one().with("b.gguf", &whole("B").0).fails("");
    assert_eq!(key, "several-models");
    assert!(said.contains("a.gguf, b.gguf"), "{said}");
}

/// A small whole GGUF file.
fn whole(name: &str) -> File {
    File::new(3, 1, 2)
        .text_key("general.architecture", "llama")
        .text_key("general.name", name)
        .tensor("a", &[8], 0, 0)
        .data(32)
}

/// A part of a split GGUF file with one tensor.
fn part(number: u32, count: u32, tensors: u32, tensor: &str, more: &[(&str, &str)]) -> File {
    let mut file = File::new(3, 1, 3 + more.len() as u64);
    for (key, text) in more {
        file = file.text_key(key, text);
    }
    file.key("split.no", 2)
        .bytes(&(number as u16).to_le_bytes())
        .key("split.count", 2)
        .bytes(&(count as u16).to_le_bytes())
        .key("split.tensors.count", 5)
        .u32(tensors)
        .tensor(tensor, &[8], 0, 0)
        .data(32)
}

const LLAMA: [(&str, &str); 2] = [("general.architecture", "llama"), ("general.name", "Split")];

fn named(number: u32) -> String {
    format!("m-{number:05}-of-00003.gguf")
}

fn split() -> Folder {
    Folder::new()
        .with(&named(1), &part(0, 3, 3, "a", &LLAMA).0)
        .with(&named(2), &part(1, 3, 3, "b", &[]).0)
        .with(&named(3), &part(2, 3, 3, "c", &[]).0)
}

#[test]
fn any_part_of_a_split_model_opens_all() {
    let folder = split();
    for path in ["", &named(1), &named(2), &named(3)] {
        let model = Checkpoint::open(&folder.path(path)).unwrap();
        assert_eq!(model.path, folder.path(&named(1)), "{path}");
        assert_eq!(model.architecture().unwrap(), "llama");
        assert_eq!(model.files.len(), 3);
        let parts = ["a", "b", "c"].map(|name| model.tensor(name).unwrap().part);
        assert_eq!(parts, [0, 1, 2]);
    }
    assert_eq!(describe(&folder.path(&named(2))).unwrap().files, 3);
}

#[test]
fn parts_that_do_not_belong_together_are_told() {
    let check = |folder: Folder, keys: [&str; 3]| {
        for (number, key) in (1..).zip(keys) {
            assert_eq!(folder.fails(&named(number)).0, key, "{number}");
        }
    };
    let folder = split();
    fs::remove_file(folder.path(&named(2))).unwrap();
    let (key, said) = folder.fails(&named(3));
    assert_eq!(key, "weights-missing");
    assert!(said.contains(&named(2)), "{said}");
    let folder = split();
    fs::remove_file(folder.path(&named(1))).unwrap();
    for path in ["", &named(2)] {
        let (key, said) = folder.fails(path);
        assert!(
            key == "weights-missing" && said.contains(&named(1)),
            "{said}"
        );
    }
    let foreign = ["part-foreign"; 3];
    // A copy of one part under another's name, parts of other models, another count.
    check(split().with(&named(3), &part(1, 3, 3, "b", &[]).0), foreign);
    check(split().with(&named(2), &part(1, 3, 4, "b", &[]).0), foreign);
    check(split().with(&named(2), &part(1, 2, 3, "b", &[]).0), foreign);
    let whole = split().with(&named(2), &whole("Other").0);
    assert_eq!(whole.fails(&named(1)).0, "part-foreign");
    // By itself it is a model, whatever it is called.
    assert!(Checkpoint::open(&whole.path(&named(2))).is_ok());
    let other = [("general.architecture", "qwen2")];
    check(
        split().with(&named(2), &part(1, 3, 3, "b", &other).0),
        foreign,
    );
    // The same tensor twice, and fewer or more than promised.
    check(
        split().with(&named(3), &part(2, 3, 3, "b", &[]).0),
        ["model-damaged"; 3],
    );
    let four = Folder::new()
        .with(&named(1), &part(0, 3, 4, "a", &LLAMA).0)
        .with(&named(2), &part(1, 3, 4, "b", &[]).0)
        .with(&named(3), &part(2, 3, 4, "c", &[]).0);
    check(four, ["model-damaged"; 3]);
    // A name that does not say which part it is.
    let renamed = Folder::new().with("m.gguf", &part(0, 3, 3, "a", &LLAMA).0);
    let (key, said) = renamed.fails("m.gguf");
    assert_eq!(key, "part-misnamed");
    assert!(said.contains("m-00001-of-00003.gguf"), "{said}");
    let absurd = Folder::new().with("m.gguf", &part(9, 3, 3, "a", &LLAMA).0);
    assert_eq!(absurd.fails("m.gguf").0, "model-damaged");
    let many = Folder::new().with("m.gguf", &part(0, 60_000, 3, "a", &LLAMA).0);
    assert_eq!(many.fails("m.gguf").0, "model-damaged");
    // One part is no split.
    let one = Folder::new().with("m.gguf", &part(0, 1, 1, "a", &LLAMA).0);
    assert!(Checkpoint::open(&one.path("m.gguf")).is_ok());
}
