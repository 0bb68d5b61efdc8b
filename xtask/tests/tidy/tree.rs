//! The repository's files.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the repository.
pub struct File {
    /// From the root, with `/`.
    pub path: String,
    /// Its text; empty if it is none.
    pub text: String,
}

/// Folders that are made, not written: what `.gitignore` names.
const MADE: &[&str] = &[
    ".git",
    "target",
    "node_modules",
    "dist",
    "dist-fake",
    "gen",
    "starter",
];

/// The repository's root.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// Every file that is written by people or committed, but for the models.
pub fn files() -> Vec<File> {
    let mut files = Vec::new();
    walk(&root(), "", &mut files);
    assert!(
        files.len() > 100,
        "the repository was not found at {}",
        root().display()
    );
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder)
        .expect("a folder can be read")
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        // Other tests write and remove files meanwhile: what is gone is no offence.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        // A worktree's `.git` is a file.
        if MADE.contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_file()
            && !path.ends_with(".gguf")
            && let Ok(content) = fs::read(entry.path())
        {
            files.push(File {
                path,
                text: String::from_utf8(content).unwrap_or_default(),
            });
        }
    }
}
