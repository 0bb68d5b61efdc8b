//! The real program on real folders, without weights: its words, its files, its endings.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

struct Person {
    folder: tempfile::TempDir,
}

/// What a command left behind.
#[derive(Debug)]
struct Result {
    out: String,
    err: String,
    code: i32,
}

impl Person {
    fn new() -> Person {
        Person {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parley"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("PARLEY_HOME", self.path("home"))
            // Not the starter of the source tree: what has no model has none.
            .env("PARLEY_STARTER", self.path("no-starter"))
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env("LANG", "C.UTF-8");
        command
    }

    fn run(&self, words: &[&str], input: &[u8]) -> Result {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input);
        result(child.wait_with_output().unwrap())
    }

    /// Runs without input.
    fn say(&self, words: &[&str]) -> Result {
        self.run(words, b"")
    }

    /// A model file without tensors, of this architecture and name.
    fn model(&self, file: &str, architecture: &str, name: &str) -> PathBuf {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(0u64.to_le_bytes());
        bytes.extend(2u64.to_le_bytes());
        for (key, value) in [
            ("general.architecture", architecture),
            ("general.name", name),
        ] {
            bytes.extend((key.len() as u64).to_le_bytes());
            bytes.extend(key.as_bytes());
            bytes.extend(8u32.to_le_bytes());
            bytes.extend((value.len() as u64).to_le_bytes());
            bytes.extend(value.as_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        let path = self.path(file);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn result(output: Output) -> Result {
    Result {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap_or(-1),
    }
}

#[test]
fn a_model_is_imported_in_place_listed_and_inspected() {
    let person = Person::new();
    let path = person.model("tiny.gguf", "llama", "Tiny");
    let before = std::fs::read(&path).unwrap();
    let imported = person.say(&["import", "tiny.gguf"]);
    assert_eq!((imported.code, imported.err.as_str()), (0, ""));
    assert!(imported.out.starts_with("Tiny\n"), "{}", imported.out);
    let path = std::fs::canonicalize(path).unwrap();
    assert!(imported.out.contains(&path.display().to_string()));
    let listed = person.say(&["list", "--json"]);
    let models: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(models[0]["name"], "Tiny");
    assert_eq!(models[0]["path"], path.display().to_string());
    assert_eq!(models.as_array().unwrap().len(), 1);
    assert!(person.say(&["list"]).out.contains("Tiny"));
    let inspected = person.say(&["inspect", "tiny.gguf", "--json"]);
    let facts: serde_json::Value = serde_json::from_str(&inspected.out).unwrap();
    assert_eq!(
        (&facts["architecture"], &facts["format"]),
        (&"llama".into(), &"GGUF 3".into())
    );
    let words = person.say(&["inspect", "tiny.gguf", "--language", "zh-Hant"]);
    assert!(words.out.contains("架構：llama"), "{}", words.out);
    assert_eq!(
        std::fs::read(&path).unwrap(),
        before,
        "the file is not touched"
    );
}

#[test]
fn failures_are_one_sentence_on_standard_error_and_end_with_one() {
    let person = Person::new();
    std::fs::write(
        person.path("text.gguf"),
        "This is no model, only words about one.",
    )
    .unwrap();
    let mut cut = std::fs::read(person.model("cut.gguf", "llama", "Cut")).unwrap();
    cut.truncate(60);
    std::fs::write(person.path("cut.gguf"), cut).unwrap();
    let check = |words: &[&str], input: &[u8], said: &str| {
        let result = person.run(words, input);
        assert_eq!(
            (result.code, result.out.as_str()),
            (1, ""),
            "{words:?}: {result:?}"
        );
        assert!(result.err.contains(said), "{words:?}: {}", result.err);
        assert_eq!(result.err.lines().count(), 1, "{words:?}: {}", result.err);
    };
    check(&["inspect", "none.gguf"], b"", "There is no file at");
    check(
        &["inspect", "."],
        b"",
        "There are several models in the folder",
    );
    check(
        &["inspect", "text.gguf"],
        b"",
        "is not a model that Parley can read",
    );
    check(&["import", "cut.gguf"], b"", "cut.gguf");
    check(
        &["--language", "zh-Hans", "inspect", "none.gguf"],
        b"",
        "找不到文件",
    );
    check(
        &["--language=zh-Hant", "inspect", "none.gguf"],
        b"",
        "找不到檔案",
    );
    check(
        &["tokenize", "x.gguf"],
        b"abc\xff\xfe",
        "stands at position 3",
    );
    check(
        &["tokenize", "x.gguf", "--decode"],
        b"1 2 -3",
        "“-3” is not the number of a token",
    );
    check(
        &["render", "x.gguf", "none.json"],
        b"",
        "There is no file at none.json",
    );
    check(
        &["render", "x.gguf", "-"],
        b"{\"role\": 1}",
        "could not be understood",
    );
    check(
        &["logits", "x.gguf", "-"],
        b"[1, 2",
        "could not be understood",
    );
    check(
        &["chat", "--once", "Hello"],
        b"",
        "The starter model is not installed",
    );
    check(
        &["chat", "--once", "-"],
        b"caf\xe9",
        "The input is not text",
    );
    check(&["chat", "--once", " "], b"", "There is nothing to send");
    check(
        &["chat", "--once", "Hi", "--model", "nothing-like-it"],
        b"",
        "nothing-like-it",
    );
}

#[test]
fn a_failure_as_json_is_on_standard_output_too() {
    let person = Person::new();
    let result = person.say(&["chat", "--once", "Hello", "--json"]);
    assert_eq!(result.code, 1);
    let object: serde_json::Value = serde_json::from_str(&result.out).unwrap();
    assert_eq!(object["error"]["key"], "starter-missing");
    assert_eq!(object["error"]["message"], result.err.trim_end());
}

#[test]
fn what_is_not_understood_ends_with_two() {
    let person = Person::new();
    let check = |words: &[&str], said: &str| {
        let result = person.say(words);
        assert_eq!(
            (result.code, result.out.as_str()),
            (2, ""),
            "{words:?}: {result:?}"
        );
        assert!(result.err.contains(said), "{words:?}: {}", result.err);
    };
    check(&["lits"], "There is no command “lits”.");
    check(&["list", "--jsno"], "“--jsno” is not understood here.");
    check(&["inspect"], "Something is missing: <FILE>");
    check(
        &["chat", "--temperature", "hot"],
        "“hot” does not fit --temperature",
    );
    check(
        &["chat", "--temperature=-1"],
        "“-1” does not fit --temperature",
    );
    check(
        &["chat", "--seed", "9007199254740992"],
        "does not fit --seed",
    );
    check(&["chat", "--max-tokens", "0"], "does not fit --max-tokens");
    check(&["chat", "--json"], "Something is missing: --once");
    check(
        &["--language", "fr", "list"],
        "“fr” does not fit --language",
    );
    check(&["chat", "--model"], "--model");
    check(&["--language", "zh-Hans", "lits"], "没有“lits”这个命令。");
    check(&[], "Usage: parley");
}

#[test]
fn help_and_version_are_for_reading() {
    let person = Person::new();
    let check = |words: &[&str], said: &[&str]| {
        let result = person.say(words);
        assert_eq!((result.code, result.err.as_str()), (0, ""), "{words:?}");
        for said in said {
            assert!(
                result.out.contains(said),
                "{words:?} lacks {said:?}: {}",
                result.out
            );
        }
    };
    check(&["--version"], &["parley 0.1.0"]);
    check(&["--help"], &["Talk with a model", "130 after Ctrl-C"]);
    check(
        &["chat", "--help"],
        &["--once", "--max-tokens", "0 always takes the likeliest"],
    );
    check(
        &["--language", "zh-Hant", "chat", "-h"],
        &["用法：", "與模型對話"],
    );
    assert!(!person.path("home").exists(), "help makes no folders");
}

#[test]
fn chat_reads_lines_to_their_end_and_goes() {
    let person = Person::new();
    let empty = person.say(&["chat"]);
    assert_eq!((empty.code, empty.out.as_str()), (0, ""));
    assert!(
        empty.err.contains("The starter model is not installed"),
        "{}",
        empty.err
    );
    person.model("tiny.gguf", "llama", "Tiny");
    let lines = b"/model tiny.gguf\n/model\n/modle\n\xff\xfe\n/help\n/quit\nnever read\n";
    let result = person.run(&["chat"], lines);
    assert_eq!(
        (result.code, result.out.as_str()),
        (0, ""),
        "{}",
        result.err
    );
    for said in [
        "Answers come from Tiny",
        "* Tiny · 128 B",
        "There is no “/modle”",
        "position 31",
        "/new",
    ] {
        assert!(result.err.contains(said), "lacks {said:?}: {}", result.err);
    }
}

#[test]
fn a_damaged_history_is_told_and_kept() {
    let person = Person::new();
    let history = person.path("home/data/history.db");
    std::fs::create_dir_all(history.parent().unwrap()).unwrap();
    std::fs::write(&history, vec![0x5a; 8192]).unwrap();
    let result = person.say(&["chat", "--once", "Hello"]);
    assert_eq!(result.code, 1);
    assert!(
        result
            .err
            .contains("The history of your conversations is damaged"),
        "{}",
        result.err
    );
    assert_eq!(std::fs::read(&history).unwrap(), vec![0x5a; 8192]);
}

#[test]
fn a_home_that_may_not_be_written_is_told() {
    let person = Person::new();
    std::fs::write(person.path("home"), "a file where the folder should be").unwrap();
    let result = person.say(&["chat", "--once", "Hello"]);
    assert_eq!(result.code, 1);
    assert_eq!(result.err.lines().count(), 1, "{}", result.err);
    assert!(Path::new(&person.path("home")).is_file());
}

#[test]
fn the_language_is_that_of_the_system() {
    let person = Person::new();
    let mut command = person.command(&["inspect", "none.gguf"]);
    let said = result(command.env("LC_ALL", "zh_TW.UTF-8").output().unwrap());
    assert!(said.err.starts_with("找不到檔案"), "{}", said.err);
}

/// What `parley doctor --json` found of a check.
fn found(result: &Result, check: &str) -> (String, String) {
    let findings: serde_json::Value = serde_json::from_str(&result.out).unwrap();
    let finding = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["check"] == check)
        .unwrap_or_else(|| panic!("{check} is not in {}", result.out));
    let said = |name: &str| finding[name].as_str().unwrap().to_owned();
    (said("state"), said("sentence"))
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let check = |ruin: &dyn Fn(&Person), name: &str, state: &str, said: &str| {
        let person = Person::new();
        person.model("Alpha.gguf", "llama", "Alpha");
        person.say(&["import", "Alpha.gguf"]);
        ruin(&person);
        let result = person.say(&["doctor", "--json"]);
        let (found, sentence) = found(&result, name);
        assert_eq!(found, state, "{sentence}");
        assert!(sentence.contains(said), "{sentence}");
        if state == "trouble" {
            assert_eq!(result.code, 1);
        }
    };
    let data = |person: &Person| person.path("home/data");
    check(&|_| {}, "folder", "ok", "can be written");
    check(&|_| {}, "disk", "ok", "free");
    check(&|_| {}, "history", "ok", "no conversations yet");
    check(&|_| {}, "library", "ok", "1");
    check(&|_| {}, "model", "ok", "Alpha");
    check(&|_| {}, "answer", "attention", "starter model");
    check(
        &|person| std::fs::write(data(person).join("history.db"), [0xff; 8192]).unwrap(),
        "history",
        "trouble",
        "damaged",
    );
    check(
        &|person| std::fs::write(data(person).join("library.json"), "{ no").unwrap(),
        "library",
        "attention",
        "could not be read",
    );
    check(
        &|person| std::fs::remove_file(person.path("Alpha.gguf")).unwrap(),
        "model",
        "trouble",
        "is gone",
    );
    check(
        &|person| {
            std::fs::remove_dir_all(person.path("home")).unwrap();
            std::fs::write(person.path("home"), "a file").unwrap();
        },
        "folder",
        "trouble",
        "Nothing can be written",
    );
}

#[test]
fn the_doctor_speaks_every_language() {
    let person = Person::new();
    for (language, said) in [
        ("en", "Data folder: ok. "),
        ("zh-Hans", "数据文件夹：正常。"),
        ("zh-Hant", "資料存放處：正常。"),
    ] {
        let result = person.say(&["doctor", "--language", language]);
        assert!(result.out.starts_with(said), "{}", result.out);
        // No key without words.
        assert!(!result.out.contains("doctor-"), "{}", result.out);
        // There is no model at all.
        assert_eq!(result.code, 1);
    }
}

#[test]
fn a_report_can_be_had_where_the_history_is_damaged() {
    let person = Person::new();
    std::fs::create_dir_all(person.path("home/data")).unwrap();
    std::fs::write(person.path("home/data/history.db"), [0xff; 8192]).unwrap();
    let mut command = person.command(&["doctor", "--report"]);
    let home = person.path("");
    let output = command
        .env("HOME", home.to_str().unwrap().trim_end_matches('/'))
        .env("PARLEY_MEMORY_BYTES", "5000000000")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for entry in [
        "## Parley\nVersion: 0",
        "Data: ~/home/data (",
        "History: history-damaged path=\"~/home/data/history.db\"",
        "For models: 5.0 GB",
        "PARLEY_MEMORY_BYTES: 5000000000",
    ] {
        assert!(text.contains(entry), "{entry} is not in:\n{text}");
    }
    assert!(!text.contains(home.to_str().unwrap()), "{text}");
}
