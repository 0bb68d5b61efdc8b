//! The speed beside `curl | tee FILE | sha256sum`, and the memory of a process that fetches.
//! `PARLEY_DOWNLOAD_GB=10 cargo test -p hub --release --test downloads -- --ignored speed --nocapture`

use crate::hub_server::Repository;
use crate::kills;
use crate::scene::{Scene, wish};
use crate::support::gguf;
use protocol::{DownloadState, DownloadWish};
use std::fs::File;
use std::process::Command;
use std::time::Instant;

const NAME: &str = "big.gguf";
/// Bytes of memory that a process may take.
const MOST: u64 = 100_000_000;

/// The most memory in bytes that a process had.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
#[ignore = "takes minutes: cargo xtask test"]
fn speed_and_memory_beside_curl() {
    let gigabytes = std::env::var("PARLEY_DOWNLOAD_GB");
    let gigabytes: u64 = gigabytes.map_or(1, |text| text.parse().unwrap());
    let bytes = gigabytes << 30;
    let scene = Scene::new();
    let source = scene.desk.path(NAME);
    // A model whose weights are mostly a hole.
    std::fs::write(&source, gguf("Big", 1.0)).unwrap();
    let file = File::options().write(true).open(&source).unwrap();
    file.set_len(bytes).unwrap();
    let repository = Repository::new("maker/tiny")
        .with_file(NAME, &source)
        .unwrap();
    let sha256 = repository.files[NAME].etag.clone();
    scene.server.put(repository);

    let target = scene.desk.path("by-curl");
    let pipe = format!(
        "curl -sL {}/maker/tiny/resolve/main/{NAME} | tee {} | sha256sum",
        scene.server.endpoint(),
        target.display()
    );
    let by_curl = || {
        let began = Instant::now();
        let curl = Command::new("sh").args(["-c", &pipe]).output().unwrap();
        let took = began.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&curl.stdout).into_owned();
        assert!(said.starts_with(&sha256), "curl fetched something else");
        std::fs::remove_file(&target).unwrap();
        took
    };
    let before = by_curl();

    let wish = DownloadWish {
        files: vec![NAME.into()],
        ..wish()
    };
    scene.hub.download_start(&wish).unwrap();
    let mut child = kills::process(&scene, false);
    let (mut began, mut memory) = (None, 0);
    let took = loop {
        let now = scene.only();
        memory = peak(child.id()).unwrap_or(0).max(memory);
        match now.state {
            DownloadState::Done { .. } => {
                break began.map_or(0.0, |at: Instant| at.elapsed().as_secs_f64());
            }
            DownloadState::Failed { error } => panic!("{error}"),
            _ if now.bytes_done > 0 => {
                began.get_or_insert_with(Instant::now);
            }
            _ => {}
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_dir_all(scene.cache()).unwrap();
    let after = by_curl();
    let curl = f64::midpoint(before, after);
    println!(
        "{gigabytes} GB: curl {before:.2} s and {after:.2} s, Parley {took:.2} s: {:.0}% of its speed, with {} MB of memory",
        100.0 * curl / took,
        memory / 1_000_000
    );
    assert!(memory < MOST, "{memory} bytes of memory");
}
