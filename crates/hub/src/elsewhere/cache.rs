//! The hub's own cache: snapshots that are whole, of GGUF files and of folders.

use super::Candidate;
use super::folders::{is_weights, walk};
use crate::keeping::place::Place;
use protocol::Keeper;
use std::fs;
use std::path::{Path, PathBuf};

/// Most repositories, and snapshots of one.
const MOST_REPOSITORIES: usize = 2000;
const MOST_SNAPSHOTS: usize = 50;
/// Folders of a repository inside each other.
const DEPTH: usize = 4;

/// The newest snapshot of each repository first. That all its files are there is seen when it is
/// opened.
pub fn candidates(root: impl AsRef<Path>) -> Vec<Candidate> {
    let mut all = Vec::new();
    for repository in folders(root.as_ref(), MOST_REPOSITORIES) {
        let mut snapshots = folders(&repository.join("snapshots"), MOST_SNAPSHOTS);
        let main = fs::read_to_string(repository.join("refs/main")).unwrap_or_default();
        let is_main = |path: &Path| path.file_name().is_some_and(|name| name == main.trim());
        let age = |path: &Path| fs::metadata(path).and_then(|folder| folder.modified()).ok();
        snapshots.sort_by_key(|path| (is_main(path), age(path)));
        let mut folder_found = false;
        // Links to blobs lead out of the snapshot, but not out of the repository.
        let all_files = walk(&repository, DEPTH + 2);
        for snapshot in snapshots.iter().rev() {
            let Some(place) = Place::of(snapshot) else {
                continue;
            };
            let inside = all_files.iter().filter(|path| path.starts_with(snapshot));
            let files: Vec<&PathBuf> = inside.collect();
            let is_folder = files
                .iter()
                .any(|path| **path == snapshot.join("config.json"));
            let weights = files.iter().any(|path| {
                path.parent() == Some(snapshot)
                    && path
                        .extension()
                        .is_some_and(|ending| ending == "safetensors")
            });
            if is_folder && weights && !folder_found {
                folder_found = true;
                all.push(candidate(place.name(), snapshot.clone()));
            }
            for path in files.into_iter().filter(|path| is_weights(path)) {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                all.push(candidate(
                    format!("{} · {stem}", place.name()),
                    path.clone(),
                ));
            }
        }
    }
    all
}

fn candidate(name: String, path: PathBuf) -> Candidate {
    Candidate {
        name,
        path,
        keeper: Keeper::HubCache,
    }
}

/// The folders of a folder, without links.
fn folders(folder: &Path, most: usize) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<PathBuf> = folders.take(most).map(|entry| entry.path()).collect();
    folders.sort();
    folders
}
