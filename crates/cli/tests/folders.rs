//! The real program on a folder with safetensors: a tiny model of the goldens, with other weights.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Numbers that are small, differ, and are the same each time.
fn numbers(name: &str, count: usize, around: f32) -> Vec<u8> {
    let mut state = name.bytes().fold(7u32, |state, byte| {
        state.wrapping_mul(31).wrapping_add(byte.into())
    });
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        around + (state >> 8) as f32 / (1 << 24) as f32 / 8.0 - 1.0 / 16.0
    };
    (0..count).flat_map(|_| next().to_le_bytes()).collect()
}

/// Writes a safetensors file with these tensors.
fn shard(path: &Path, tensors: &[(String, Vec<usize>, f32)]) {
    let (mut places, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, shape, around) in tensors {
        let from = data.len();
        data.extend(numbers(name, shape.iter().product(), *around));
        let place = json!({"dtype": "F32", "shape": shape, "data_offsets": [from, data.len()]});
        places.insert(name.clone(), place);
    }
    let header = Value::Object(places).to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    fs::write(path, bytes).unwrap();
}

/// The folder of a golden row's model, in two shards with their list.
fn model(folder: &Path, row: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/families");
    let row = fs::read(golden.join("rows").join(row)).unwrap();
    let row: Value = serde_json::from_slice(&row).unwrap();
    let layers = row["config"]["num_hidden_layers"].as_u64().unwrap();
    let mut tensors = Vec::new();
    for tensor in row["tensors"].as_array().unwrap() {
        let pattern = tensor[0].as_str().unwrap();
        let shape: Vec<usize> = serde_json::from_value(tensor[1].clone()).unwrap();
        let around = tensor[2].as_f64().unwrap() as f32;
        let each = if pattern.contains("{}") { layers } else { 1 };
        for layer in 0..each {
            let name = pattern.replace("{}", &layer.to_string());
            tensors.push((name, shape.clone(), around));
        }
    }
    fs::create_dir(folder).unwrap();
    let mut map = serde_json::Map::new();
    for (at, tensors) in tensors.chunks(tensors.len().div_ceil(2)).enumerate() {
        let name = format!("model-{:05}-of-00002.safetensors", at + 1);
        shard(&folder.join(&name), tensors);
        map.extend(
            tensors
                .iter()
                .map(|(tensor, ..)| (tensor.clone(), name.clone().into())),
        );
    }
    let index = json!({"metadata": {}, "weight_map": map});
    fs::write(
        folder.join("model.safetensors.index.json"),
        index.to_string(),
    )
    .unwrap();
    fs::write(folder.join("config.json"), row["config"].to_string()).unwrap();
    let tokenizer = golden
        .join("tokenizers")
        .join(row["tokenizer"].as_str().unwrap());
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        fs::copy(tokenizer.join(name), folder.join(name)).unwrap();
    }
    let template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";
    fs::write(folder.join("chat_template.jinja"), template).unwrap();
}

struct Person(tempfile::TempDir);

impl Person {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the program writes, run in the person's folder.
    fn said(&self, words: &[&str], input: &str) -> String {
        self.said_with(words, input, None)
    }

