//! A library, a hub, and what is fetched between them.

use crate::hub_server::{HubServer, Repository};
use crate::support::{Desk, eventually, gguf};
use hub::network::{Environment, Keyring};
use hub::{Fetching, Hub, Network, Tuning};
use protocol::{Download, DownloadState, DownloadWish, NetworkSettings};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub const FILE: &str = "Q4/tiny-Q4_0.gguf";
/// Bytes of a range here.
pub const RANGE: u32 = 64 << 10;

/// In a hurry, so that trouble passes at once.
pub fn hurry() -> Tuning {
    Tuning {
        range: RANGE,
        // Longer than a busy machine keeps a test's own hub waiting.
        stall: Duration::from_secs(20),
        rest: Duration::from_millis(5),
        longest_rest: Duration::from_millis(50),
        flush: Duration::from_millis(20),
        reserve: 0,
        poll: Duration::from_millis(20),
        ..Tuning::default()
    }
}

/// A model of about a megabyte, no two of its ranges alike.
pub fn model(seed: u64) -> Vec<u8> {
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

pub fn repository(bytes: &[u8]) -> Repository {
    Repository::new("maker/tiny")
        .with(FILE, bytes)
        .with("README.md", "A model.")
}

pub fn wish() -> DownloadWish {
    DownloadWish {
        repository: "maker/tiny".into(),
        revision: None,
        files: vec![FILE.into()],
        name: None,
    }
}

/// A library that fetches from a hub.
pub struct Scene {
    pub desk: Desk,
    pub server: HubServer,
    pub hub: Hub,
    pub network: Network,
}

impl Scene {
    pub fn new() -> Scene {
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

    pub fn fetch(&self) -> Fetching {
        self.hub.fetch_tuned(&self.network, None, hurry())
    }

    pub fn only(&self) -> Download {
        self.hub.downloads().downloads[0].clone()
    }

    /// Waits until the first download has ended.
    pub fn ended(&self) -> DownloadState {
        self.until("an end", |state| {
            matches!(
                state,
                DownloadState::Done { .. } | DownloadState::Failed { .. }
            )
        })
    }

    pub fn until(&self, what: &str, mut so: impl FnMut(&DownloadState) -> bool) -> DownloadState {
        eventually(what, || so(&self.only().state));
        self.only().state
    }

    pub fn cache(&self) -> PathBuf {
        self.desk.places().hub_cache().join("models--maker--tiny")
    }
}

/// The files and links below a folder, as `path` or `path -> target`.
pub fn listing(folder: &Path) -> Vec<String> {
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
