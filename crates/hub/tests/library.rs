//! The library through its public face: what is in it, who it is, what becomes of it.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod support;

use hub::Prompt;
use protocol::{AppError, ModelEntry, ModelId, ModelState, Source};
use std::path::Path;
use support::{Desk, eventually, gguf, sha256};

fn unusable(entry: &ModelEntry) -> Option<&str> {
    match &entry.state {
        ModelState::Unusable { error } => Some(&error.key),
        _ => None,
    }
}

fn key<T: std::fmt::Debug>(result: Result<T, AppError>) -> String {
    result.unwrap_err().key
}

#[test]
fn a_model_is_added_where_it_lies_and_once() {
    let desk = Desk::new();
    let path = desk.model("Tiny", 1.0);
    let hub = desk.hub();
    assert_eq!(hub.models(), []);
    let entry = hub.import(&path).unwrap();
    assert_eq!(entry.name, "Tiny");
    assert_eq!(entry.architecture, "llama");
    assert_eq!(entry.context, 2048);
    assert_eq!(entry.parameters, 32);
    assert_eq!(entry.bytes, std::fs::metadata(&path).unwrap().len());
    assert_eq!(entry.path, path.to_str().unwrap());
    assert_eq!(
        entry.source,
        Source::File {
            path: entry.path.clone()
        }
    );
    assert_eq!(entry.state, ModelState::Ready);
    assert!(entry.memory > 128);
    let again = hub.import(&path.parent().unwrap().join(".").join("Tiny.gguf"));
    assert_eq!(again.unwrap().path, entry.path);
    assert_eq!(hub.models().len(), 1);
    assert_eq!(hub.path(&entry.id).unwrap(), path);
}

#[test]
fn what_is_not_a_model_is_refused() {
    let desk = Desk::new();
    let hub = desk.hub();
    let text = desk.path("letter.txt");
    std::fs::write(&text, "Dear all").unwrap();
    let short = desk.path("short.gguf");
    std::fs::write(&short, &gguf("short", 1.0)[..200]).unwrap();
    let empty = desk.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let cases: [(&Path, &str); 5] = [
        (&text, "not-a-model"),
        (&short, "model-truncated"),
        (&desk.path("none.gguf"), "file-not-found"),
        (text.parent().unwrap(), "model-truncated"),
        (&empty, "config-missing"),
    ];
    for (path, expected) in cases {
        assert_eq!(key(hub.import(path)), expected, "{}", path.display());
    }
    assert_eq!(hub.models(), []);
}

#[test]
fn the_identity_is_the_hash_once_it_is_known() {
    let desk = Desk::new();
    let path = desk.model("Tiny", 1.0);
    let hub = desk.hub();
    let mut changes = hub.changes();
    let provisional = hub.import(&path).unwrap().id;
    assert!(provisional.is_provisional(), "{provisional}");
    let identity = ModelId(format!("sha256:{}", sha256(&path)));
    eventually("hashed", || hub.models()[0].id == identity);
    assert_eq!(hub.resolve(&provisional).unwrap().id, identity);
    assert_eq!(hub.current_id(&provisional), identity);
    assert!(changes.has_changed().unwrap());
    changes.borrow_and_update();
    // It is there for the next process too, and earlier ids with it.
    let next = desk.hub();
    assert_eq!(next.resolve(&provisional).unwrap().id, identity);
    assert_eq!(next.import(&path).unwrap().id, identity);
}

#[test]
fn a_chosen_prompt_form_stays_with_its_model() {
    let desk = Desk::new();
    let hub = desk.hub();
    let id = hub.import(&desk.model("Tiny", 1.0)).unwrap().id;
    assert_eq!(hub.prompt(&id), None);
    let form = Prompt::Form {
        name: "falcon".to_owned(),
    };
    hub.set_prompt(&id, Some(form.clone())).unwrap();
    // Also under the identity that the hash gives it, and for the next process.
    eventually("the hash is known", || hub.current_id(&id) != id);
    let other = desk.hub();
    let now = other.current_id(&id);
    for (hub, id) in [(&hub, &now), (&other, &id), (&other, &now)] {
        assert_eq!(hub.prompt(id), Some(form.clone()));
    }
    let chosen = other.prompt_form(&now).unwrap();
    assert!(chosen.source.contains("Assistant:") && chosen.stops.contains(&"\nUser".to_owned()));
    other.set_prompt(&now, None).unwrap();
    assert_eq!(hub.prompt(&id), None);
    let unknown = ModelId("sha256:00".to_owned());
    assert_eq!(key(hub.set_prompt(&unknown, None)), "model-unknown");
}

