//! The layout of the hub's cache, as Python's huggingface_hub keeps it:
//! <https://huggingface.co/docs/huggingface_hub/guides/manage-cache>.
//!
//! `models--<owner>--<name>/` has `snapshots/<commit>/<path>`, each a link to a file of `blobs/`
//! (or the file itself, where the system has no links), and `refs/<branch>` with a commit in each.
//! Nothing here goes out of that folder, whatever its links say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Most entries of one repository that are looked at.
const MOST_ENTRIES: usize = 100_000;
/// Folders inside each other.
const MOST_DEEP: usize = 12;
/// Bytes of a commit's name, with a line's end.
const MOST_REF: u64 = 256;

/// A path inside a snapshot, or the snapshot itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder of all repositories.
    pub cache: PathBuf,
    /// `models--<owner>--<name>`.
    pub repository: String,
    /// The commit.
    pub revision: String,
    /// The path in the repository; empty for the snapshot itself.
    pub inside: PathBuf,
}

impl Place {
    /// None of a path that is in no such layout, by its names alone.
    pub fn of(path: &Path) -> Option<Place> {
        let parts: Vec<Component<'_>> = path.components().collect();
        let text = |part: &Component<'_>| part.as_os_str().to_str().map(str::to_owned);
        let at = (1..parts.len().saturating_sub(1)).rfind(|at| {
            parts[*at].as_os_str() == "snapshots"
                && text(&parts[at - 1]).is_some_and(|name| name.starts_with("models--"))
        })?;
        let plain = |part: &Component<'_>| matches!(part, Component::Normal(_));
        parts[at..].iter().all(plain).then_some(())?;
        Some(Place {
            cache: parts[..at - 1].iter().collect(),
            repository: text(&parts[at - 1])?,
            revision: text(&parts[at + 1])?,
            inside: parts[at + 2..].iter().collect(),
        })
    }

    /// The same in another cache.
    pub fn within(&self, cache: &Path) -> Place {
        Place {
            cache: cache.to_owned(),
            ..self.clone()
        }
    }

    /// The same snapshot's other path.
    pub fn file(&self, inside: &Path) -> Place {
        Place {
            inside: inside.to_owned(),
            ..self.clone()
        }
    }

    /// The repository's folder.
    pub fn folder(&self) -> PathBuf {
        self.cache.join(&self.repository)
    }

    /// The snapshot's folder.
    pub fn snapshot(&self) -> PathBuf {
        self.folder().join("snapshots").join(&self.revision)
    }

    /// The path itself.
    pub fn path(&self) -> PathBuf {
        match self.inside.as_os_str().is_empty() {
            true => self.snapshot(),
            false => self.snapshot().join(&self.inside),
        }
    }

    /// The repository as the hub names it: `owner/name`.
    pub fn name(&self) -> String {
        let name = self.repository.strip_prefix("models--");
        name.unwrap_or(&self.repository).replacen("--", "/", 1)
    }

    /// The folder of blobs.
    pub fn blobs(&self) -> PathBuf {
        self.folder().join("blobs")
    }

    /// The blob that the link at `path` leads to. None where it is no link, or leads elsewhere.
    pub fn blob(&self, path: &Path) -> Option<PathBuf> {
        let target = path.parent()?.join(fs::read_link(path).ok()?);
        let folder = fs::canonicalize(target.parent()?).ok()?;
        // A folder that is itself a link would lead out of the repository.
        let is_own = fs::symlink_metadata(self.blobs()).is_ok_and(|blobs| blobs.is_dir());
        let blobs = fs::canonicalize(self.blobs()).ok().filter(|_| is_own)?;
        let blob = self.blobs().join(target.file_name()?);
        let is_file = fs::symlink_metadata(&blob).is_ok_and(|blob| blob.is_file());
        (folder == blobs && is_file).then_some(blob)
    }

