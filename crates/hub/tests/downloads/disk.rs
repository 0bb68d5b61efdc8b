//! A disk without room: the download waits, says how much is missing, and goes on by itself.

use crate::hub_server::Repository;
use crate::scene::{FILE, Scene, model, wish};
use protocol::{Arg, DownloadState, DownloadWish};
use std::path::PathBuf;
use std::process::Command;

/// A small disk in memory.
struct Disk(PathBuf);

impl Disk {
    /// None, and why, where it cannot be mounted.
    fn mount(path: PathBuf, kilobytes: u32) -> Result<Disk, String> {
        std::fs::create_dir_all(&path).unwrap();
        let disk = Disk(path);
        disk.resize(kilobytes, "").map(|()| disk)
    }

    /// `how`: `remount,` where it is mounted.
    fn resize(&self, kilobytes: u32, how: &str) -> Result<(), String> {
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("{how}size={kilobytes}k"),
                "tmpfs",
            ])
            .arg(&self.0)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(e) => Err(e.to_string()),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
#[ignore = "needs root, to mount a small disk: cargo xtask test"]
fn a_full_disk_pauses_and_says_how_much_is_missing() {
    let scene = Scene::new();
    let folder = scene.desk.path("small");
    let disk = match Disk::mount(folder.clone(), 400) {
        Ok(disk) => disk,
        Err(why) => return println!("skipped: no small disk can be mounted here: {why}"),
    };
    scene.hub.set_download_folder(folder.clone());
    let other = "other.gguf";
    let (first, second) = (model(40), model(41));
    let repository = Repository::new("maker/tiny").with(FILE, first.clone());
    scene.server.put(repository.with(other, second.clone()));
    let start = |path: &str| {
        let files = vec![path.to_owned()];
        let asked = scene.hub.download_start(&DownloadWish { files, ..wish() });
        asked.unwrap().id
    };
    let short = |id: &str| {
        let mut missing = 0.0;
        crate::support::eventually("disk-short", || {
            match scene.hub.download(id).unwrap().state {
                DownloadState::Paused { error: Some(error) } => {
                    assert_eq!(error.key, "disk-short");
                    assert_eq!(error.args["folder"], folder.as_path().into());
                    let Arg::Number(bytes) = error.args["missing_bytes"] else {
                        panic!("{error}");
                    };
                    missing = bytes;
                    true
                }
                DownloadState::Failed { error } => panic!("{error}"),
                _ => false,
            }
        });
        missing
    };
    let done = |id: &str, bytes: &[u8]| {
        let mut came = false;
        crate::support::eventually("done", || match scene.hub.download(id).unwrap().state {
            DownloadState::Done { model } => {
                let path = scene.hub.path(&model).unwrap();
                came = std::fs::read(path).unwrap() == bytes;
                true
            }
            _ => false,
        });
        assert!(came);
    };

    // Before it begins: nothing is fetched.
    let id = start(FILE);
    let _fetching = scene.fetch();
    let missing = short(&id);
    let expected = first.len() as f64 - 400.0 * 1024.0;
    assert!(
        (missing - expected).abs() < 50_000.0,
        "{missing} and not {expected}"
    );
    assert_eq!(scene.server.bytes_sent(FILE), 0);
    disk.resize(1400, "remount,").unwrap();
    done(&id, &first);

    // What another program takes meanwhile, and gives back.
    disk.resize(2200, "remount,").unwrap();
    std::fs::write(folder.join("others"), vec![1; 600_000]).unwrap();
    let id = start(other);
    assert!(short(&id) > 100_000.0);
    std::fs::remove_file(folder.join("others")).unwrap();
    done(&id, &second);
}
