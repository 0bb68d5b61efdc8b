//! Deleting, checking and moving models, on trees as the hub's cache has them.
#![cfg(unix)] // whose links they are made of
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod support;

use hub::Hub;
use protocol::{AppError, DraftChoice, Keeper, ModelId, ModelState};
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Desk, eventually, gguf, snapshot, tree};

const REPO: &str = "models--owner--tiny";
/// Set for the child that is killed: where it works, where it moves to, and after how many steps.
const VICTIM: &str = "PARLEY_TEST_MOVE";

fn key<T: std::fmt::Debug>(result: Result<T, AppError>) -> String {
    result.unwrap_err().key
}

fn state(hub: &Hub, id: &ModelId) -> String {
    match hub.resolve(id).unwrap().state {
        ModelState::Unusable { error } => error.key,
        state => format!("{state:?}"),
    }
}

/// The hub's cache of a desk.
fn cache(desk: &Desk) -> PathBuf {
    desk.path("home/.cache/huggingface/hub")
}

fn hashed(hub: &Hub, path: &Path) -> ModelId {
    let id = hub.import(path).unwrap().id;
    // At once, where the background would take its time.
    hub.verify(&id, &mut |_, _| {}, &|| true).unwrap();
    assert!(!hub.current_id(&id).is_provisional());
    hub.current_id(&id)
}

