//! A history: one SQLite file that several processes share, or a part of this process's memory;
//! one module a table.
//!
//! The file is in WAL mode. What a person says is synced to the disk before anything else happens
//! (`synchronous = FULL`); the text of an answer in the making is committed without a sync, but
//! for one a second: a killed process loses nothing that was shown, a power cut at most the
//! last second.

pub(crate) mod conversation;
mod failure;
pub(crate) mod look;
pub(crate) mod message;
mod run;
mod schema;
pub(crate) mod setting;
pub(crate) mod tree;
pub(crate) mod usage;

pub(crate) use failure::Fault;

use message::Ending;
use protocol::{AppError, MessageStatus, failure as sentence, text_of};
use run::Run;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};
use std::{
    collections::{BTreeSet, HashMap},
    ops::Deref,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long another process's opening or migrating is waited for.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);
/// How long another process's write is waited for.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);
/// How long text may stay without a sync to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// The open history.
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
    runs: PathBuf,
    run: Run,
    /// The revision of each conversation that this process knows of: what differs from it was
    /// changed by another process.
    seen: HashMap<String, i64>,
    data_version: i64,
    synced: Instant,
}

/// A change by another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    Changed(String),
    Deleted(String),
}

/// A transaction that writes, and which conversations it touches.
pub(crate) struct Writing<'a> {
    transaction: Transaction<'a>,
    touched: BTreeSet<String>,
}

impl Deref for Writing<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.transaction
    }
}

impl Writing<'_> {
    /// Says that the conversation or one of its messages is changed here.
    pub(crate) fn touch(&mut self, conversation: &str) {
        self.touched.insert(conversation.to_owned());
    }
}

impl Store {
    /// Opens the history at `path`, making or migrating it as needed, and ends what processes
    /// that are gone left unended. `runs` is the folder of the runs' locks.
    pub(crate) fn open(path: &Path, runs: &Path) -> Result<Store, AppError> {
        for folder in path.parent().into_iter().chain([runs]) {
            make_private_folder(folder).map_err(|error| failure::io(path, &error))?;
        }
        let held = run::hold(&path.with_extension("lock"), OPEN_PATIENCE)?;
        if held.is_none() {
            return Err(sentence::history_busy(path));
        }
        let fault = |error: rusqlite::Error| failure::sqlite(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(fault)?;
        connection.busy_timeout(WRITE_PATIENCE).map_err(fault)?;
        if connection.is_readonly("main").map_err(fault)? {
            return Err(sentence::history_read_only(path));
        }
        // A damaged or newer file is left as it is, its WAL too.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(fault)?;
        let dead = run::dead(runs);
        if !dead.is_empty() {
            check(&connection, path)?;
        }
        schema::migrate(&mut connection, path, &schema::all())?;
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
            .map_err(fault)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(fault)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(fault)?;
        connection
            .pragma_update(None, "foreign_keys", true)
            .map_err(fault)?;
        connection.set_prepared_statement_cache_capacity(64);
        for file in dead {
            // One that cannot be removed is found dead again at the next start.
            let _ = std::fs::remove_file(file);
        }
        let mut store = Store {
            run: Run::begin(runs)?,
            connection,
            path: path.to_owned(),
            runs: runs.to_owned(),
            seen: HashMap::new(),
            data_version: 0,
            synced: Instant::now(),
        };
        store.end_orphans_holding_the_lock()?;
        store.foreign()?;
        Ok(store)
    }

    /// An empty history of this process alone, in memory: nothing of it ever reaches the disk.
    pub(crate) fn in_memory() -> Result<Store, AppError> {
        let path = PathBuf::from(":memory:");
        let fault = |error: rusqlite::Error| failure::sqlite(&path, &error);
        let mut connection = Connection::open_in_memory().map_err(fault)?;
        // What a query sets aside stays in memory as well.
        connection
            .pragma_update(None, "temp_store", "MEMORY")
            .map_err(fault)?;
        schema::migrate(&mut connection, &path, &schema::all())?;
        connection
            .pragma_update(None, "foreign_keys", true)
            .map_err(fault)?;
        Ok(Store {
            run: Run::alone(),
            connection,
            path,
            runs: PathBuf::new(),
            seen: HashMap::new(),
            data_version: 0,
            synced: Instant::now(),
        })
    }

    /// This process's run.
    pub(crate) fn run(&self) -> &str {
        self.run.id()
    }

    /// Says that this process makes no further answers, also where nothing of it is dropped before
    /// it ends: the next start finds no run that was cut off, and has nothing to check.
    pub(crate) fn end_run(&self) {
        self.run.end();
    }

    /// Reads, all of one moment.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, AppError> {
        let reading = || {
            let transaction = self.connection.unchecked_transaction()?;
            work(&transaction)
        };
        reading().map_err(|fault| fault.about(&self.path))
    }

