//! The folder that Python's huggingface_hub keeps its files in, so that weights are on the disk
//! once for all programs: `models--owner--name/` with `blobs/<etag>`,
//! `snapshots/<commit>/<path>` as relative links to the blobs, `refs/<branch>` with a commit,
//! and `.locks/models--owner--name/<etag>.lock`, which who writes a blob holds.
//! Source: huggingface_hub's guide "Understand caching".

use crate::lock::Lock;
use crate::shared_file::not_written;
use protocol::{AppError, failure};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// Longest name of a repository, a revision or a file.
const LONGEST: usize = 1024;

/// How snapshots refer to blobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// By symbolic links where the system and the disk have them, else as [`Links::Never`].
    #[default]
    Where,
    /// The file itself lies in the snapshot, as on Windows.
    Never,
}

/// The folder of one repository.
#[derive(Clone, Debug)]
pub struct Repository {
    folder: PathBuf,
    locks: PathBuf,
    links: Links,
}

impl Repository {
    /// The folder of `name` (`owner/name`) below `root`. Errors: `name-refused`.
    pub fn new(root: &Path, name: &str, links: Links) -> Result<Repository, AppError> {
        check_repository(name)?;
        let folder = format!("models--{}", name.replace('/', "--"));
        Ok(Repository {
            locks: root.join(".locks").join(&folder),
            folder: root.join(folder),
            links,
        })
    }

    /// A whole file under the name of its content.
    pub fn blob(&self, etag: &str) -> PathBuf {
        self.folder.join("blobs").join(etag)
    }

    /// What has come of a file.
    pub fn part(&self, etag: &str) -> PathBuf {
        self.blob(&format!("{etag}.parley-part"))
    }

    /// Which ranges of it are there.
    pub fn journal(&self, etag: &str) -> PathBuf {
        self.blob(&format!("{etag}.parley-ranges"))
    }

    /// The files of a commit.
    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// Makes the folder of the blobs. Errors: `disk-full`, `file-not-written`.
    pub fn create(&self) -> Result<(), AppError> {
        create(&self.folder.join("blobs"))
    }

    /// The lock that whoever writes the blob holds, until it is dropped; None while another
    /// program does. Errors: `disk-full`, `file-not-written`.
    pub fn lock(&self, etag: &str) -> Result<Option<Lock>, AppError> {
        create(&self.locks)?;
        Lock::try_take(&self.locks.join(format!("{etag}.lock")))
    }

    /// Whether `path` of `commit` is there, whole.
    pub fn has(&self, commit: &str, path: &str, bytes: u64) -> bool {
        is_whole(&self.snapshot(commit).join(path), bytes)
    }

    /// Shows the whole blob as `path` of `commit`, in place of what was there.
    /// Errors: `disk-full`, `file-not-written`.
    pub fn show(&self, commit: &str, path: &str, etag: &str) -> Result<(), AppError> {
        let shown = self.snapshot(commit).join(path);
        let folder = shown.parent().unwrap_or(&self.folder);
        create(folder)?;
        let blob = self.blob(etag);
        let failed = |e: std::io::Error| not_written(&shown, &e);
        let depth = Path::new(path).components().count();
        match std::fs::remove_file(&shown) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(failed(e)),
            _ => {}
        }
        let target = Path::new(&"../".repeat(depth + 1)).join("blobs").join(etag);
        if self.links == Links::Never || symlink(&target, &shown).is_err() {
            std::fs::rename(&blob, &shown).map_err(failed)?;
        }
        flush_folder(folder)
    }

    /// Notes that `revision`, a branch or a tag, is `commit`. Errors: `disk-full`,
    /// `file-not-written`.
    pub fn note(&self, revision: &str, commit: &str) -> Result<(), AppError> {
        let path = self.folder.join("refs").join(revision);
        create(path.parent().unwrap_or(&self.folder))?;
        std::fs::write(&path, commit).map_err(|e| not_written(&path, &e))
    }
}

/// Errors: `name-refused` where it is no `owner/name` or `name` of the hub.
pub fn check_repository(name: &str) -> Result<(), AppError> {
    let mut parts = name.split('/');
    let plain = |part: &str| {
        !part.is_empty()
            && part.len() <= 96
            && !part.starts_with(['.', '-'])
            && !part.ends_with(['.', '-'])
            && !part.contains("--")
            && !part.contains("..")
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if parts.clone().count() <= 2 && parts.all(plain) {
        Ok(())
    } else {
        Err(failure::name_refused(name))
    }
}

/// Errors: `name-refused` where a path inside a repository, or a revision, leads out of its
/// folder or could not be a file's name.
pub fn check_path(path: &str) -> Result<(), AppError> {
    let plain = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    // Such as `a//b` and `a/./b`, which are the same file by another name.
    let settled = path
        .split('/')
        .all(|part| !part.is_empty() && part != "." && part != "..");
    let letters = !path.contains(|c: char| c.is_control() || matches!(c, '\\' | ':'));
    if plain && settled && letters && path.len() <= LONGEST {
        Ok(())
    } else {
        Err(failure::name_refused(path))
    }
}

/// Whether a file of that length is at `path`.
pub fn is_whole(path: &Path, bytes: u64) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == bytes)
}

/// Makes new names in a folder safe from a power cut. Errors: `file-not-written`.
pub fn flush_folder(folder: &Path) -> Result<(), AppError> {
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| not_written(folder, &e))?;
    Ok(())
}

fn create(folder: &Path) -> Result<(), AppError> {
    std::fs::create_dir_all(folder).map_err(|e| not_written(folder, &e))
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}
#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let repository = |name: &str, good: bool| {
            assert_eq!(check_repository(name).is_ok(), good, "{name}");
        };
        repository("owner/name", true);
        repository("gpt2", true);
        repository("TheBloke/Llama-2-7B-Chat-GGUF", true);
        repository("a/b/c", false);
        repository("../b", false);
        repository("a/..", false);
        repository("/b", false);
        repository("a--b/c", false);
        repository("a/b?c", false);
        repository("a/b c", false);
        repository("", false);
        let path = |path: &str, good: bool| {
            assert_eq!(check_path(path).is_ok(), good, "{path}");
        };
        path("model.gguf", true);
        path("Q4/model-00001-of-00002.gguf", true);
        path("refs/pr/1", true);
        path("文件.gguf", true);
        path("../x", false);
        path("a/../../x", false);
        path("/etc/passwd", false);
        path("a//b", false);
        path("a/./b", false);
        path("a\\..\\b", false);
        path("C:x", false);
        path("a\0b", false);
        path("a\nb", false);
        path("", false);
        path(&"a".repeat(2000), false);
    }
}