/// A folder of safetensors as snapshots have it.
fn folder_files() -> Vec<(&'static str, Vec<u8>)> {
    let place = serde_json::json!({"dtype": "F32", "shape": [4], "data_offsets": [0, 16]});
    let header = serde_json::json!({ "a": place }).to_string();
    let mut weights = (header.len() as u64).to_le_bytes().to_vec();
    weights.extend(header.as_bytes());
    weights.extend([7; 16]);
    let config = br#"{"model_type": "llama", "max_position_embeddings": 512}"#;
    vec![
        ("model.safetensors", weights),
        ("config.json", config.to_vec()),
        ("tokenizer.json", br#"{"model": {"type": "BPE"}}"#.to_vec()),
        ("README.md", b"# A model".to_vec()),
    ]
}

#[test]
fn a_model_of_the_cache_goes_with_its_blob_and_nothing_else() {
    let desk = Desk::new();
    let (one, two) = (gguf("One", 1.0), gguf("Two", 2.0));
    let files: [(&str, &[u8]); 2] = [("q4/one.gguf", &one), ("two.gguf", &two)];
    let place = snapshot(&cache(&desk), "owner/tiny", "aaaa", &files);
    let hub = desk.hub();
    let first = hashed(&hub, &place.join("q4/one.gguf"));
    let second = hashed(&hub, &place.join("two.gguf"));
    let installed = hub.installed();
    assert_eq!(installed.len(), 2);
    assert!(installed.iter().all(|one| one.keeper == Keeper::HubCache));
    let look = hub.deletion(&first).unwrap();
    assert_eq!((look.freed_bytes, look.shared_bytes), (one.len() as u64, 0));
    assert_eq!(look.files.len(), 2);
    assert!(!look.in_use);
    assert_eq!(tree(&cache(&desk).join(REPO).join("blobs")).len(), 2);
    assert_eq!(hub.delete(&first, true).unwrap(), look);
    assert_eq!(key(hub.resolve(&first)), "model-unknown");
    assert_eq!(tree(&place), ["two.gguf"]);
    assert!(cache(&desk).join(REPO).join("refs/main").exists());
    // With the last one all of the repository goes.
    hub.delete(&second, true).unwrap();
    assert_eq!(tree(&cache(&desk)), [] as [&str; 0]);
    // The next process knows of nothing that is left to do.
    assert_eq!(desk.hub().models(), []);
}

#[test]
fn what_others_have_too_stays() {
    let desk = Desk::new();
    let bytes = gguf("One", 1.0);
    let files: [(&str, &[u8]); 1] = [("one.gguf", &bytes)];
    let old = snapshot(&cache(&desk), "owner/tiny", "aaaa", &files);
    let new = snapshot(&cache(&desk), "owner/tiny", "bbbb", &files);
    let hub = desk.hub();
    let id = hashed(&hub, &old.join("one.gguf"));
    let look = hub.delete(&id, true).unwrap();
    assert_eq!(
        (look.freed_bytes, look.shared_bytes),
        (0, bytes.len() as u64)
    );
    assert!(!old.exists() && new.join("one.gguf").exists());
    // `main` is the other snapshot.
    assert!(cache(&desk).join(REPO).join("refs/main").exists());
    // A second name of the file.
    let blob = fs::canonicalize(new.join("one.gguf")).unwrap();
    fs::hard_link(&blob, desk.path("kept.gguf")).unwrap();
    let id = hashed(&hub, &new.join("one.gguf"));
    let look = hub.delete(&id, true).unwrap();
    assert_eq!(
        (look.freed_bytes, look.shared_bytes),
        (0, bytes.len() as u64)
    );
    assert_eq!(fs::read(desk.path("kept.gguf")).unwrap(), bytes);
    // The person's own file is only taken out of the library.
    let id = hashed(&hub, &desk.path("kept.gguf"));
    assert_eq!(hub.installed()[0].keeper, Keeper::Person);
    let look = hub.delete(&id, true).unwrap();
    assert_eq!((look.files, look.freed_bytes), (Vec::new(), 0));
    assert_eq!(look.shared_bytes, bytes.len() as u64);
    assert!(desk.path("kept.gguf").exists());
    assert_eq!(hub.models(), []);
}

#[test]
fn no_link_out_of_the_cache_is_followed() {
    let desk = Desk::new();
    let path = desk.model("Outside", 1.0);
    let place = snapshot(&cache(&desk), "owner/tiny", "aaaa", &[("README.md", b"x")]);
    std::os::unix::fs::symlink(&path, place.join("one.gguf")).unwrap();
    let hub = desk.hub();
    let id = hub.import(&place.join("one.gguf")).unwrap().id;
    let look = hub.delete(&id, true).unwrap();
    assert_eq!(look.freed_bytes, 0);
    assert!(path.exists() && !place.join("one.gguf").exists());
    assert!(place.join("README.md").exists());
}

#[test]
fn a_folder_goes_with_what_was_made_of_it() {
    let desk = Desk::new();
    let files = folder_files();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (*n, &b[..])).collect();
    let place = snapshot(&cache(&desk), "owner/tiny", "aaaa", &files);
    let hub = desk.hub();
    let id = hashed(&hub, &place);
    // As the engine names it.
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(place.as_os_str().as_encoded_bytes());
    let hex: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir_all(hub.weights()).unwrap();
    let made = hub.weights().join(format!("{hex}-Q8_0.gguf"));
    let other = hub.weights().join("0000000000000000-Q8_0.gguf");
    fs::write(&made, [0; 1000]).unwrap();
    fs::write(&other, [0; 1000]).unwrap();
    let all: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let look = hub.delete(&id, true).unwrap();
    assert_eq!(look.freed_bytes, all as u64 + 1000);
    assert!(!made.exists() && other.exists());
    assert_eq!(tree(&cache(&desk)), [] as [&str; 0]);
}

#[test]
fn what_was_fetched_of_the_model_that_comes_with_parley_could_not_be_moved_or_deleted() {
    let desk = Desk::new();
    let starter = desk.path("starter.gguf");
    fs::write(&starter, gguf("Starter", 1.0)).unwrap();
    let file = fs::File::options().write(true).open(&starter).unwrap();
    file.set_len(98_362_432).unwrap();
    let bytes = gguf("One", 2.0);
    let place = snapshot(&cache(&desk), "owner/tiny", "aaaa", &[("one.gguf", &bytes)]);
    let places = desk.places().with_starter(&starter);
    let hub = hub::Hub::open(&places).unwrap();
    let id = hub.starter().unwrap().id;
    assert_eq!(key(hub.deletion(&id)), "model-bundled");
    hub.import(&place.join("one.gguf")).unwrap();
    drop(hub);
    // As it is where the same bytes were fetched.
    let path = places.library_index();
    let mut index: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let models = index["models"].as_array_mut().unwrap();
    let mut copy = models.pop().unwrap()["files"][0].take();
    copy["fetched"] = true.into();
    models[0]["files"].as_array_mut().unwrap().push(copy);
    fs::write(&path, index.to_string()).unwrap();
    let hub = hub::Hub::open(&places).unwrap();
    let moved = desk.path("moved");
    hub.move_library(None, &moved, &mut |_, _| {}, &|| true)
        .unwrap();
    assert_eq!(tree(&cache(&desk)), [] as [&str; 0]);
    let look = hub.delete(&id, true).unwrap();
    assert_eq!(look.freed_bytes, bytes.len() as u64);
    assert_eq!(tree(&moved), [] as [&str; 0]);
    assert_eq!(hub.starter().unwrap().path, starter.to_str().unwrap());
    assert_eq!(key(hub.delete(&id, true)), "model-bundled");
    assert!(starter.exists());
}