#[test]
fn several_processes_share_one_index() {
    let desk = Desk::new();
    let (one, two) = (desk.hub(), desk.hub());
    let seen = two.changes();
    one.import(&desk.model("A", 1.0)).unwrap();
    assert_eq!(two.models().len(), 1);
    assert!(seen.has_changed().unwrap());
    two.import(&desk.model("B", 2.0)).unwrap();
    assert_eq!(one.models().len(), 2);
}

#[test]
fn nothing_is_lost_when_many_write_at_once() {
    let desk = Desk::new();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let desk = &desk;
            scope.spawn(move || {
                let hub = desk.hub();
                for n in 0..6 {
                    let name = format!("m{writer}{n}");
                    hub.import(&desk.model(&name, n as f32)).unwrap();
                }
            });
        }
    });
    assert_eq!(desk.hub().models().len(), 24);
}

#[test]
fn an_index_half_written_by_a_killed_process_is_no_index() {
    let desk = Desk::new();
    desk.hub().import(&desk.model("A", 1.0)).unwrap();
    let folder = desk.places().data().to_owned();
    let left = folder.join("library-x1y2z3.tmp");
    std::fs::write(&left, "{\"version\": 1, \"mod").unwrap();
    let hub = desk.hub();
    assert_eq!(hub.models().len(), 1);
    assert_eq!(hub.damage(), None);
    hub.import(&desk.model("B", 2.0)).unwrap();
    assert!(!left.exists(), "swept by the next writer");
}

#[test]
fn a_damaged_index_is_set_aside_and_rebuilt() {
    let desk = Desk::new();
    let (a, gone) = (desk.model("A", 1.0), desk.model("Gone", 2.0));
    let hub = desk.hub();
    hub.import(&a).unwrap();
    hub.import(&gone).unwrap();
    drop(hub);
    std::fs::remove_file(&gone).unwrap();
    let index = desk.places().library_index();
    let whole = std::fs::read(&index).unwrap();
    for damaged in [&whole[..whole.len() - 20], &whole[20..], b"\xff\xfe", b""] {
        std::fs::write(&index, damaged).unwrap();
        let hub = desk.hub();
        let damage = hub.damage().unwrap();
        assert_eq!(damage.key, "library-damaged");
        let protocol::Arg::Text(aside) = &damage.args["path"] else {
            panic!("{damage}");
        };
        assert_eq!(std::fs::read(aside).unwrap(), damaged);
        let names: Vec<String> = hub.models().into_iter().map(|m| m.name).collect();
        let expected: &[&str] = if damaged.len() > 20 { &["A"] } else { &[] };
        assert_eq!(names, expected);
        assert_eq!(desk.hub().damage(), None, "told once");
    }
}

#[test]
fn the_index_of_a_newer_parley_is_left_alone() {
    let desk = Desk::new();
    let index = desk.places().library_index();
    std::fs::create_dir_all(index.parent().unwrap()).unwrap();
    let newer = br#"{"version": 2, "shelves": []}"#;
    std::fs::write(&index, newer).unwrap();
    assert_eq!(
        key(hub::Hub::open(&desk.places()).map(|_| ())),
        "library-damaged"
    );
    assert_eq!(std::fs::read(&index).unwrap(), newer);
}