    /// Whether a path of any snapshot other than `these` leads to the blob. What cannot be looked
    /// through may.
    pub fn is_shared(&self, blob: &Path, these: &BTreeSet<PathBuf>) -> bool {
        let Some(all) = files(&self.folder().join("snapshots")) else {
            return true;
        };
        let mut others = all.iter().filter(|path| !these.contains(*path));
        others.any(|path| self.blob(path).as_deref() == Some(blob))
    }

    /// The branches and tags that name this snapshot.
    pub fn refs(&self) -> Vec<PathBuf> {
        let folder = self.folder().join("refs");
        let mut refs = files(&folder).unwrap_or_default();
        refs.retain(|path| {
            let short = fs::symlink_metadata(path)
                .is_ok_and(|file| file.is_file() && file.len() < MOST_REF);
            short && fs::read_to_string(path).is_ok_and(|commit| commit.trim() == self.revision)
        });
        refs
    }

    /// Removes the folders that are empty now, and with the last file of a snapshot the names
    /// that point to it: huggingface_hub calls a name without a snapshot damaged. With its last
    /// snapshot the repository goes.
    pub fn tidy(&self) {
        let (folder, snapshot) = (self.folder(), self.snapshot());
        remove_empty_folders(&snapshot, 0);
        if snapshot.exists() {
            return;
        }
        for path in self.refs() {
            let _ = fs::remove_file(path);
        }
        for below in ["snapshots", "refs", "blobs"] {
            remove_empty_folders(&folder.join(below), 0);
        }
        if folder.join("snapshots").exists() || folder.join("blobs").exists() {
            // Without it huggingface_hub calls the whole repository damaged.
            let _ = fs::create_dir(folder.join("snapshots"));
            return;
        }
        // What is known not to be there, for nothing.
        let _ = fs::remove_dir_all(folder.join(".no_exist"));
        let _ = fs::remove_dir(folder);
    }
}

/// All files and links below a folder, folders that are links not looked into. None where there
/// are too many, or a folder cannot be read.
pub fn files(folder: &Path) -> Option<Vec<PathBuf>> {
    if fs::symlink_metadata(folder).is_ok_and(|folder| folder.is_symlink()) {
        return None;
    }
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, deep)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(_) => return None,
        };
        for entry in entries {
            let entry = entry.ok()?;
            seen += 1;
            let kind = entry.file_type().ok()?;
            if seen > MOST_ENTRIES || kind.is_dir() && deep >= MOST_DEEP {
                return None;
            }
            match kind.is_dir() {
                true => folders.push((entry.path(), deep + 1)),
                false => files.push(entry.path()),
            }
        }
    }
    Some(files)
}

/// Removes a folder where there is no file in it, and those below it.
fn remove_empty_folders(folder: &Path, deep: usize) {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|folder| folder.is_dir());
    if !is_folder || deep > MOST_DEEP {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        remove_empty_folders(&entry.path(), deep + 1);
    }
    // Fails where something is in it.
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_by_its_names() {
        let check = |path: &str, expected: Option<(&str, &str, &str, &str)>| {
            let place = Place::of(Path::new(path));
            let told = place.as_ref().map(|place| {
                assert_eq!(place.path(), Path::new(path), "{path}");
                let cache = place.cache.to_str().unwrap();
                (
                    cache,
                    place.name(),
                    place.revision.as_str(),
                    place.inside.to_str().unwrap(),
                )
            });
            let expected = expected.map(|(a, b, c, d)| (a, b.to_owned(), c, d));
            assert_eq!(told, expected, "{path}");
        };
        check(
            "/c/models--a--b/snapshots/1f/q/x.gguf",
            Some(("/c", "a/b", "1f", "q/x.gguf")),
        );
        check(
            "/c/models--a--b-c/snapshots/1f",
            Some(("/c", "a/b-c", "1f", "")),
        );
        check(
            "/c/models--gpt2/snapshots/1f/x",
            Some(("/c", "gpt2", "1f", "x")),
        );
        check("/c/models--a--b/snapshots", None);
        check("/c/models--a--b/blobs/00", None);
        check("/c/datasets--a--b/snapshots/1f/x", None);
        check("/c/models--a--b/snapshots/../../x", None);
    }
}