#[test]
fn a_model_may_be_kept_on_the_disk() {
    let desk = Desk::new();
    let bytes = gguf("One", 1.0);
    let place = snapshot(&cache(&desk), "owner/tiny", "aaaa", &[("one.gguf", &bytes)]);
    let hub = desk.hub();
    let id = hub.import(&place.join("one.gguf")).unwrap().id;
    let before = tree(&cache(&desk));
    let look = hub.delete(&id, false).unwrap();
    assert_eq!((look.files, look.freed_bytes), (Vec::new(), 0));
    assert_eq!(tree(&cache(&desk)), before);
    assert_eq!(hub.models(), []);
    assert_eq!(key(hub.delete(&id, true)), "model-unknown");
}

#[test]
fn what_a_killed_deletion_left_goes_with_the_next_start() {
    let desk = Desk::new();
    let bytes = gguf("One", 1.0);
    let place = snapshot(&cache(&desk), "owner/tiny", "aaaa", &[("one.gguf", &bytes)]);
    let hub = desk.hub();
    let id = hashed(&hub, &place.join("one.gguf"));
    drop(hub);
    // As it is between the writing of the index and the first file.
    let path = desk.places().library_index();
    let mut index: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let copies = index["models"][0]["files"].clone();
    index["models"] = serde_json::json!([]);
    index["leaving"] = copies;
    fs::write(&path, index.to_string()).unwrap();
    let hub = desk.hub();
    assert_eq!(key(hub.resolve(&id)), "model-unknown");
    eventually("removed", || tree(&cache(&desk)).is_empty());
    eventually("noted", || {
        !fs::read_to_string(&path).unwrap().contains("leaving")
    });
}

#[test]
fn a_model_is_checked_byte_by_byte() {
    let desk = Desk::new();
    let path = desk.model("Tiny", 1.0);
    let bytes = fs::read(&path).unwrap();
    let hub = desk.hub();
    // Before its hash is known, checking reckons it.
    let id = hub.import(&path).unwrap().id;
    let last = Cell::new((0, 0));
    hub.verify(&id, &mut |done, total| last.set((done, total)), &|| true)
        .unwrap();
    let all = bytes.len() as u64;
    assert_eq!(last.get(), (all, all));
    let id = hub.current_id(&id);
    assert!(!id.is_provisional());
    // Another date alone is no harm, once it is checked.
    let touch = || {
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
    };
    touch();
    assert_eq!(state(&hub, &id), "model-changed");
    let verify = || hub.verify(&id, &mut |_, _| {}, &|| true);
    verify().unwrap();
    assert_eq!(state(&hub, &id), "Ready");
    // One bit, by a disk that says nothing of it.
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&path, &damaged).unwrap();
    touch();
    assert_eq!(state(&hub, &id), "Ready");
    assert_eq!(key(verify()), "file-damaged");
    assert_eq!(state(&hub, &id), "file-damaged");
    assert_eq!(state(&desk.hub(), &id), "file-damaged");
    fs::write(&path, &bytes).unwrap();
    verify().unwrap();
    assert_eq!(state(&hub, &id), "Ready");
    assert_eq!(key(hub.verify(&id, &mut |_, _| {}, &|| false)), "cancelled");
    fs::remove_file(&path).unwrap();
    assert_eq!(key(verify()), "model-gone");
}

