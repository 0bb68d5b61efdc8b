//! A file on its way: its bytes so far, which of them are there, and its hash as it grows.

use super::journal::Journal;
use super::remote::Facts;
use super::repository::{self, Repository};
use super::space;
use super::trouble::Trouble;
use crate::record::hex;
use crate::shared_file::not_written;
use protocol::AppError;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes of a range between two notes of how far it is.
const NOTED: u32 = 1 << 20;
/// Bytes that are read at once to be hashed: they stay in the processor's own cache.
const CHUNK: usize = 256 << 10;

/// A file on its way. Whoever has one holds the blob's lock.
pub struct Part {
    file: File,
    path: PathBuf,
    journal_path: PathBuf,
    bytes: u64,
    state: Mutex<State>,
    /// The prefix has grown, or the work has ended.
    grown: Condvar,
}

struct State {
    journal: Journal,
    /// Nothing more may be noted: another may be at the same files.
    closed: bool,
    /// How often it was begun anew: what was hashed before is no longer what is there.
    beginnings: u32,
}

/// Ends the work on a part when it is dropped: at the end, and when the person pauses it.
pub struct Open(pub Arc<Part>);

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let _ = state.journal.note_all();
        state.closed = true;
        drop(state);
        self.0.grown.notify_all();
    }
}

impl Part {
    /// Goes on with the part of a file, or begins it, with room for all of it set aside.
    pub fn open(repository: &Repository, facts: &Facts, range: u32) -> Result<Open, Trouble> {
        repository.create().map_err(Trouble::writing)?;
        let path = repository.part(&facts.etag);
        let journal_path = repository.journal(&facts.etag);
        let there = repository::is_whole(&path, facts.bytes);
        if !there {
            // Marks without their bytes would be lies.
            let _ = std::fs::remove_file(&journal_path);
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|e| Trouble::writing(not_written(&path, &e)))?;
        if !there {
            space::set_aside(&file, facts.bytes)
                .map_err(|e| Trouble::writing(not_written(&path, &e)))?;
        }
        let journal = Journal::open(&journal_path, &facts.etag, facts.bytes, range);
        Ok(Open(Arc::new(Part {
            file,
            path,
            journal_path,
            bytes: facts.bytes,
            state: Mutex::new(State {
                journal: journal.map_err(Trouble::writing)?,
                closed: false,
                beginnings: 0,
            }),
            grown: Condvar::new(),
        })))
    }

    /// Bytes that are there.
    pub fn written(&self) -> u64 {
        self.state().journal.written()
    }

    /// The ranges that are not whole, in order.
    pub fn missing(&self) -> Vec<usize> {
        let state = self.state();
        let journal = &state.journal;
        (0..journal.ranges())
            .filter(|&at| journal.mark(at).written < journal.range(at).1)
            .collect()
    }

    /// What of a range is still to come: the bytes `.0 .. .1` of the file.
    pub fn rest(&self, at: usize) -> (u64, u64) {
        let state = self.state();
        let (from, length) = state.journal.range(at);
        (
            from + u64::from(state.journal.mark(at).written),
            from + u64::from(length),
        )
    }

    /// Writes what follows on the bytes of a range that are there; no more than belongs to it.
    pub fn append(&self, at: usize, bytes: &[u8]) -> Result<(), Trouble> {
        let (from, to) = self.rest(at);
        let bytes = &bytes[..bytes
            .len()
            .min(usize::try_from(to - from).unwrap_or(usize::MAX))];
        write_at(&self.file, bytes, from)
            .map_err(|e| Trouble::writing(not_written(&self.path, &e)))?;
        let mut state = self.state();
        if state.closed {
            return Ok(());
        }
        let before = state.journal.mark(at).written;
        let now = before + u32::try_from(bytes.len()).unwrap_or_default();
        let whole = now == state.journal.range(at).1;
        let prefix = state.journal.wrote(at, now);
        if whole || before / NOTED != now / NOTED {
            state.journal.note(at).map_err(Trouble::writing)?;
        }
        drop(state);
        if prefix {
            self.grown.notify_all();
        }
        Ok(())
    }

