//! Fetching models from a hub of our own: what comes is whole and right whatever happens on the
//! way, and lies where Python's huggingface_hub has it.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod hub_server;
mod support;

use hub::network::{Environment, Keyring};
use hub::{Fetching, Hub, Network, Tuning};
use hub_server::{HubServer, Repository};
use protocol::{Download, DownloadState, DownloadWish, NetworkSettings};
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::{Desk, eventually, gguf};

const FILE: &str = "Q4/tiny-Q4_0.gguf";
/// Bytes of a range here.
const RANGE: u32 = 64 << 10;

/// In a hurry, so that trouble passes at once.
fn hurry() -> Tuning {
    Tuning {
        range: RANGE,
        stall: Duration::from_millis(300),
        rest: Duration::from_millis(5),
        longest_rest: Duration::from_millis(50),
        flush: Duration::from_millis(20),
        reserve: 0,
        poll: Duration::from_millis(20),
        ..Tuning::default()
    }
}

/// A model of about a megabyte, no two of its ranges alike.
fn model(seed: u64) -> Vec<u8> {
    let mut bytes = gguf("Tiny", seed as f32);
    let mut state = seed;
    bytes.extend((0..1_000_000).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    }));
    bytes
}

fn repository(bytes: &[u8]) -> Repository {
    Repository::new("maker/tiny")
        .with(FILE, bytes)
        .with("README.md", "A model.")
}

fn wish() -> DownloadWish {
    DownloadWish {
        repository: "maker/tiny".into(),
        revision: None,
        files: vec![FILE.into()],
        name: None,
    }
}

/// A library that fetches from a hub.
struct Scene {
    desk: Desk,
    server: HubServer,
    hub: Hub,
    network: Network,
}

impl Scene {
    fn new() -> Scene {
        let (desk, server) = (Desk::new(), HubServer::start());
        let settings = NetworkSettings {
            endpoint: Some(server.endpoint()),
            ..NetworkSettings::default()
        };
        let places = desk.places();
        Scene {
            network: Network::with(&places, settings, Environment::of(&[]), Keyring::none()),
            hub: desk.hub(),
            server,
            desk,
        }
    }

    fn fetch(&self) -> Fetching {
        self.hub.fetch_tuned(&self.network, None, hurry())
    }

    fn only(&self) -> Download {
        self.hub.downloads().downloads[0].clone()
    }

    /// Waits until the first download has ended.
    fn ended(&self) -> DownloadState {
        self.until("an end", |state| {
            matches!(
                state,
                DownloadState::Done { .. } | DownloadState::Failed { .. }
            )
        })
    }

    fn until(&self, what: &str, so: impl Fn(&DownloadState) -> bool) -> DownloadState {
        eventually(what, || so(&self.only().state));
        self.only().state
    }

    fn cache(&self) -> PathBuf {
        self.desk.places().hub_cache().join("models--maker--tiny")
    }
}

/// The files and links below a folder, as `path` or `path -> target`.
fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            match std::fs::read_link(&path) {
                Ok(target) => found.push(format!("{name} -> {}", target.display())),
                Err(_) if path.is_dir() => folders.push(path),
                Err(_) => found.push(name),
            }
        }
    }
    found.sort();
    found
}

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