#[test]
fn a_blob_is_held_against_its_name() {
    let desk = Desk::new();
    let bytes = gguf("One", 1.0);
    let place = snapshot(&cache(&desk), "owner/tiny", "aaaa", &[("one.gguf", &bytes)]);
    let blob = fs::canonicalize(place.join("one.gguf")).unwrap();
    fs::write(&blob, gguf("One", 2.0)).unwrap();
    let hub = desk.hub();
    let id = hub.import(&place.join("one.gguf")).unwrap().id;
    let verify = hub.verify(&id, &mut |_, _| {}, &|| true);
    assert_eq!(key(verify), "file-damaged");
}

/// A library of three models that Parley's own folder holds; returns it and the models.
fn library(desk: &Desk) -> (PathBuf, Vec<ModelId>) {
    let from = desk.path("from");
    let bytes = [gguf("One", 1.0), gguf("Two", 2.0)];
    let files: [(&str, &[u8]); 2] = [("q4/one.gguf", &bytes[0]), ("two.gguf", &bytes[1])];
    let place = snapshot(&from, "owner/tiny", "aaaa", &files);
    let files = folder_files();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (*n, &b[..])).collect();
    let folder = snapshot(&from, "owner/folder", "bbbb", &files);
    let hub = desk.hub();
    let paths = [place.join("q4/one.gguf"), place.join("two.gguf"), folder];
    let ids = paths.iter().map(|path| hashed(&hub, path)).collect();
    (from, ids)
}

fn move_to(
    hub: &Hub,
    from: &Path,
    to: &Path,
    copying: bool,
    go_on: &dyn Fn() -> bool,
) -> Result<(), AppError> {
    match copying {
        true => hub.move_library_by_copying(Some(from), to, &mut |_, _| {}, go_on),
        false => hub.move_library(Some(from), to, &mut |_, _| {}, go_on),
    }
}

/// That all models lie at `to` whole, and nothing is left behind.
fn moved(desk: &Desk, before: &[String], from: &Path, to: &Path, ids: &[ModelId]) {
    let hub = desk.hub();
    for id in ids {
        assert_eq!(state(&hub, id), "Ready");
        assert!(hub.path(id).unwrap().starts_with(to), "{id}");
        hub.verify(id, &mut |_, _| {}, &|| true).unwrap();
    }
    assert_eq!(hub.models().len(), ids.len());
    assert_eq!(tree(to), before);
    assert_eq!(tree(from), [] as [&str; 0]);
    let link = fs::read_link(to.join("models--owner--tiny/snapshots/aaaa/q4/one.gguf")).unwrap();
    assert!(link.starts_with("../../../blobs"), "{}", link.display());
    let main = fs::read_to_string(to.join("models--owner--tiny/refs/main")).unwrap();
    assert_eq!(main, "aaaa");
}

#[test]
fn the_library_moves() {
    for copying in [false, true] {
        let desk = Desk::new();
        let (from, ids) = library(&desk);
        let before = tree(&from);
        let stranger = hashed(&desk.hub(), &desk.model("Stranger", 9.0));
        let other = desk.path("home/.cache/huggingface/hub");
        let bytes = gguf("Other", 8.0);
        let other = snapshot(&other, "owner/other", "cccc", &[("o.gguf", &bytes)]);
        let other = hashed(&desk.hub(), &other.join("o.gguf"));
        let to = desk.path("to");
        move_to(&desk.hub(), &from, &to, copying, &|| true).unwrap();
        let hub = desk.hub();
        for (id, folder) in [
            (&stranger, desk.path("Stranger.gguf")),
            (&other, cache(&desk)),
        ] {
            assert!(hub.path(id).unwrap().starts_with(folder));
            hub.delete(id, false).unwrap();
        }
        moved(&desk, &before, &from, &to, &ids);
        // And back.
        move_to(&desk.hub(), &to, &from, copying, &|| true).unwrap();
        moved(&desk, &before, &to, &from, &ids);
    }
}