    /// Writes all of it or nothing; on the disk when this returns.
    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, Fault>,
    ) -> Result<T, AppError> {
        self.synced = Instant::now();
        let path = self.path.clone();
        self.commit(work).map_err(|fault| fault.about(&path))
    }

    /// Writes all of it or nothing; safe from the end of the process when this returns, from a
    /// power cut a second later.
    pub(crate) fn write_soon<T>(
        &mut self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, Fault>,
    ) -> Result<T, AppError> {
        if self.synced.elapsed() >= SYNC_EVERY {
            return self.write(work);
        }
        let path = self.path.clone();
        let writing = || {
            self.connection
                .pragma_update(None, "synchronous", "NORMAL")?;
            let result = self.commit(work);
            self.connection.pragma_update(None, "synchronous", "FULL")?;
            result
        };
        writing().map_err(|fault| fault.about(&path))
    }

    fn commit<T>(
        &mut self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut writing = Writing {
            transaction,
            touched: BTreeSet::new(),
        };
        let result = work(&mut writing)?;
        let mut revised = Vec::new();
        for id in std::mem::take(&mut writing.touched) {
            let revision = conversation::revise(&writing, &id)?;
            revised.push((id, revision));
        }
        writing.transaction.commit()?;
        for (id, revision) in revised {
            match revision {
                None => {
                    self.seen.remove(&id);
                }
                // Where a number was passed over, another process wrote too: `foreign` will tell.
                Some(revision) if revision == self.seen.get(&id).copied().unwrap_or(0) + 1 => {
                    self.seen.insert(id, revision);
                }
                Some(_) => {}
            }
        }
        Ok(result)
    }

    /// A conversation that this process deleted: nothing that others did.
    pub(crate) fn forget(&mut self, conversation: &str) {
        self.seen.remove(conversation);
    }

    /// What other processes changed since the last call. Cheap where they did nothing.
    pub(crate) fn foreign(&mut self) -> Result<Vec<Foreign>, AppError> {
        let version = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|error| failure::sqlite(&self.path, &error))?;
        if version == self.data_version {
            return Ok(Vec::new());
        }
        let now: HashMap<String, i64> = self.read(conversation::revisions)?.into_iter().collect();
        self.data_version = version;
        let deleted = self
            .seen
            .keys()
            .filter(|id| !now.contains_key(*id))
            .cloned()
            .map(Foreign::Deleted);
        let changed = now
            .iter()
            .filter(|(id, revision)| self.seen.get(*id) != Some(revision))
            .map(|(id, _)| Foreign::Changed(id.clone()));
        let foreign = deleted.chain(changed).collect();
        self.seen = now;
        Ok(foreign)
    }

    /// Marks as interrupted the answers whose process is gone. Returns their conversations.
    /// Leaves it to another process where one is at it.
    pub(crate) fn end_orphans(&mut self) -> Result<Vec<String>, AppError> {
        let streaming = self.read(message::streaming)?;
        if streaming.iter().all(|(_, _, run)| run == self.run.id()) {
            return Ok(Vec::new());
        }
        match run::hold(&self.path.with_extension("lock"), Duration::ZERO)? {
            Some(_held) => self.end_orphans_holding_the_lock(),
            None => Ok(Vec::new()),
        }
    }

    fn end_orphans_holding_the_lock(&mut self) -> Result<Vec<String>, AppError> {
        let (runs, own) = (self.runs.clone(), self.run.id().to_owned());
        let streaming = self.read(message::streaming)?;
        let orphans: Vec<_> = streaming
            .into_iter()
            .filter(|(_, _, run)| *run != own && !run::lives(&runs, run))
            .collect();
        if orphans.is_empty() {
            return Ok(Vec::new());
        }
        let ending = Ending {
            status: MessageStatus::Interrupted,
            error: Some(sentence::run_ended()),
            receipt: None,
        };
        self.write(|writing| {
            for (message, conversation, run) in &orphans {
                message::end(writing, message, run, &ending)?;
                writing.touch(conversation);
            }
            Ok(())
        })?;
        Ok(orphans
            .into_iter()
            .map(|(_, conversation, _)| conversation)
            .collect())
    }

    /// Gives a conversation that the person did not name the first words said on its path.
    pub(crate) fn retitle(writing: &Writing<'_>, id: &str) -> Result<(), Fault> {
        let row = conversation::get(writing, id)?;
        if row.titled_by_person {
            return Ok(());
        }
        let path = tree::path(writing, row.leaf.as_deref())?;
        let title = path
            .first()
            .map(|first| crate::title::of(&text_of(&first.parts)))
            .unwrap_or_default();
        if title != row.title {
            conversation::set_title(writing, id, &title, false)?;
        }
        Ok(())
    }

    /// The schema that this program writes.
    #[cfg(test)]
    pub(crate) fn newest_version() -> u32 {
        let versions = schema::all().into_iter().map(|step| step.version);
        versions.max().unwrap_or(0)
    }

    /// Lets the file grow no further, as on a full disk.
    #[cfg(test)]
    pub(crate) fn fill_the_disk(&self) {
        let pages: i64 = self
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        self.connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
    }

    /// Lets nothing be written any more, as in a folder that became read-only; or lets it again.
    #[cfg(test)]
    pub(crate) fn freeze_the_disk(&self, frozen: bool) {
        self.connection
            .pragma_update(None, "query_only", frozen)
            .unwrap();
    }

    /// There is room again.
    #[cfg(test)]
    pub(crate) fn clear_the_disk(&self) {
        self.connection
            .pragma_update_and_check(None, "max_page_count", 1 << 30, |_| Ok(()))
            .unwrap();
    }
}

/// The settings of the history at `path` for programs that need nothing else of it: read without
/// writing anything; the defaults where there is no history or it cannot be read.
pub(crate) fn settings_of(path: &Path) -> protocol::Settings {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .map_err(Fault::from)
        .and_then(|connection| setting::read(&connection))
        .unwrap_or_default()
}

/// The full check of a history that is in use: reads all of it, over a connection of its own.
/// Errors: `history-damaged`.
pub(crate) fn check_all(path: &Path) -> Result<(), AppError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| failure::sqlite(path, &error))?;
    check_by("PRAGMA integrity_check(1)", &connection, path)
}

/// After an unclean exit: whether the file is whole.
fn check(connection: &Connection, path: &Path) -> Result<(), AppError> {
    check_by("PRAGMA quick_check(1)", connection, path)
}

fn check_by(pragma: &str, connection: &Connection, path: &Path) -> Result<(), AppError> {
    let said: String = connection
        .query_row(pragma, [], |row| row.get(0))
        .map_err(|error| failure::sqlite(path, &error))?;
    match said.as_str() {
        "ok" => Ok(()),
        _ => Err(sentence::history_damaged(path).detail(said)),
    }
}

/// What people say to their models is for nobody else on the machine.
fn make_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests;