#[test]
fn a_file_that_changed_or_is_gone_says_so() {
    let desk = Desk::new();
    let path = desk.model("A", 1.0);
    let hub = desk.hub();
    let old = hub.import(&path).unwrap().id;
    std::fs::write(&path, [gguf("A", 9.0), vec![0; 32]].concat()).unwrap();
    assert_eq!(unusable(&hub.models()[0]), Some("model-changed"));
    assert_eq!(key(hub.path(&old)), "model-changed");
    // Imported anew it is another model; the old one is no more.
    let new = hub.import(&path).unwrap();
    assert_ne!(new.id, old);
    assert_eq!(hub.models().len(), 1);
    assert_eq!(hub.models()[0].state, ModelState::Ready);
    assert_eq!(unusable(&hub.resolve(&old).unwrap()), Some("model-changed"));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(hub.models().len(), 1);
    assert_eq!(unusable(&hub.models()[0]), Some("model-gone"));
    assert_eq!(key(hub.path(&new.id)), "model-gone");
}

#[test]
fn a_file_with_only_another_date_is_the_same_model_again() {
    let desk = Desk::new();
    let path = desk.model("A", 1.0);
    let identity = ModelId(format!("sha256:{}", sha256(&path)));
    let hub = desk.hub();
    let first = hub.import(&path).unwrap().id;
    eventually("hashed", || hub.models()[0].id == identity);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!(unusable(&hub.models()[0]), Some("model-changed"));
    let second = hub.import(&path).unwrap().id;
    assert_ne!(first, second);
    eventually("hashed again", || hub.models()[0].id == identity);
    assert_eq!(hub.models().len(), 1);
    for id in [first, second, identity] {
        assert_eq!(hub.resolve(&id).unwrap().state, ModelState::Ready);
    }
}

#[test]
fn the_same_weights_twice_are_one_model() {
    let desk = Desk::new();
    let hub = desk.hub();
    let one = desk.model("A", 1.0);
    let two = desk.path("copy.gguf");
    std::fs::copy(&one, &two).unwrap();
    let ids = [&one, &two].map(|path| hub.import(path).unwrap().id);
    eventually("one entry", || hub.models().len() == 1);
    let identity = ModelId(format!("sha256:{}", sha256(&one)));
    for id in &ids {
        eventually("resolved", || hub.resolve(id).unwrap().id == identity);
    }
    let used = hub.path(&identity).unwrap();
    std::fs::remove_file(&used).unwrap();
    let other = hub.path(&identity).unwrap();
    assert_ne!(other, used);
    assert_eq!(hub.models()[0].state, ModelState::Ready);
    // Where none is left, what became of the last is told.
    std::fs::write(&other, "no more").unwrap();
    assert_eq!(hub.models()[0].path, other.to_str().unwrap());
    assert_eq!(key(hub.path(&identity)), "model-changed");
}

#[test]
fn a_model_is_found_by_what_people_call_it() {
    let desk = Desk::new();
    let hub = desk.hub();
    let path = desk.model("Tiny Llama", 1.0);
    let id = hub.import(&path).unwrap().id;
    hub.import(&desk.model("Twin", 2.0)).unwrap();
    let twin = desk.path("other.gguf");
    std::fs::write(&twin, gguf("twin", 3.0)).unwrap();
    hub.import(&twin).unwrap();
    let new = desk.model("New", 4.0);

    let hex = id.0.split_once(':').unwrap().1;
    let found = [
        &id.0,
        &id.0[..15],
        &hex[..8],
        "tiny llama",
        "Tiny Llama.gguf",
    ];
    for text in found.into_iter().chain([path.to_str().unwrap()]) {
        let entry = hub.find(text).unwrap();
        assert_eq!(entry.path, path.to_str().unwrap(), "{text}");
    }
    assert_eq!(hub.find(new.to_str().unwrap()).unwrap().name, "New");
    assert_eq!(hub.models().len(), 4);
    let missing = [
        ("nobody", "model-unknown"),
        ("", "model-unknown"),
        ("Twin", "model-ambiguous"),
        ("./nowhere.gguf", "file-not-found"),
        ("sha256:", "model-unknown"),
    ];
    for (text, expected) in missing {
        assert_eq!(key(hub.find(text)), expected, "{text}");
    }
    // What is said to choose from is understood.
    let error = hub.find("Twin").unwrap_err();
    let Some(protocol::Arg::Text(known)) = error.args.get("known") else {
        panic!("{error}");
    };
    let twins = known.split(", ").map(|id| hub.find(id).unwrap().path);
    let twins: std::collections::BTreeSet<_> = twins.collect();
    assert_eq!(twins.len(), 2, "{known}");
}