#[test]
fn a_cancelled_move_leaves_each_model_whole_in_one_place() {
    for steps in (0..60).step_by(3) {
        let desk = Desk::new();
        let (from, ids) = library(&desk);
        let before = tree(&from);
        let to = desk.path("to");
        let left = Cell::new(steps);
        let go_on = || {
            left.set(left.get() - 1);
            left.get() > 0
        };
        let ended = move_to(&desk.hub(), &from, &to, true, &go_on);
        if let Err(error) = ended {
            assert_eq!(error.key, "cancelled");
        }
        let hub = desk.hub();
        ids.iter()
            .for_each(|id| assert_eq!(state(&hub, id), "Ready", "{steps}"));
        move_to(&hub, &from, &to, true, &|| true).unwrap();
        moved(&desk, &before, &from, &to, &ids);
    }
}

/// The child of [`a_move_that_is_killed_anywhere_can_go_on`]; nothing without its parent.
#[test]
fn victim() {
    let Ok(told) = std::env::var(VICTIM) else {
        return;
    };
    let told: Vec<&str> = told.split('\n').collect();
    let home = Path::new(told[0]);
    let left = Cell::new(told[3].parse::<i32>().unwrap());
    let go_on = || {
        left.set(left.get() - 1);
        if left.get() < 0 {
            std::process::abort();
        }
        true
    };
    let hub = Hub::open(&hub::Places::under(home)).unwrap();
    move_to(
        &hub,
        Path::new(told[1]),
        Path::new(told[2]),
        told[4] == "copying",
        &go_on,
    )
    .unwrap();
}

#[test]
fn a_move_that_is_killed_anywhere_can_go_on() {
    let mut ended = false;
    let mut kills = 0;
    for steps in (0..400).step_by(2) {
        let desk = Desk::new();
        let (from, ids) = library(&desk);
        let before = tree(&from);
        let to = desk.path("to");
        let how = if steps % 4 == 0 { "copying" } else { "naming" };
        let told = [
            desk.path("home").display().to_string(),
            from.display().to_string(),
            to.display().to_string(),
            steps.to_string(),
            how.to_owned(),
        ];
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "victim"])
            .env(VICTIM, told.join("\n"))
            .output()
            .unwrap();
        ended = child.status.success();
        kills += u32::from(!ended);
        let hub = desk.hub();
        for id in &ids {
            assert_eq!(state(&hub, id), "Ready", "after {steps} steps");
            assert!(hub.path(id).unwrap().exists());
        }
        move_to(&hub, &from, &to, how == "copying", &|| true).unwrap();
        moved(&desk, &before, &from, &to, &ids);
        if ended && steps % 4 == 0 {
            break;
        }
    }
    assert!(ended && kills > 20, "{kills}");
}

