//! A small file that every Parley of a person shares: written whole and atomically, under a lock
//! that all of them take.

use crate::lock::Lock;
use protocol::{AppError, failure};
use serde::Serialize;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How long another process may hold the lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells one writing of the file from another without reading it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamp {
    written: Option<SystemTime>,
    bytes: u64,
    #[cfg(unix)]
    inode: u64,
}

/// The file and the lock beside it.
#[derive(Clone, Debug)]
pub struct SharedFile {
    path: PathBuf,
}

impl SharedFile {
    pub fn new(path: PathBuf) -> SharedFile {
        SharedFile { path }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder that the file lies in. Errors: `disk-full`, `file-not-written`.
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

    /// At most one byte more than `limit`; None where there is no file.
    pub fn read(&self, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Waits for the lock.
    /// Errors: `file-not-written` where another process keeps it, or it cannot be made.
    pub fn lock(&self) -> Result<Lock, AppError> {
        let path = self.path.with_extension("lock");
        let began = Instant::now();
        loop {
            match Lock::try_take(&path)? {
                Some(lock) => return Ok(lock),
                None if began.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                None => {
                    return Err(
                        failure::file_not_written(&self.path).detail("another Parley holds it")
                    );
                }
            }
        }
    }

    /// Writes it whole: either the old one or the new one is there, whatever happens.
    /// The lock is held. Errors: `disk-full`, `file-not-written`.
    pub fn write(&self, content: &impl Serialize) -> Result<(), AppError> {
        let failed = |e: std::io::Error| not_written(&self.path, &e);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        self.sweep(folder);
        let mut file = tempfile::Builder::new()
            .prefix(&self.prefix())
            .suffix(".tmp")
            .tempfile_in(folder)
            .map_err(failed)?;
        let mut text = serde_json::to_vec_pretty(content)
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
        let prefix = self.prefix();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(".tmp") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// How the files begin that it is written by.
    fn prefix(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        format!("{}-", stem.to_string_lossy())
    }

    /// Renames a damaged file, so that nothing in it is lost. Returns where it is now.
    /// The lock is held. Errors: `file-not-written`.
    pub fn set_aside(&self) -> Result<PathBuf, AppError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_millis());
        let aside = self.path.with_extension(format!("damaged-{now}.json"));
        std::fs::rename(&self.path, &aside).map_err(|e| not_written(&aside, &e))?;
        Ok(aside)
    }
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