#[test]
fn the_starter_is_known_at_once_and_checked_afterwards() {
    let desk = Desk::new();
    // As long as the real one, and sparse: a header, and nothing behind it.
    let path = desk.path("impostor.gguf");
    std::fs::write(&path, gguf("Impostor", 1.0)).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(98_362_432).unwrap();
    let hub = hub::Hub::open(&desk.places().with_starter(&path)).unwrap();
    let starter = hub.starter().unwrap();
    assert_eq!(starter.name, "SmolLM2 135M Instruct");
    assert_eq!(starter.source, Source::Bundled);
    assert_eq!(starter.state, ModelState::Ready);
    assert!(
        starter.id.0.starts_with("sha256:b179c952"),
        "{}",
        starter.id
    );
    eventually("found out", || {
        unusable(&hub.starter().unwrap()) == Some("model-changed")
    });
    // A file of another length is not even looked at.
    file.set_len(98_362_431).unwrap();
    let fresh = Desk::new();
    let hub = hub::Hub::open(&fresh.places().with_starter(&path)).unwrap();
    assert_eq!(hub.starter(), None);
}

#[test]
#[cfg(target_os = "linux")]
fn where_nothing_may_be_written_there_is_still_the_starter() {
    let desk = Desk::new();
    let path = desk.path("starter.gguf");
    std::fs::write(&path, gguf("Starter", 1.0)).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(98_362_432).unwrap();
    let places = hub::Places::under(Path::new("/proc/no-such-folder"));
    let hub = hub::Hub::open(&places.with_starter(&path)).unwrap();
    assert_eq!(hub.starter().unwrap().state, ModelState::Ready);
    assert_eq!(hub.models().len(), 1);
    let error = hub.import(&desk.model("A", 1.0)).unwrap_err();
    assert_eq!(error.key, "file-not-written");
    assert_eq!(hub.models().len(), 1);
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn the_real_starter_is_what_it_says() {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(std::path::PathBuf::from);
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    let models = std::env::var_os("PARLEY_MODELS").map(std::path::PathBuf::from);
    let models = models.unwrap_or_else(|| cache.unwrap().join("parley-models"));
    let desk = Desk::new();
    let hub = hub::Hub::open(&desk.places().with_starter(&models)).unwrap();
    let starter = hub.starter().unwrap();
    assert_eq!(starter.quantisation, "Q4_1");
    let index = desk.places().library_index();
    eventually("hashed", || {
        let text = std::fs::read_to_string(&index).unwrap();
        text.contains("\"sha256\": \"b179c952")
    });
    assert_eq!(hub.starter().unwrap().state, ModelState::Ready);
    assert_eq!(hub.models().len(), 1);
}

#[test]
fn a_library_from_before_models_had_several_files_is_read() {
    let desk = Desk::new();
    let path = desk.model("Tiny", 1.0);
    let file = std::fs::metadata(&path).unwrap();
    let since = file
        .modified()
        .unwrap()
        .duration_since(std::time::UNIX_EPOCH);
    let sha256 = sha256(&path);
    // As the first release wrote it.
    let index = serde_json::json!({"version": 1, "models": [{
        "id": format!("sha256:{sha256}"),
        "earlier": ["header:00"],
        "source": {"kind": "file"},
        "files": [{
            "path": path,
            "bytes": file.len(),
            "modified": since.unwrap().as_nanos() as i64,
            "sha256": sha256,
        }],
        "name": "Tiny",
        "architecture": "llama",
        "parameters": 32,
        "quantisation": "F32",
        "context": 2048,
        "memory": 67_000_000,
    }]});
    desk.places().create_data().unwrap();
    let kept = desk.places().library_index();
    std::fs::write(&kept, index.to_string()).unwrap();
    let hub = desk.hub();
    let models = hub.models();
    assert_eq!((models.len(), &models[0].state), (1, &ModelState::Ready));
    assert_eq!(hub.path(&ModelId("header:00".into())).unwrap(), path);
    // A model in one file is written as it always was.
    hub.import(&desk.model("Other", 2.0)).unwrap();
    let written = std::fs::read_to_string(kept).unwrap();
    assert!(!written.contains("\"parts\""), "{written}");
}
