//! The library's index: one file, written whole and atomically, under a lock that every Parley
//! takes. A damaged one is set aside and rebuilt from the paths that can still be read in it.

use crate::record::{Origin, Record};
use protocol::{AppError, failure};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// The version of the file's form.
const VERSION: u32 = 1;
/// A longer index is not one of ours.
const LIMIT: u64 = 16 << 20;
/// How long another process may hold the lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most paths that are taken from a damaged index.
const SALVAGE_LIMIT: usize = 1000;

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    version: u32,
    /// In the order they came.
    pub models: Vec<Record>,
}

impl Default for Index {
    fn default() -> Self {
        Index {
            version: VERSION,
            models: Vec::new(),
        }
    }
}

impl Index {
    /// The model that has or had `id`.
    pub fn by_id(&self, id: &str) -> Option<&Record> {
        self.models.iter().find(|record| record.answers_to(id))
    }

    /// The model that uses the file at `path` as it is now.
    pub fn by_path(&self, path: &str) -> Option<&Record> {
        self.models.iter().find(|record| {
            let mut copies = record.files.iter();
            copies.any(|copy| copy.path == path && copy.is_as_it_was())
        })
    }

    /// Adds a model, or its file to the model that has its id already. Returns that id.
    pub fn add(&mut self, record: Record) -> String {
        let known = self.models.iter_mut().find(|other| {
            let mut ids = record.earlier.iter().chain([&record.id]);
            ids.any(|id| other.answers_to(id))
        });
        let Some(known) = known else {
            let id = record.id.clone();
            self.models.push(record);
            return id;
        };
        known.prompt = known.prompt.take().or(record.prompt);
        for copy in record.files {
            match known.files.iter_mut().find(|c| c.path == copy.path) {
                Some(old) => *old = copy,
                None => known.files.push(copy),
            }
        }
        for id in record.earlier.into_iter().chain([record.id]) {
            if !known.answers_to(&id) {
                known.earlier.push(id);
            }
        }
        if record.source == Origin::Bundled {
            known.source = Origin::Bundled;
            known.name = record.name;
        }
        known.id.clone()
    }

    /// Notes the hash of the file at `path`, of `bytes` and `modified` as it was hashed.
    /// A provisional model gets its identity, and joins the model that has it already.
    pub fn hashed(&mut self, path: &str, bytes: u64, modified: i64, sha256: &str) {
        let Some(at) = self.models.iter_mut().position(|record| {
            record.files.iter_mut().any(|copy| {
                let same = (copy.path.as_str(), copy.bytes, copy.modified)
                    == (path, bytes, modified)
                    && copy.sha256.is_none();
                if same {
                    copy.sha256 = Some(sha256.to_owned());
                }
                same
            })
        }) else {
            return;
        };
        if !self.models[at].id.starts_with("header:") {
            return;
        }
        let mut record = self.models.remove(at);
        let provisional = std::mem::replace(&mut record.id, format!("sha256:{sha256}"));
        record.earlier.push(provisional);
        if self.by_id(&record.id).is_some() {
            self.add(record);
        } else {
            self.models.insert(at, record);
        }
    }
}

/// Tells one writing of the file from another without reading it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamp {
    written: Option<SystemTime>,
    bytes: u64,
    #[cfg(unix)]
    inode: u64,
}

/// The index's file and the lock beside it.
#[derive(Clone, Debug)]
pub struct IndexFile {
    path: PathBuf,
}

/// What reading found.
pub enum Found {
    /// The index; an absent file is an empty one.
    Whole(Index),
    /// Something else, and its bytes.
    Damaged(Vec<u8>),
}

impl IndexFile {
    pub fn new(path: PathBuf) -> IndexFile {
        IndexFile { path }
    }

