//! A lock file: what whoever works at something holds, over all processes.

use crate::shared_file::not_written;
use protocol::{AppError, failure};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

/// A lock that is held until it is dropped, or its process ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, whose folder is there; None while another holds it.
    /// Errors: `disk-full`, `file-not-written`.
    pub fn try_take(path: &Path) -> Result<Option<Lock>, AppError> {
        Lock::try_by(path, File::try_lock)
    }

    /// The same for those who only keep others from taking it alone.
    pub fn try_share(path: &Path) -> Result<Option<Lock>, AppError> {
        Lock::try_by(path, File::try_lock_shared)
    }

    /// Waits for a lock that others hold for a moment only. Errors: as [`Lock::try_take`].
    pub fn take(path: &Path) -> Result<Lock, AppError> {
        let waited = Lock::try_by(path, |file| file.lock().map_err(TryLockError::Error))?;
        waited.ok_or_else(|| failure::file_not_written(path))
    }

    fn try_by(
        path: &Path,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Option<Lock>, AppError> {
        let failed = |e: std::io::Error| not_written(path, &e);
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        let file = options.open(path).map_err(failed)?;
        match lock(&file) {
            Ok(()) => Ok(Some(Lock { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            // A file system without locks: rather the small risk than nothing at all.
            Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {
                Ok(Some(Lock { file }))
            }
            Err(TryLockError::Error(e)) => Err(failed(e)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that another thread starts at this moment has
        // the file too until it becomes its program, and the lock with it.
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use std::process::Command;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn a_lock_let_go_is_free_while_programs_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let program = std::env::current_exe().unwrap();
                    let ended = Command::new(program).arg("--list").output().unwrap();
                    assert!(ended.status.success());
                }
            });
            let busy = (0..20_000).filter(|_| Lock::try_take(&path).unwrap().is_none());
            let busy = busy.count();
            done.store(true, Ordering::Relaxed);
            assert_eq!(busy, 0);
        });
    }
}
