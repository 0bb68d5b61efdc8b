//! Folders of GGUF files, as LM Studio, Jan and GPT4All keep them; and how such folders are walked.

use super::Candidate;
use protocol::Keeper;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most entries of all folders of a program.
const MOST_ENTRIES: usize = 50_000;
/// Folders inside each other: Jan names models by the path of their repository.
const DEPTH: usize = 8;

/// The GGUF files below the folder that may be models.
pub fn candidates(root: impl AsRef<Path>, keeper: Keeper) -> Vec<Candidate> {
    let root = root.as_ref();
    let files = walk(root, DEPTH)
        .into_iter()
        .filter(|path| is_weights(path));
    let named = files.map(|path| Candidate {
        name: name(&path, keeper),
        path,
        keeper,
    });
    named.collect()
}

/// What its program calls it: Jan by the folder, the others by the file.
fn name(path: &Path, keeper: Keeper) -> String {
    let folder = path.parent().and_then(Path::file_name);
    let stem = path.file_stem();
    let plain = keeper == Keeper::Jan && stem.is_some_and(|stem| stem == "model");
    let name = if plain { folder } else { stem };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// A GGUF file by its name: no projector, and of a split one the first part.
pub fn is_weights(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let Some(stem) = name.strip_suffix(".gguf") else {
        return false;
    };
    let later = stem.rsplit_once("-of-").is_some_and(|(before, all)| {
        let number = before.rsplit_once('-').map_or("", |(_, number)| number);
        let is_number = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
        is_number(all) && is_number(number) && number != "00001"
    });
    !stem.contains("mmproj") && !later
}

/// The files below a folder, in the order of their names, and links to files of the same folder. No
/// link to a folder is followed.
pub fn walk(root: &Path, depth: usize) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), 1)];
    let mut seen = 0;
    while let Some((folder, deep)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST_ENTRIES {
                return files;
            }
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && deep < depth => folders.push((path, deep + 1)),
                Ok(kind) if kind.is_file() => files.push(path),
                Ok(kind) if kind.is_symlink() && stays(root, &path) => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// Whether a link leads to a file below the folder.
fn stays(root: &Path, link: &Path) -> bool {
    fs::canonicalize(link).is_ok_and(|path| path.starts_with(root) && path.is_file())
}

/// A JSON file of at most so many bytes. Pipes and devices are not opened.
pub fn json(path: &Path, most: u64) -> Option<serde_json::Value> {
    let file = fs::symlink_metadata(path).ok()?;
    if !file.is_file() || file.len() > most {
        return None;
    }
    let mut text = Vec::new();
    File::open(path)
        .ok()?
        .take(most)
        .read_to_end(&mut text)
        .ok()?;
    serde_json::from_slice(&text).ok()
}
