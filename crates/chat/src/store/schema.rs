//! The schema's version: migrations of all tables in order, each with a backup before it.

use super::failure::{self, Fault};
use protocol::{AppError, failure::history_newer};
use rusqlite::{Connection, TransactionBehavior, backup::Backup};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// One step of one table: the version that it leads to, and its SQL.
pub(crate) struct Migration {
    pub(crate) version: u32,
    pub(crate) sql: &'static str,
}

/// Every migration, in the order in which tables need each other.
pub(super) fn all() -> Vec<&'static Migration> {
    [
        super::conversation::MIGRATIONS,
        super::message::MIGRATIONS,
        super::setting::MIGRATIONS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The newest version that this Parley knows.
pub(super) fn newest() -> u32 {
    newest_of(&all())
}

fn newest_of(migrations: &[&Migration]) -> u32 {
    migrations
        .iter()
        .map(|step| step.version)
        .max()
        .unwrap_or(0)
}

/// Brings the history to the newest version among `migrations`. The caller holds the history's
/// lock. All steps are one transaction: either all of it happens or nothing.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&Migration],
) -> Result<(), AppError> {
    let fault = |error: rusqlite::Error| failure::sqlite(path, &error);
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(fault)?;
    let known = newest_of(migrations);
    if found > known {
        return Err(history_newer(path, found, known));
    }
    if found == known {
        return Ok(());
    }
    if found > 0 {
        back_up(connection, path, found)?;
    }
    let mut work = || -> Result<(), Fault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for version in found + 1..=known {
            for step in migrations.iter().filter(|step| step.version == version) {
                transaction.execute_batch(step.sql)?;
            }
        }
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()?;
        Ok(())
    };
    let began = Instant::now();
    work().map_err(|fault| fault.about(path))?;
    let ms = began.elapsed().as_millis();
    if found > 0 {
        tracing::info!(from = found, to = known, ms, "history migrated");
    }
    Ok(())
}

/// Where the copy made before leaving `version` is kept.
pub(super) fn backup_path(path: &Path, version: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".backup-{version}"));
    PathBuf::from(name)
}

/// A whole copy beside the history, complete or absent: written under another name, then renamed.
fn back_up(connection: &Connection, path: &Path, version: u32) -> Result<(), AppError> {
    let whole = backup_path(path, version);
    let mut part = OsString::from(&whole);
    part.push(".part");
    let part = PathBuf::from(part);
    // Left from a copy that was cut short.
    let _ = std::fs::remove_file(&part);
    let copy = || -> Result<(), Fault> {
        let mut target = Connection::open(&part)?;
        Backup::new(connection, &mut target)?.run_to_completion(256, Duration::ZERO, None)?;
        target.close().map_err(|(_, error)| error)?;
        Ok(())
    };
    copy().map_err(|fault| fault.about(&part))?;
    let keep = || {
        std::fs::File::open(&part)?.sync_all()?;
        std::fs::rename(&part, &whole)
    };
    keep().map_err(|error| failure::io(&whole, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration {
        version: 1,
        sql: "CREATE TABLE thing (a TEXT) STRICT; INSERT INTO thing VALUES ('kept');",
    };
    const SECOND: Migration = Migration {
        version: 2,
        sql: "ALTER TABLE thing ADD COLUMN b TEXT NOT NULL DEFAULT 'new';",
    };
    const BROKEN: Migration = Migration {
        version: 2,
        sql: "ALTER TABLE thing ADD COLUMN b TEXT; SELECT nothing FROM nowhere;",
    };

    fn open(path: &Path) -> Connection {
        Connection::open(path).unwrap()
    }

    #[test]
    fn a_migration_backs_up_first_and_keeps_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.db");
        migrate(&mut open(&path), &path, &[&FIRST]).unwrap();
        assert!(
            !backup_path(&path, 0).exists(),
            "there is nothing to back up before the first"
        );
        migrate(&mut open(&path), &path, &[&FIRST, &SECOND]).unwrap();
        let now: (String, String) = open(&path)
            .query_row("SELECT a, b FROM thing", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!(now, ("kept".into(), "new".into()));
        let before = open(&backup_path(&path, 1));
        let version: u32 = before
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        let kept: String = before
            .query_row("SELECT a FROM thing", [], |row| row.get(0))
            .unwrap();
        assert_eq!((version, kept.as_str()), (1, "kept"));
        assert!(before.prepare("SELECT b FROM thing").is_err());
    }

    #[test]
    fn a_migration_that_fails_leaves_the_history_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.db");
        migrate(&mut open(&path), &path, &[&FIRST]).unwrap();
        assert!(migrate(&mut open(&path), &path, &[&FIRST, &BROKEN]).is_err());
        let connection = open(&path);
        let version: u32 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, 1);
        assert!(connection.prepare("SELECT b FROM thing").is_err());
    }

    #[test]
    fn a_newer_history_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.db");
        migrate(&mut open(&path), &path, &[&FIRST, &SECOND]).unwrap();
        let before = std::fs::read(&path).unwrap();
        let error = migrate(&mut open(&path), &path, &[&FIRST]).unwrap_err();
        assert_eq!(error.key, "history-newer");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
