//! What goes from the disk with a copy of a model, and what stays because others have it too.
//!
//! Only files of the hub's layout go: whatever lies elsewhere is another program's or the
//! person's. A file goes by its name; its bytes come free where nothing else names them.

use super::place::Place;
use crate::record::{Copy, hex};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// Hex digits of a path's hash in the names of weights that were made smaller
/// (`engine/src/kept.rs`).
const PATH_DIGITS: usize = 16;

/// What is removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Files and links. What a link leads to goes first: who is killed between the two would not
    /// find it again.
    pub files: Vec<PathBuf>,
    /// Bytes of the disk that come free.
    pub freed: u64,
    /// Bytes that stay.
    pub shared: u64,
    places: Vec<Place>,
}

impl Removal {
    /// Of a model's copies. `used` are files that other models of the library have; `weights` is the
    /// folder of weights that were made smaller.
    pub fn of(copies: &[Copy], used: &BTreeSet<PathBuf>, weights: &Path) -> Removal {
        let mut removal = Removal::default();
        for copy in copies {
            match Place::of(Path::new(&copy.path)) {
                Some(place) => removal.add(copy, place, used),
                None => removal.shared += copy.bytes,
            }
            removal.add_made_of(copy, weights);
        }
        removal
    }

    /// A copy in the hub's layout.
    fn add(&mut self, copy: &Copy, place: Place, used: &BTreeSet<PathBuf>) {
        let all: BTreeSet<PathBuf> = files(copy, &place).into_iter().collect();
        let (stay, go): (Vec<_>, Vec<_>) = all.into_iter().partition(|path| used.contains(path));
        self.shared += stay.iter().map(|path| length(path)).sum::<u64>();
        let mut blobs = BTreeSet::new();
        for path in &go {
            let Ok(file) = fs::symlink_metadata(path) else {
                continue;
            };
            if let Some(blob) = place.blob(path) {
                blobs.insert(blob);
            } else if file.is_symlink() {
                // It leads out of the cache: what it leads to is not ours.
                self.shared += length(path);
            } else {
                self.count(&file);
            }
        }
        let going = go.into_iter().collect();
        for blob in blobs {
            let Ok(file) = fs::symlink_metadata(&blob) else {
                continue;
            };
            if place.is_shared(&blob, &going) {
                self.shared += file.len();
            } else {
                self.count(&file);
                self.files.push(blob);
            }
        }
        self.files.extend(going);
        self.places.push(place);
    }

    /// What was made of a folder's weights when they were loaded.
    fn add_made_of(&mut self, copy: &Copy, weights: &Path) {
        let hash = hex(&Sha256::digest(copy.path.as_bytes()));
        let start = format!("{}-", &hash[..PATH_DIGITS]);
        for entry in fs::read_dir(weights).into_iter().flatten().flatten() {
            let is_made = entry.file_name().to_string_lossy().starts_with(&start);
            if let Ok(file) = fs::symlink_metadata(entry.path())
                && is_made
                && file.is_file()
            {
                self.freed += file.len();
                self.files.push(entry.path());
            }
        }
    }

    fn count(&mut self, file: &Metadata) {
        match links(file) {
            1 => self.freed += file.len(),
            _ => self.shared += file.len(),
        }
    }

    /// Removes it, as far as that is possible. `go_on` is asked before each file.
    /// The first failure is told, after the rest is done.
    pub fn run(&self, go_on: &dyn Fn() -> bool) -> Result<(), (PathBuf, std::io::Error)> {
        let mut result = Ok(());
        for path in &self.files {
            if !go_on() {
                return result;
            }
            match fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    result = result.and(Err((path.clone(), error)));
                }
                _ => {}
            }
        }
        for place in &self.places {
            place.tidy();
        }
        result
    }
}

/// The files of a copy inside its snapshot: what it was added with, and where it is the whole
/// folder what else lies directly in it.
pub fn files(copy: &Copy, place: &Place) -> Vec<PathBuf> {
    let snapshot = place.snapshot();
    let own = copy
        .files()
        .into_iter()
        .map(|part| PathBuf::from(part.path));
    let mut files: Vec<PathBuf> = own.filter(|path| path.starts_with(&snapshot)).collect();
    let folder = Path::new(&copy.path);
    if folder.is_dir() && !folder.is_symlink() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder && !files.contains(&entry.path()) {
                files.push(entry.path());
            }
        }
    }
    files
}

/// Bytes of what the path leads to; 0 where that is nothing.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// How many names the file has.
#[cfg(unix)]
fn links(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(file)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}
