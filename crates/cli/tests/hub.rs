//! The real program against a hub on loopback: fetching, and keeping what came.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

#[path = "../../hub/tests/hub_server/mod.rs"]
mod hub_server;

use hub_server::{HubServer, Repository};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A person at a machine with nothing on it, whose hub is on loopback.
struct Person {
    folder: tempfile::TempDir,
    endpoint: String,
}

impl Person {
    fn of(hub: &HubServer) -> Person {
        Person {
            folder: tempfile::tempdir().unwrap(),
            endpoint: hub.endpoint(),
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
            .env("PARLEY_STARTER", self.path("no-starter"))
            .env("HOME", self.folder.path())
            .env("HF_HOME", self.path("hf"))
            .env("HF_ENDPOINT", &self.endpoint)
            .env("NO_PROXY", "127.0.0.1")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in ["HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE"] {
            command.env_remove(name);
        }
        command
    }

    /// The exit code, and what was written to standard output and to standard error.
    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// The JSON that a command ends well with, each line one.
    fn lines(&self, words: &[&str]) -> Vec<Value> {
        let (code, out, err) = self.run(words);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{words:?}: {out}");
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What checking found, without the lines that tell how far it is.
    fn checked(&self) -> Vec<Value> {
        let mut lines = self.lines(&["verify", "--json"]);
        assert!(lines.iter().any(|line| line["state"] == "running"));
        lines.retain(|line| line["state"] == "done");
        lines
    }

    fn listed(&self) -> Vec<Value> {
        let listed = self.lines(&["list", "--json"]);
        listed[0].as_array().unwrap().clone()
    }
}

/// A model file without tensors, and `more` bytes behind its header.
fn gguf(name: &str, more: usize) -> Vec<u8> {
    let mut bytes = b"GGUF\x03\0\0\0".to_vec();
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(2u64.to_le_bytes());
    for (key, value) in [("general.architecture", "llama"), ("general.name", name)] {
        bytes.extend((key.len() as u64).to_le_bytes());
        bytes.extend(key.as_bytes());
        bytes.extend(8u32.to_le_bytes());
        bytes.extend((value.len() as u64).to_le_bytes());
        bytes.extend(value.as_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(32), 0);
    bytes.extend((0..more).map(|at| (at / 7) as u8));
    bytes
}

#[test]
fn what_is_pulled_is_listed_checked_moved_and_deleted() {
    let hub = HubServer::start();
    let two = Repository::new("maker/two")
        .with("a-Q4_0.gguf", gguf("First", 200_000))
        .with("b-Q8_0.gguf", gguf("Second", 300_000));
    hub.put(two);
    hub.put(Repository::new("maker/lone").with("lone.gguf", gguf("Lone", 1000)));
    let person = Person::of(&hub);

    let told = person.lines(&["pull", "maker/two:b-Q8_0.gguf", "--json"]);
    let done = told.last().unwrap();
    assert_eq!(done["state"]["state"], "done");
    assert_eq!(done["repository"], "maker/two");
    assert_eq!(done["files"], serde_json::json!(["b-Q8_0.gguf"]));
    assert_eq!(done["bytes_done"], done["bytes_total"]);
    assert_eq!(hub.bytes_sent("a-Q4_0.gguf"), 0);
    let (code, out, _) = person.run(&["pull", "maker/lone"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("Lone\n"), "{out}");

    let listed = person.listed();
    let facts = |model: &Value| {
        let source = &model["source"];
        (
            model["name"].as_str().unwrap().to_owned(),
            source["repo"].as_str().unwrap().to_owned(),
            source["file"].as_str().unwrap().to_owned(),
        )
    };
    let mut known: Vec<_> = listed.iter().map(facts).collect();
    known.sort();
    let row = |name: &str, repo: &str, file: &str| (name.into(), repo.into(), file.into());
    let lone = known[0].2.clone();
    assert_eq!(
        known,
        [
            row("Lone", "maker/lone", &lone),
            row("Second", "maker/two", "b-Q8_0.gguf"),
        ]
    );
    for model in &listed {
        assert!(Path::new(model["path"].as_str().unwrap()).exists());
        assert_eq!(model["conversations"], 0);
        assert_eq!(model["keeper"], "hub_cache");
    }

    let (_, out, _) = person.run(&["list"]);
    assert_eq!(out.matches("the hub’s folder").count(), 2, "{out}");

    let checked = person.checked();
    assert_eq!(checked.len(), 2);
    assert!(checked.iter().all(|checked| checked["error"].is_null()));

    let moved = person.lines(&["mv", "elsewhere", "--json"]);
    let elsewhere = std::fs::canonicalize(person.path("elsewhere")).unwrap();
    let done = serde_json::json!({ "state": "done", "path": elsewhere });
    assert_eq!(moved.last(), Some(&done));
    assert!(moved[0]["bytes_done"].is_u64() && moved[0]["bytes_total"].is_u64());
    for model in person.listed() {
        let path = Path::new(model["path"].as_str().unwrap());
        assert!(path.exists() && path.starts_with(&elsewhere), "{path:?}");
        assert_eq!(model["keeper"], "parley");
    }

    // One byte of it is another.
    let second = person
        .listed()
        .into_iter()
        .find(|it| it["name"] == "Second");
    let path = second.unwrap()["path"].as_str().unwrap().to_owned();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[150_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (code, out, _) = person.run(&["verify", "Second", "--json"]);
    let checked: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(code, Some(1));
    assert!(checked["error"]["key"].is_string(), "{checked}");

    let (code, ..) = person.run(&["rm", "Second"]);
    assert_eq!((code, person.listed().len()), (Some(1), 2));
    let (code, out, err) = person.run(&["rm", "Second", "--yes", "--json"]);
    assert_eq!(code, Some(0), "{err}");
    let deleted: Value = serde_json::from_str(&out).unwrap();
    assert!(deleted["freed_bytes"].as_u64() > Some(0), "{deleted}");
    assert!(!Path::new(&path).exists());
    assert_eq!(person.listed().len(), 1);
    let (code, ..) = person.run(&["rm", "Second", "--yes"]);
    assert_eq!(code, Some(1));
}

#[test]
fn what_cannot_be_pulled_is_told_in_a_sentence() {
    let hub = HubServer::start();
    let mut gated = Repository::new("maker/gated").with("it.gguf", gguf("Gated", 200_000));
    gated.gated = true;
    hub.put(gated);
    hub.put(Repository::new("maker/lone").with("lone.gguf", gguf("Lone", 1000)));
    let many = Repository::new("maker/many").with("a-Q4_K_M.gguf", gguf("A", 1000));
    hub.put(many.with("a-Q8_0.gguf", gguf("B", 2000)));
    hub.set_token("hf_right");
    let person = Person::of(&hub);
    let check = |what: &str, named: &str| {
        let (code, out, err) = person.run(&["pull", what]);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{what}");
        assert!(err.contains(named), "{what}: {err}");
    };
    check("maker/none", "maker/none");
    check("maker/lone:other.gguf", "other.gguf");
    check("maker/many", "Q4_K_M, Q8_0");
    check("maker/many:Q2_K", "Q4_K_M, Q8_0");
    check("maker/gated", "maker/gated");
    check("maker/gated:it.gguf", "maker/gated");
    assert_eq!(hub.bytes_sent("it.gguf"), 0);
    assert!(person.listed().is_empty());
    let queue = person.lines(&["list", "--downloads", "--json"]);
    assert_eq!(queue, [serde_json::json!([])]);
}

/// A person whose hub nobody answers for any more.
fn alone() -> Person {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    Person {
        folder: tempfile::tempdir().unwrap(),
        endpoint,
    }
}

#[test]
fn nothing_calls_out_before_it_is_asked_to_or_writes_outside_of_its_home() {
    let hub = HubServer::start();
    let person = Person::of(&hub);
    std::fs::write(person.path("a.gguf"), gguf("A", 10)).unwrap();
    std::fs::create_dir(person.path("hf")).unwrap();
    for words in [
        &["list"][..],
        &["import", "a.gguf"],
        &["list", "--json"],
        &["inspect", "a.gguf"],
        &["verify"],
        &["doctor"],
        &["chat", "--once", "hello"],
        &["rm", "a", "--yes"],
        &["help"],
    ] {
        let mut command = person.command(words);
        // Whatever went elsewhere would be seen here too.
        for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
            command.env(proxy, &person.endpoint);
        }
        let output = command.env_remove("NO_PROXY").output().unwrap();
        assert!(output.status.code().is_some(), "{words:?}");
        assert_eq!(hub.requests(), [], "{words:?}");
    }
    let mut there: Vec<_> = std::fs::read_dir(person.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    there.sort();
    assert_eq!(there, ["a.gguf", "hf", "home"]);
    assert_eq!(std::fs::read_dir(person.path("hf")).unwrap().count(), 0);
    // What is asked for does call out.
    person.run(&["search", "a"]);
    assert_ne!(hub.requests(), []);
}

#[test]
fn the_catalogue_is_searched_without_a_network() {
    let person = alone();
    let found = person.lines(&["search", "qwen2.5", "0.5b", "--json"]);
    let models = found[0]["catalogue"].as_array().unwrap();
    let is_meant = |model: &Value| model["id"] == "Qwen/Qwen2.5-0.5B-Instruct";
    assert!(models.iter().any(is_meant));
    assert_eq!(found[0]["repositories"], serde_json::json!([]));
    assert!(found[0]["error"]["key"].is_string());
    let other = ["search", "qwen2.5", "0.5b", "--licence", "mit", "--json"];
    let (code, out, err) = person.run(&other);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("127.0.0.1"), "{err}");
}

#[test]
fn a_search_is_for_what_speaks_has_the_format_and_fits() {
    let hub = HubServer::start();
    let folder = |name| {
        Repository::new(name)
            .with("config.json", "{}")
            .with("model.safetensors", vec![0; 2000])
    };
    hub.put(Repository::new("maker/qwen-file").with("a.gguf", gguf("Tiny", 1000)));
    hub.put(folder("maker/qwen-folder"));
    let person = Person::of(&hub);
    let check = |memory: u64, words: &[&str], models: &[&str], repositories: &[&str]| {
        let mut command = person.command(&[&["search", "qwen", "--json"], words].concat());
        let output = command
            .env("PARLEY_MEMORY_BYTES", memory.to_string())
            .output();
        let found: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        let named = |list: &str, key: &str| -> Vec<String> {
            let all = found[list].as_array().unwrap().iter();
            all.map(|one| one[key].as_str().unwrap().to_owned())
                .collect()
        };
        let all = named("catalogue", "id");
        for id in models {
            let (is_meant, id) = (!id.starts_with('-'), id.trim_start_matches('-'));
            assert_eq!(
                all.iter().any(|one| one == id),
                is_meant,
                "{words:?} {memory} {id}"
            );
        }
        assert_eq!(
            named("repositories", "repository"),
            repositories,
            "{words:?}"
        );
    };
    let (file, folder) = ("maker/qwen-file", "maker/qwen-folder");
    let (small, large) = ("Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-7B-Instruct");
    check(1 << 30, &[], &[small, large], &[file, folder]);
    check(
        1 << 30,
        &["--fits"],
        &[small, "-Qwen/Qwen2.5-7B-Instruct"],
        &[file, folder],
    );
    check(1 << 40, &["--fits"], &[small, large], &[file, folder]);
    // Not even an empty model.
    check(1 << 20, &["--fits"], &["-Qwen/Qwen2.5-0.5B-Instruct"], &[]);
    check(1 << 30, &["--format", "gguf"], &[small], &[file]);
    check(1 << 30, &["--format", "safetensors"], &[small], &[folder]);
    let coder = "-Qwen/Qwen2.5-Coder-0.5B-Instruct";
    check(
        1 << 30,
        &["--speaks", "ja"],
        &[small, coder],
        &[file, folder],
    );
    check(1 << 30, &["--speaks", "zh-Hant"], &[small], &[file, folder]);
    let asked = hub.requests();
    for part in [
        "filter=gguf",
        "filter=safetensors",
        "filter=ja",
        "filter=zh&",
    ] {
        assert!(
            asked.iter().any(|(_, path, _)| path.contains(part)),
            "{part}"
        );
    }
}

#[test]
fn a_model_of_the_catalogue_is_pulled_by_its_name() {
    // Its file comes at a revision that the hub here does not have: what is asked for tells.
    let hub = HubServer::start();
    let person = Person::of(&hub);
    let (code, ..) = person.run(&["pull", "qwen2.5 0.5b instruct"]);
    assert_eq!(code, Some(1));
    let asked = hub.requests();
    let is_meant = |path: &String| path.to_lowercase().contains("qwen2.5-0.5b-instruct-gguf");
    assert!(asked.iter().any(|(_, path, _)| is_meant(path)), "{asked:?}");
    let (code, _, err) = person.run(&["pull", "nothing of that name"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("parley search nothing of that name"), "{err}");
    let (code, _, err) = person.run(&["pull", "smollm2 360m instrct"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("SmolLM2 360M Instruct"), "{err}");
}

#[test]
fn a_newer_version_is_looked_for_fetched_and_takes_the_place_of_the_old() {
    let hub = HubServer::start();
    let tiny = |name: &str| Repository::new("maker/tiny").with("tiny.gguf", gguf(name, 200_000));
    hub.put(tiny("Old"));
    let person = Person::of(&hub);
    person.lines(&["pull", "maker/tiny", "--json"]);
    let old = person.listed()[0].clone();
    assert_eq!(old["newer"], Value::Null);
    assert_eq!(old["repository"], "maker/tiny");
    let look = ["update", "Old", "--look", "--json"];
    assert_eq!(person.lines(&look)[0]["newer"], Value::Null);
    let (code, out, _) = person.run(&["update", "Old"]);
    assert_eq!(code, Some(0));
    assert_eq!(out, "Old is the newest version there is.\n");

    hub.put(tiny("New"));
    let sent = hub.bytes_sent("tiny.gguf");
    let bytes = gguf("New", 200_000).len();
    let newer = &person.lines(&look)[0]["newer"];
    assert_eq!(newer["fetch_bytes"], bytes);
    assert_eq!(&person.listed()[0]["newer"], newer);
    let (code, out, _) = person.run(&["update", "Old", "--look"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("200 kB"), "{out}");
    assert_eq!(hub.bytes_sent("tiny.gguf"), sent);
    let told = person.lines(&["update", "Old", "--json"]);
    let done = told.last().unwrap();
    assert_eq!(done["state"]["state"], "done");
    assert_eq!(done["updates"], old["id"]);
    let listed = person.listed();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["name"], "New");
    assert_eq!(listed[0]["id"], done["state"]["model"]);
    assert!(!Path::new(old["path"].as_str().unwrap()).exists());
    // By the id that the old one had, the new one is meant.
    let (code, out, _) = person.run(&["update", old["id"].as_str().unwrap()]);
    assert_eq!((code, out.contains("New is the newest")), (Some(0), true));

    let own = person.path("own.gguf");
    std::fs::write(&own, gguf("Own", 10)).unwrap();
    person.lines(&["import", "own.gguf", "--json"]);
    let (code, _, err) = person.run(&["update", "Own"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("Own did not come from the hub"), "{err}");
}

#[test]
fn what_is_to_be_fetched_is_listed() {
    let person = alone();
    assert_eq!(
        person.lines(&["list", "--downloads", "--json"])[0],
        serde_json::json!([])
    );
    let (code, ..) = person.run(&["pull", "maker/lone:lone.gguf"]);
    assert_eq!(code, Some(1));
    let queue = &person.lines(&["list", "--downloads", "--json"])[0];
    assert_eq!(queue.as_array().unwrap().len(), 1);
    let download = &queue[0];
    assert_eq!(download["repository"], "maker/lone");
    assert_eq!(download["state"]["state"], "waiting");
    assert_eq!(
        (&download["bytes_done"], &download["updates"]),
        (&0.into(), &Value::Null)
    );
    let (code, out, err) = person.run(&["list", "--downloads"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("lone\n  maker/lone@main"), "{out}");
    assert!(out.contains("waiting for its turn"), "{out}");
}

#[test]
fn what_other_programs_have_is_imported_by_number_by_name_or_all_of_it() {
    let hub = HubServer::start();
    let person = Person::of(&hub);
    for name in ["a", "b", "c"] {
        let repository = format!("maker/{name}");
        let file = format!("{name}.gguf");
        hub.put(Repository::new(&repository).with(&file, gguf(name, 100)));
        person.lines(&["pull", &repository, "--json"]);
    }
    // A Parley that knows nothing of what lies in the hub's cache.
    std::fs::rename(person.path("home"), person.path("another")).unwrap();
    let elsewhere = || {
        let found = person.lines(&["list", "--elsewhere", "--json"]);
        let found = found[0].as_array().unwrap().iter();
        let names = found.map(|model| model["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let all = elsewhere();
    assert_eq!(all.len(), 3);
    let (code, out, _) = person.run(&["list", "--elsewhere"]);
    assert_eq!(code, Some(0));
    assert!(out.contains(&format!("2. {}", all[1])), "{out}");
    let (code, _, err) = person.run(&["import", "--found", "none of them"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("none of them"), "{err}");
    person.lines(&["import", "--json", "--found", "2"]);
    assert_eq!(elsewhere(), [all[0].clone(), all[2].clone()]);
    person.lines(&["import", "--json", "--found", &all[2]]);
    assert_eq!(elsewhere(), [all[0].clone()]);
    assert_eq!(person.lines(&["import", "--found", "--json"]).len(), 1);
    assert!(elsewhere().is_empty());
    assert_eq!(person.listed().len(), 3);
    assert!(person.lines(&["import", "--found", "--json"]).is_empty());
    let (code, ..) = person.run(&["import"]);
    assert_eq!(code, Some(2));
}

#[test]
fn a_pull_without_a_network_ends() {
    let person = alone();
    let began = Instant::now();
    let (code, out, err) = person.run(&["pull", "maker/lone"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("127.0.0.1"), "{err}");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_pull_that_was_killed_goes_on() {
    let bytes = gguf("Long", 24 << 20);
    let total = bytes.len() as u64;
    let hub = HubServer::start();
    hub.put(Repository::new("maker/long").with("long.gguf", bytes));
    hub.set_speed(1 << 20);
    let person = Person::of(&hub);
    let mut child = person
        .command(&["pull", "maker/long:long.gguf"])
        .spawn()
        .unwrap();
    // What is flushed every two seconds is what can be gone on with.
    std::thread::sleep(Duration::from_secs(4));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(person.listed().is_empty());
    hub.set_speed(0);
    let done = person.lines(&["pull", "maker/long:long.gguf", "--json"]);
    assert_eq!(done.last().unwrap()["state"]["state"], "done");
    let again = hub.bytes_sent("long.gguf").saturating_sub(total);
    assert!(again < total / 2, "{again} of {total} bytes came twice");
    assert_eq!(person.listed()[0]["name"], "Long");
    assert!(person.checked()[0]["error"].is_null());
}

#[test]
fn of_two_pulls_at_once_one_missed_the_end() {
    let hub = HubServer::start();
    hub.put(Repository::new("maker/both").with("both.gguf", gguf("Both", 8 << 20)));
    hub.set_speed(3 << 20);
    let person = Person::of(&hub);
    let words = ["pull", "maker/both:both.gguf", "--json"];
    let pulls = [(); 3].map(|()| person.command(&words).spawn().unwrap());
    for pull in pulls {
        let output = pull.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}{error}");
        let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(last["state"]["state"], "done", "{said}");
    }
    assert_eq!(person.listed()[0]["name"], "Both");
}

#[test]
fn searching_says_what_there_is() {
    let hub = HubServer::start();
    hub.put(Repository::new("maker/tiny-words").with("tiny.gguf", gguf("Tiny", 1000)));
    hub.put(Repository::new("maker/other").with("other.gguf", gguf("Other", 1000)));
    let person = Person::of(&hub);
    let found = person.lines(&["search", "tiny-words", "--json"]);
    let repositories = found[0]["repositories"].as_array().unwrap();
    assert_eq!(repositories.len(), 1);
    let repository = &repositories[0];
    assert_eq!(repository["repository"], "maker/tiny-words");
    assert_eq!(repository["licence"], "apache-2.0");
    assert_eq!(repository["formats"], serde_json::json!(["gguf"]));
}
