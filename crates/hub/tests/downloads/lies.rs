//! Where the files lie, and that they are not fetched twice.

use crate::hub_server::{HubServer, Repository};
use crate::scene::{FILE, Scene, hurry, listing, model, repository, wish};
use crate::support;
use hub::{Links, Tuning};
use protocol::{DownloadState, DownloadWish};
use std::path::Path;

#[test]
fn a_model_is_fetched_and_lies_where_python_has_it() {
    let scene = Scene::new();
    let bytes = model(1);
    scene.server.put(repository(&bytes));
    let asked = scene.hub.download_start(&wish()).unwrap();
    assert_eq!(
        (asked.name.as_str(), asked.state),
        ("tiny-Q4_0", DownloadState::Waiting)
    );
    assert!(
        scene.server.requests().is_empty(),
        "nothing goes out before it is to run"
    );
    let _fetching = scene.fetch();
    let DownloadState::Done { model } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    let entry = scene.hub.resolve(&model).unwrap();
    assert!(!model.is_provisional(), "it was hashed as it came");
    assert_eq!(std::fs::read(&entry.path).unwrap(), bytes);
    let commit = repository(&bytes).commit;
    let etag = support::sha256(Path::new(&entry.path));
    assert_eq!(
        listing(&scene.cache()),
        [
            format!("blobs/{etag}"),
            "refs/main".to_owned(),
            format!("snapshots/{commit}/{FILE} -> ../../../blobs/{etag}"),
        ]
    );
    assert_eq!(
        std::fs::read_to_string(scene.cache().join("refs/main")).unwrap(),
        commit
    );
    assert_eq!(scene.server.bytes_sent(FILE), bytes.len() as u64);
}

#[test]
fn without_links_the_file_itself_lies_in_the_snapshot() {
    let scene = Scene::new();
    let bytes = model(2);
    scene.server.put(repository(&bytes));
    scene.hub.download_start(&wish()).unwrap();
    let tuning = Tuning {
        links: Links::Never,
        ..hurry()
    };
    let _fetching = scene.hub.fetch_tuned(&scene.network, None, tuning);
    let done = scene.ended();
    assert!(matches!(done, DownloadState::Done { .. }), "{done:?}");
    let commit = repository(&bytes).commit;
    let there = ["refs/main".to_owned(), format!("snapshots/{commit}/{FILE}")];
    assert_eq!(listing(&scene.cache()), there);
    let shown = scene.cache().join("snapshots").join(commit).join(FILE);
    assert_eq!(std::fs::read(shown).unwrap(), bytes);
    // Again: it is there, though there is no blob.
    let id = scene.only().id;
    scene.hub.download_dismiss(&id).unwrap();
    scene.hub.download_start(&wish()).unwrap();
    assert!(matches!(scene.ended(), DownloadState::Done { .. }));
    assert_eq!(scene.server.bytes_sent(FILE), bytes.len() as u64);
}

#[test]
fn what_another_program_has_fetched_is_not_fetched_again() {
    let scene = Scene::new();
    let bytes = model(3);
    let theirs = repository(&bytes);
    let etag = theirs.files[FILE].etag.clone();
    scene.server.put(theirs);
    let blobs = scene.cache().join("blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::write(blobs.join(&etag), &bytes).unwrap();
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    let DownloadState::Done { model } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert_eq!(scene.server.bytes_sent(FILE), 0);
    assert!(
        model.is_provisional(),
        "what we did not check is hashed in the background"
    );
}

/// A folder of safetensors, small files by git's hash, and no more than belongs to it.
#[test]
fn a_folder_is_one_model() {
    let scene = Scene::new();
    let mut repository = Repository::new("maker/tiny");
    for (path, bytes) in support::folder() {
        repository = repository.with(path, bytes);
    }
    let repository = repository
        .with("README.md", "words")
        .with("onnx/model.onnx", vec![1; 200_000])
        .with("empty.txt", "");
    scene.server.put(repository.clone());
    let wish = DownloadWish {
        files: Vec::new(),
        ..wish()
    };
    assert_eq!(scene.hub.download_start(&wish).unwrap().name, "tiny");
    let _fetching = scene.fetch();
    let DownloadState::Done { model } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert!(!model.is_provisional());
    let entry = scene.hub.resolve(&model).unwrap();
    let snapshot = scene.cache().join("snapshots").join(&repository.commit);
    assert_eq!(Path::new(&entry.path), snapshot);
    let mut shown: Vec<String> = support::folder()
        .into_iter()
        .map(|(path, _)| format!("{path} -> ../../blobs/{}", repository.files[path].etag))
        .collect();
    shown.sort();
    assert_eq!(listing(&snapshot), shown);
}

/// A commit that is asked for by its number has no name in `refs`.
#[test]
fn a_commit_is_fetched_by_its_number() {
    let scene = Scene::new();
    let bytes = model(4);
    scene.server.put(repository(&bytes));
    let commit = repository(&bytes).commit;
    let wish = DownloadWish {
        revision: Some(commit.clone()),
        ..wish()
    };
    scene.hub.download_start(&wish).unwrap();
    let _fetching = scene.fetch();
    assert!(matches!(scene.ended(), DownloadState::Done { .. }));
    assert!(!scene.cache().join("refs").exists());
    assert!(scene.cache().join("snapshots").join(commit).is_dir());
}

/// What a listing of many pages has is found.
#[test]
fn a_listing_goes_on_over_its_pages() {
    let scene = Scene::new();
    let bytes = model(5);
    let mut many = Repository::new("maker/tiny");
    for at in 0..55 {
        many = many.with(&format!("A/{at:02}.txt"), "words");
    }
    scene.server.put(many.with(FILE, bytes));
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    assert!(matches!(scene.ended(), DownloadState::Done { .. }));
    let pages = |server: &HubServer| {
        let asked = server.requests();
        asked
            .iter()
            .filter(|(_, path, _)| path.contains("/tree/"))
            .count()
    };
    assert_eq!(pages(&scene.server), 3);
}