    /// Throws away what came.
    pub fn clear(&self) -> Result<(), Trouble> {
        let mut state = self.state();
        state.beginnings += 1;
        state.journal.clear().map_err(Trouble::writing)
    }

    /// Brings what is written to the disk, then notes it. Blocks for as long as the disk takes.
    pub fn flush(&self) -> Result<(), AppError> {
        let written = self.state().journal.all_written();
        let failed = |e: std::io::Error| not_written(&self.path, &e);
        self.file.sync_data().map_err(failed)?;
        let mut state = self.state();
        if state.closed {
            return Ok(());
        }
        state.journal.flushed(&written)
    }

    /// The hash of the whole file as it grows, in hex: as the etag's length asks, sha256 or
    /// git's sha1. None where the work ended before. Blocks until then.
    pub fn hash(&self, etag: &str) -> Result<Option<String>, AppError> {
        match etag.len() {
            64 => self.hash_by(&Sha256::new()),
            _ => self.hash_by(&git_sha1(self.bytes)),
        }
    }

    fn hash_by<D: Digest + Clone>(&self, fresh: &D) -> Result<Option<String>, AppError> {
        let mut buffer = vec![0; CHUNK];
        let (mut hash, mut done, mut beginning) = (fresh.clone(), 0, 0);
        while done < self.bytes {
            let Some((prefix, beginnings)) = self.beyond(done, beginning) else {
                return Ok(None);
            };
            if beginnings != beginning {
                (hash, done, beginning) = (fresh.clone(), 0, beginnings);
            }
            if prefix > done {
                let length = CHUNK.min(usize::try_from(prefix - done).unwrap_or(CHUNK));
                read_at(&self.file, &mut buffer[..length], done)
                    .map_err(|e| not_written(&self.path, &e))?;
                hash.update(&buffer[..length]);
                done += length as u64;
            }
        }
        Ok(Some(hex(&hash.finalize())))
    }

    /// Waits until more than `done` bytes are there without a gap, or it was begun anew. Returns
    /// how many, and how often it was begun; None: the work has ended.
    fn beyond(&self, done: u64, beginning: u32) -> Option<(u64, u32)> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            let prefix = state.journal.prefix();
            if prefix > done || state.beginnings != beginning {
                return Some((prefix, state.beginnings));
            }
            let waited = self.grown.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes the whole part the blob, flushed.
    pub fn finish(&self, repository: &Repository, etag: &str) -> Result<(), AppError> {
        let blob = repository.blob(etag);
        let failed = |e: std::io::Error| not_written(&blob, &e);
        self.file.sync_all().map_err(failed)?;
        std::fs::rename(&self.path, &blob).map_err(failed)?;
        let _ = std::fs::remove_file(&self.journal_path);
        repository::flush_folder(blob.parent().unwrap_or(&blob))
    }

    /// Bytes of the disk that it has already.
    pub fn taken(&self) -> u64 {
        space::taken(&self.path)
    }

    /// Removes what came.
    pub fn remove(&self) {
        remove(&self.path, &self.journal_path);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash of a file of `bytes`, as the length of `etag` asks: sha256 or git's sha1. Reads all of it.
pub fn content(path: &std::path::Path, bytes: u64, etag: &str) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    match etag.len() {
        64 => of(file, Sha256::new()),
        _ => of(file, git_sha1(bytes)),
    }
}

fn of<D: Digest>(mut file: File, mut hash: D) -> std::io::Result<Vec<u8>> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().to_vec()),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// git's sha1 of a file of so many bytes, before they come.
fn git_sha1(bytes: u64) -> Sha1 {
    let mut hash = Sha1::new();
    hash.update(format!("blob {bytes}\0"));
    hash
}

/// Removes a part and its journal, the journal first: without it the part counts as nothing.
pub fn remove(part: &std::path::Path, journal: &std::path::Path) {
    let _ = std::fs::remove_file(journal);
    let _ = std::fs::remove_file(part);
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}
#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}
#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let wrote = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[wrote..];
        at += wrote as u64;
    }
    Ok(())
}
#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], mut at: u64) -> std::io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, rest, at)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => {
                rest = &mut rest[read..];
                at += read as u64;
            }
        }
    }
    Ok(())
}
