//! A look at the history from outside, for reports and for `parley doctor`: nothing is written, and
//! it works where the folder is read-only and while other processes are at it.

use super::{check_by, failure, failure::Fault, schema};
use protocol::{AppError, failure as sentence};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// How the history stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFacts {
    /// The version of its form.
    pub schema: u32,
    /// The newest form that this Parley knows.
    pub known: u32,
    /// How many conversations there are.
    pub conversations: u64,
    /// How many messages.
    pub messages: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// How the history at `path` stands; None where there is none. Where `whole` is asked for, all of
/// it is read and checked. Errors: `history-damaged`, `history-newer`, `history-busy`,
/// `history-read-only`.
pub(crate) fn look(path: &Path, whole: bool) -> Result<Option<HistoryFacts>, AppError> {
    let bytes = match std::fs::metadata(path) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failure::io(path, &error)),
    };
    let facts = open(path, false).and_then(|connection| read(&connection, path, bytes, whole));
    let facts = match facts {
        // In a folder that is read-only SQLite cannot make the files that it shares with other
        // processes; then nobody else can write either.
        Err(error) if error.key == sentence::history_read_only(path).key => {
            open(path, true).and_then(|connection| read(&connection, path, bytes, whole))
        }
        facts => facts,
    };
    facts.map(Some)
}

fn open(path: &Path, immutable: bool) -> Result<Connection, AppError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let escaped: String = path
        .to_string_lossy()
        .chars()
        .map(|letter| match letter {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            letter => letter.to_string(),
        })
        .collect();
    let mode = if immutable { "&immutable=1" } else { "" };
    let connection = Connection::open_with_flags(format!("file:{escaped}?mode=ro{mode}"), flags);
    let connection = connection.map_err(|error| failure::sqlite(path, &error))?;
    connection
        .busy_timeout(super::WRITE_PATIENCE)
        .map_err(|error| failure::sqlite(path, &error))?;
    Ok(connection)
}

fn read(
    connection: &Connection,
    path: &Path,
    bytes: u64,
    whole: bool,
) -> Result<HistoryFacts, AppError> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let known = schema::newest();
    let reading = || -> Result<HistoryFacts, Fault> {
        let schema = u32::try_from(number("PRAGMA user_version")?).unwrap_or(0);
        if schema > known {
            return Err(sentence::history_newer(path, schema, known).into());
        }
        let count = |table: &str| -> Result<u64, Fault> {
            let rows = match schema {
                0 => 0, // Begun and not yet made.
                _ => number(&format!("SELECT count(*) FROM {table}"))?,
            };
            Ok(u64::try_from(rows).unwrap_or(0))
        };
        Ok(HistoryFacts {
            schema,
            known,
            conversations: count("conversation")?,
            messages: count("message")?,
            bytes,
        })
    };
    let facts = reading().map_err(|fault| fault.about(path))?;
    if whole {
        check_by("PRAGMA integrity_check(1)", connection, path)?;
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn made() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        drop(Store::open(&path, &folder.path().join("runs")).unwrap());
        (folder, path)
    }

    #[test]
    fn a_whole_history_is_counted_and_no_history_is_none() {
        let (folder, path) = made();
        let facts = look(&path, true).unwrap().unwrap();
        assert_eq!((facts.conversations, facts.schema), (0, facts.known));
        assert!(facts.bytes > 0);
        assert_eq!(look(&folder.path().join("none.db"), true).unwrap(), None);
        let odd = folder.path().join("50% ?#.db");
        std::fs::copy(&path, &odd).unwrap();
        assert!(look(&odd, true).unwrap().is_some());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |ruin: &dyn Fn(&Path), key: &str| {
            let (_folder, path) = made();
            ruin(&path);
            assert_eq!(look(&path, true).unwrap_err().key, key);
        };
        check(
            &|path| std::fs::write(path, [0xff; 8192]).unwrap(),
            "history-damaged",
        );
        check(
            &|path| {
                let connection = Connection::open(path).unwrap();
                connection.pragma_update(None, "user_version", 99).unwrap();
            },
            "history-newer",
        );
    }
}