#[test]
fn a_newer_revision_takes_the_place_of_the_older() {
    let desk = Desk::new();
    let (one, two) = (gguf("One", 1.0), gguf("One", 2.0));
    let old = snapshot(&cache(&desk), "owner/tiny", "aaaa", &[("one.gguf", &one)]);
    let hub = desk.hub();
    let before = hashed(&hub, &old.join("one.gguf"));
    let repository = hub.installed()[0].repository.clone();
    assert_eq!(repository.as_deref(), Some("owner/tiny"));
    let prompt = hub::Prompt::Form {
        name: "chatml".to_owned(),
    };
    hub.set_prompt(&before, Some(prompt.clone())).unwrap();
    let large = hashed(&hub, &desk.model("Large", 3.0));
    let small = |id: &ModelId| DraftChoice::Model { id: id.clone() };
    hub.choose_draft(&before, DraftChoice::Never).unwrap();
    hub.choose_draft(&large, small(&before)).unwrap();
    let new = snapshot(&cache(&desk), "owner/tiny", "bbbb", &[("one.gguf", &two)]);
    let after = hashed(&hub, &new.join("one.gguf"));
    let (of_old, of_new) = (read(&hub, "a", &before, 1), read(&hub, "a", &after, 1));
    hub.replace(&before, &after).unwrap();
    assert_eq!(hub.models().len(), 2);
    assert_eq!(hub.prompt(&after), Some(prompt));
    assert_eq!(hub.draft_choice(&after), DraftChoice::Never);
    assert_eq!(hub.draft_choice(&large), small(&after));
    hub.delete(&large, false).unwrap();
    assert!(!of_old.exists() && of_new.exists());
    assert!(!old.exists() && new.join("one.gguf").exists());
    // Who names the old one means the new one; it itself is in no memory under that name.
    assert_eq!(hub.resolve(&before).unwrap().id, after);
    assert_eq!(hub.successor(&before), after);
    assert_eq!(hub.current_id(&before), before);
    // A second time, as after a kill, changes nothing.
    hub.replace(&before, &after).unwrap();
    hub.replace(&after, &after).unwrap();
    assert_eq!(hub.models().len(), 1);
    // Back in the library, the old one is itself again.
    let old = snapshot(&cache(&desk), "owner/tiny", "aaaa", &[("one.gguf", &one)]);
    assert_eq!(hashed(&hub, &old.join("one.gguf")), before);
    assert_eq!(hub.resolve(&before).unwrap().id, before);
    assert_eq!(hub.successor(&before), before);
    // Deleting by the name of one does not take the other.
    hub.delete(&before, true).unwrap();
    assert_eq!(hub.models().len(), 1);
    hub.delete(&before, true).unwrap();
    assert_eq!(hub.models(), []);
    assert!(!new.exists());
}

#[test]
fn two_moves_at_once_are_one() {
    let desk = Desk::new();
    let (from, _) = library(&desk);
    let (hub, other) = (desk.hub(), desk.hub());
    let to = desk.path("to");
    let asked = Cell::new(false);
    let go_on = || {
        if !asked.replace(true) {
            let second = move_to(&other, &from, &desk.path("elsewhere"), false, &|| true);
            assert_eq!(key(second), "library-busy");
        }
        true
    };
    move_to(&hub, &from, &to, false, &go_on).unwrap();
    assert!(asked.get());
}

/// What models have read, as the runtime and the workers lay it down: one block of each.
fn read(hub: &Hub, conversation: &str, model: &ModelId, bytes: usize) -> PathBuf {
    let name = format!("{}-0123456789abcdef", hub.kv_model(model));
    let block = protocol::kv_file(hub.kv(), conversation, &name, "00").unwrap();
    fs::create_dir_all(block.parent().unwrap()).unwrap();
    fs::write(&block, vec![0; bytes]).unwrap();
    block
}

#[test]
fn what_a_model_has_read_goes_with_it_and_nothing_else() {
    let desk = Desk::new();
    let hub = desk.hub();
    let (one, two) = (desk.model("One", 1.0), desk.model("Two", 2.0));
    // Read before its file was hashed, and after: it is known by the same name.
    let early = hub.import(&one).unwrap().id;
    let before = read(&hub, "a", &early, 100);
    let first = hashed(&hub, &one);
    assert_eq!(read(&hub, "a", &first, 100), before);
    let only = read(&hub, "b", &first, 50);
    let second = hashed(&hub, &two);
    let other = read(&hub, "a", &second, 70);
    let look = hub.deletion(&first).unwrap();
    assert_eq!((look.freed_bytes, look.files.len()), (150, 0));
    let deleted = hub.delete(&first, false).unwrap();
    assert_eq!(deleted.freed_bytes, 150);
    assert!(!before.exists() && other.exists());
    // A conversation in which nothing is left has no folder.
    assert!(!only.ancestors().nth(2).unwrap().exists());
    // What a worker of another process writes after that, and what has a name of before, goes
    // with the next start.
    let late = read(&hub, "a", &ModelId("sha256:1234567890abcdef12".into()), 1);
    let nameless = protocol::kv_file(hub.kv(), "a", "0123456789abcdef", "00").unwrap();
    fs::create_dir_all(nameless.parent().unwrap()).unwrap();
    drop(hub);
    let hub = desk.hub();
    eventually("swept", || {
        !late.exists() && !nameless.parent().unwrap().exists()
    });
    assert!(other.exists());
    drop(hub);
}