    /// Makes the folder that the index lies in. Errors: `disk-full`, `file-not-written`.
    pub fn create_folder(&self) -> Result<(), AppError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        create_private(folder)
    }

    /// None where there is no file.
    pub fn stamp(&self) -> Option<Stamp> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        Some(Stamp {
            written: metadata.modified().ok(),
            bytes: metadata.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&metadata),
        })
    }

    /// Errors: `library-damaged` where it cannot be read or was written by a newer Parley.
    pub fn read(&self) -> Result<Found, AppError> {
        let unreadable = |e: std::io::Error| failure::library_damaged(&self.path).detail(e);
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => {
                return Ok(Found::Whole(Index::default()));
            }
            Err(e) => return Err(unreadable(e)),
        };
        let mut bytes = Vec::new();
        file.take(LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        let version = serde_json::from_slice::<serde_json::Value>(&bytes)
            .ok()
            .and_then(|index| index.get("version")?.as_u64());
        if version.is_some_and(|version| version > VERSION.into()) {
            return Err(failure::library_damaged(&self.path).detail("written by a newer Parley"));
        }
        Ok(match serde_json::from_slice(&bytes) {
            Ok(index) if bytes.len() as u64 <= LIMIT => Found::Whole(index),
            _ => Found::Damaged(bytes),
        })
    }

    /// Waits for the lock; it is let go when the file is dropped.
    /// Errors: `file-not-written` where another process keeps it, or it cannot be made.
    pub fn lock(&self) -> Result<File, AppError> {
        let path = self.path.with_extension("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| not_written(&path, &e))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(
                        failure::file_not_written(&self.path).detail("another Parley holds it")
                    );
                }
                // A file system without locks: rather the small risk than no library.
                Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {
                    return Ok(file);
                }
                Err(TryLockError::Error(e)) => return Err(not_written(&path, &e)),
            }
        }
    }

    /// Writes the index whole: either the old one or the new one is there, whatever happens.
    /// The lock is held. Errors: `disk-full`, `file-not-written`.
    pub fn write(&self, index: &Index) -> Result<(), AppError> {
        let failed = |e: std::io::Error| not_written(&self.path, &e);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        self.sweep(folder);
        let mut file = tempfile::Builder::new()
            .prefix("library-")
            .suffix(".tmp")
            .tempfile_in(folder)
            .map_err(failed)?;
        let mut text = serde_json::to_vec_pretty(index)
            .map_err(|e| failure::file_not_written(&self.path).detail(e))?;
        text.push(b'\n');
        file.write_all(&text).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&self.path).map_err(|e| failed(e.error))?;
        // The new name is safe only when the folder is.
        #[cfg(unix)]
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
        Ok(())
    }

    /// Removes what a process left that died while it wrote.
    fn sweep(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("library-") && name.ends_with(".tmp") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Renames a damaged index, so that nothing in it is lost. Returns where it is now.
    /// The lock is held. Errors: `file-not-written`.
    pub fn set_aside(&self) -> Result<PathBuf, AppError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_millis());
        let aside = self.path.with_extension(format!("damaged-{now}.json"));
        std::fs::rename(&self.path, &aside).map_err(|e| not_written(&aside, &e))?;
        Ok(aside)
    }
}

/// Every path that can still be read in a damaged index.
pub fn salvage(bytes: &[u8]) -> Vec<PathBuf> {
    let mark = b"\"path\"";
    let mut paths = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark)
        && paths.len() < SALVAGE_LIMIT
    {
        rest = &rest[at + mark.len()..];
        let value = rest.trim_ascii_start();
        let Some(value) = value.strip_prefix(b":") else {
            continue;
        };
        let mut strings = serde_json::Deserializer::from_slice(value).into_iter::<String>();
        if let Some(Ok(path)) = strings.next() {
            paths.push(PathBuf::from(path));
        }
    }
    paths
}

/// Creates a folder, for the person alone where the system knows of such.
pub fn create_private(folder: &Path) -> Result<(), AppError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|e| not_written(folder, &e))
}

/// Why a file could not be written.
pub fn not_written(path: &Path, error: &std::io::Error) -> AppError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failure::disk_full(path).detail(error),
        _ => failure::file_not_written(path).detail(error),
    }
}