    /// The same where models may use no more than so many bytes.
    fn said_with(&self, words: &[&str], input: &str, memory: Option<u64>) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parley"));
        command
            .args(words)
            .current_dir(self.0.path())
            .env("PARLEY_HOME", self.path("home"))
            .env("PARLEY_STARTER", self.path("none"))
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(bytes) = memory {
            command.env("PARLEY_MEMORY_BYTES", bytes.to_string());
        }
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.said(words, "")).unwrap()
    }
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn every_command_takes_a_folder() {
    let person = Person(tempfile::tempdir().unwrap());
    model(&person.path("Tiny"), "mistral-window.json");

    let facts = person.json(&["inspect", "Tiny", "--json"]);
    assert_eq!(facts["format"], "safetensors");
    assert_eq!(facts["architecture"], "mistral");
    assert_eq!(facts["files"], 2);
    assert_eq!(facts["window_from"], "file");
    assert!(facts["window"].is_u64(), "{facts}");
    assert_eq!(facts["has_chat_template"], true);

    let shard = "Tiny/model-00002-of-00002.safetensors";
    for path in ["Tiny", shard] {
        let added = person.json(&["import", path, "--json"]);
        assert!(added["path"].as_str().unwrap().ends_with("Tiny"), "{added}");
    }
    let models = person.json(&["list", "--json"]);
    assert_eq!(models.as_array().unwrap().len(), 1, "{models}");

    let text = "the cat and 7 dogs\n";
    let ids = person.said(&["tokenize", "Tiny"], text);
    assert_eq!(person.said(&["tokenize", "Tiny", "--decode"], &ids), text);

    fs::write(
        person.path("messages.json"),
        r#"[{"role": "user", "content": "Hi"}]"#,
    )
    .unwrap();
    let prompt = person.said(&["render", "Tiny", "messages.json"], "");
    assert_eq!(prompt, "user: Hi\n");

    fs::write(person.path("ids.json"), "[1, 9, 17, 33]").unwrap();
    let rows = person.said(&["logits", "Tiny", "ids.json", "--top", "3"], "");
    assert_eq!(rows.lines().count(), 4, "{rows}");

    let run = [
        "bench",
        "Tiny",
        "--prefill",
        "8",
        "--decode",
        "4",
        "--runs",
        "1",
        "--json",
    ];
    let report = person.json(&run);
    assert_eq!(
        (&report["decode"], &report["depth"]),
        (&4.into(), &8.into())
    );
    assert_eq!(report["measures"][3]["what"], "decode", "{report}");

    let talk = [
        "chat",
        "--model",
        "Tiny",
        "--once",
        "Hi",
        "--max-tokens",
        "4",
        "--json",
    ];
    let answer = person.said(&talk, "");
    assert!(!answer.trim().is_empty());
    fs::remove_file(person.path("Tiny/config.json")).unwrap();
    let models = person.json(&["list", "--json"]);
    assert_eq!(models[0]["state"]["error"]["key"], "model-gone", "{models}");
}

#[test]
fn a_peer_that_is_not_installed_is_told_with_the_command_for_it() {
    let person = Person(tempfile::tempdir().unwrap());
    model(&person.path("Tiny"), "mistral-window.json");
    for (language, sentence) in [
        ("en", "llama.cpp is not installed"),
        ("zh-Hans", "没有安装 llama.cpp"),
        ("zh-Hant", "沒有安裝 llama.cpp"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_parley"))
            .args([
                "bench",
                "Tiny",
                "--against",
                "llama.cpp",
                "--language",
                language,
            ])
            .current_dir(person.0.path())
            .env("PARLEY_HOME", person.path("home"))
            .env("PATH", person.path("nothing"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(sentence), "{said}");
        assert!(
            said.contains("npm install --ignore-scripts node-llama-cpp@"),
            "{said}"
        );
    }
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn weights_are_made_smaller_where_asked_or_where_memory_is_short() {
    let person = Person(tempfile::tempdir().unwrap());
    model(&person.path("Tiny"), "llama.json");
    let needed = person.json(&["import", "Tiny", "--json"])["memory"].as_u64();
    let needed = needed.unwrap();
    let kept = || {
        let files = fs::read_dir(person.path("home/cache/weights"));
        let names = files.into_iter().flatten().flatten();
        let mut names: Vec<String> = names
            .map(|file| file.file_name().into_string().unwrap())
            .filter_map(|name| Some(name.strip_suffix(".gguf")?.split_once('-')?.1.to_owned()))
            .collect();
        names.sort();
        names
    };
    let bench = "bench Tiny --prefill 4 --decode 2 --runs 1 --json";
    let cases: [(u64, &str, Value, &[&str]); 4] = [
        (needed, "", Value::Null, &[]),
        (needed - 1, "", "Q8_0".into(), &["Q8_0"]),
        (needed, "--quantise q4_k", "Q4_K".into(), &["Q4_K", "Q8_0"]),
        (needed - 1, "", "Q8_0".into(), &["Q4_K", "Q8_0"]),
    ];
    for (memory, asked, expected, files) in cases {
        let words: Vec<&str> = bench
            .split(' ')
            .chain(asked.split_terminator(' '))
            .collect();
        let run = person.said_with(&words, "", Some(memory));
        let run: Value = serde_json::from_str(&run).unwrap();
        assert_eq!(run["quantised"], expected, "{memory} {asked}: {run}");
        assert_eq!(kept(), files, "{memory} {asked}");
    }
    let chat = "chat --once Hi --model Tiny --quantise Q6_K --max-tokens 2 --json";
    let answer = person.json(&chat.split(' ').collect::<Vec<_>>());
    assert_eq!(
        answer["receipt"]["model"]["quantisation"], "Q6_K",
        "{answer}"
    );
}
