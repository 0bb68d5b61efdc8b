//! What SQLite and the file system say, as the failures that people read.

use protocol::{AppError, failure};
use rusqlite::ErrorCode;
use std::{io, path::Path};

/// A failure inside a piece of work on the history: SQLite's, or a sentence already.
#[derive(Debug)]
pub(crate) enum Fault {
    Sqlite(rusqlite::Error),
    Said(Box<AppError>),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(error)
    }
}

impl From<AppError> for Fault {
    fn from(error: AppError) -> Self {
        Fault::Said(Box::new(error))
    }
}

impl Fault {
    /// The sentence, about the history at `path`.
    pub(crate) fn about(self, path: &Path) -> AppError {
        match self {
            Fault::Said(error) => *error,
            Fault::Sqlite(error) => sqlite(path, &error),
        }
    }
}

/// SQLite says IOERR_SHMSIZE where the shared-memory file of the WAL finds no room.
const IOERR_SHMSIZE: i32 = 4874;

/// The sentence for an error of SQLite.
pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> AppError {
    use rusqlite::Error as E;
    let said = match error {
        E::SqliteFailure(code, _) if code.extended_code == IOERR_SHMSIZE => {
            failure::disk_full(path)
        }
        E::SqliteFailure(code, _) => match code.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => failure::history_busy(path),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                failure::history_read_only(path)
            }
            ErrorCode::DiskFull => failure::disk_full(path),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => failure::history_damaged(path),
            ErrorCode::SystemIoFailure => failure::file_not_written(path),
            _ => failure::internal(),
        },
        // A value that is not what this schema writes there.
        E::FromSqlConversionFailure(..)
        | E::InvalidColumnType(..)
        | E::IntegralValueOutOfRange(..) => failure::history_damaged(path),
        _ => failure::internal(),
    };
    said.detail(error)
}

/// The sentence for an error of the file system around the history.
pub(crate) fn io(path: &Path, error: &io::Error) -> AppError {
    use io::ErrorKind as K;
    let said = match error.kind() {
        K::PermissionDenied | K::ReadOnlyFilesystem | K::NotADirectory | K::AlreadyExists => {
            failure::history_read_only(path)
        }
        K::StorageFull | K::QuotaExceeded => failure::disk_full(path),
        _ => failure::file_not_written(path),
    };
    said.detail(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_errors_become_sentences() {
        let check = |code: i32, key: &str| {
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            assert_eq!(sqlite(Path::new("h"), &error).key, key, "code {code}");
        };
        use rusqlite::ffi;
        check(ffi::SQLITE_BUSY, "history-busy");
        check(ffi::SQLITE_LOCKED, "history-busy");
        check(ffi::SQLITE_READONLY, "history-read-only");
        check(ffi::SQLITE_READONLY_DIRECTORY, "history-read-only");
        check(ffi::SQLITE_PERM, "history-read-only");
        check(ffi::SQLITE_CANTOPEN, "history-read-only");
        check(ffi::SQLITE_FULL, "disk-full");
        check(ffi::SQLITE_IOERR_SHMSIZE, "disk-full");
        check(ffi::SQLITE_CORRUPT, "history-damaged");
        check(ffi::SQLITE_NOTADB, "history-damaged");
        check(ffi::SQLITE_IOERR_WRITE, "file-not-written");
        check(ffi::SQLITE_MISUSE, "internal");
    }

    #[test]
    fn file_system_errors_become_sentences() {
        let check = |kind: io::ErrorKind, key: &str| {
            assert_eq!(
                io(Path::new("h"), &io::Error::from(kind)).key,
                key,
                "{kind:?}"
            );
        };
        check(io::ErrorKind::PermissionDenied, "history-read-only");
        check(io::ErrorKind::ReadOnlyFilesystem, "history-read-only");
        check(io::ErrorKind::NotADirectory, "history-read-only");
        check(io::ErrorKind::StorageFull, "disk-full");
        check(io::ErrorKind::Other, "file-not-written");
    }
}
