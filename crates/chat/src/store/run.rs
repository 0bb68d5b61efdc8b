//! Runs: each process that may write answers holds the lock of `runs/<id>.lock`. The system lets
//! go of it when the process ends, however it ends, so a streaming row whose run's lock can be
//! taken is of a process that is gone.

use super::failure;
use protocol::AppError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// This process's run.
pub(crate) struct Run {
    id: String,
    /// Its file, held. None: no other process can look.
    lock: Option<(PathBuf, File)>,
}

impl Run {
    /// Begins one in the folder `runs`. The caller holds the history's lock, or another process
    /// could take the file for a dead run's between its making and its locking.
    pub(super) fn begin(runs: &Path) -> Result<Run, AppError> {
        let mut run = Run::alone();
        let path = lock_path(runs, &run.id);
        let held = open(&path).map_err(|error| failure::io(&path, &error))?;
        held.lock().map_err(|error| failure::io(&path, &error))?;
        run.lock = Some((path, held));
        Ok(run)
    }

    /// One on a history that no other process sees.
    pub(super) fn alone() -> Run {
        let id = uuid::Uuid::now_v7().to_string();
        Run { id, lock: None }
    }

    /// Its id: what its streaming rows name.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Takes its file away.
    pub(super) fn end(&self) {
        if let Some((path, _held)) = &self.lock {
            // Where this fails the file is a dead run's, which the next start removes.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether the process of a run still lives: dead is only one whose lock is gone or can be taken,
/// since its answers are then ended for good. The caller holds the history's lock.
pub(super) fn lives(runs: &Path, id: &str) -> bool {
    match OpenOptions::new().write(true).open(lock_path(runs, id)) {
        Ok(file) => file.try_lock().is_err(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// The files of runs that ended without removing them: killed, or cut off with the power.
/// The caller holds the history's lock.
pub(super) fn dead(runs: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(runs)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "lock"))
        .filter(|path| {
            let file = OpenOptions::new().write(true).open(path);
            file.is_ok_and(|file| file.try_lock().is_ok())
        })
        .collect()
}

/// Takes the history's own lock, which guards opening, migrating and judging runs. Waits for
/// `patience`; None where another process holds it longer.
pub(super) fn hold(path: &Path, patience: Duration) -> Result<Option<File>, AppError> {
    let file = open(path).map_err(|error| failure::io(path, &error))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failure::io(path, &error)),
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

fn lock_path(runs: &Path, id: &str) -> PathBuf {
    runs.join(format!("{id}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_lives_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::begin(folder.path()).unwrap();
        let id = run.id().to_owned();
        assert!(lives(folder.path(), &id));
        assert!(dead(folder.path()).is_empty());
        drop(run);
        assert!(!lives(folder.path(), &id));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_killed_run_is_found() {
        let folder = tempfile::tempdir().unwrap();
        // What a killed process leaves: its file, with nobody holding the lock.
        std::fs::write(lock_path(folder.path(), "dead"), "").unwrap();
        assert!(!lives(folder.path(), "dead"));
        assert_eq!(dead(folder.path()), [lock_path(folder.path(), "dead")]);
    }

    #[test]
    fn the_history_lock_is_waited_for_only_so_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.lock");
        let held = hold(&path, Duration::ZERO).unwrap();
        assert!(held.is_some());
        assert!(hold(&path, Duration::from_millis(50)).unwrap().is_none());
        drop(held);
        assert!(hold(&path, Duration::ZERO).unwrap().is_some());
    }
}
