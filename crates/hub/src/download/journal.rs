//! Which bytes of a file are there: beside the part, for each range how far it has been written,
//! and how far that was flushed to the disk.
//!
//! One line of JSON, then two little-endian u32 for each range. What is only written is believed
//! as long as the system has not started anew since: a killed process loses nothing, a power cut
//! what was not flushed.

use crate::shared_file::not_written;
use protocol::AppError;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The version of the file's form.
const VERSION: u32 = 1;
/// A longer first line is not one of ours.
const LONGEST_HEAD: u64 = 4096;
/// Most ranges of a file: 8 TB of them as they are cut.
const MOST_RANGES: u64 = 1 << 20;

/// What the marks are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    version: u32,
    etag: String,
    /// Of the whole file.
    bytes: u64,
    /// Of each range but the last, which may be shorter.
    range: u32,
    /// The start of the system that the marks `written` are of.
    boot: String,
}

/// How far a range is, in bytes from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Handed to the system.
    pub written: u32,
    /// On the disk.
    pub flushed: u32,
}

impl Mark {
    fn bytes(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.written.to_le_bytes());
        bytes[4..].copy_from_slice(&self.flushed.to_le_bytes());
        bytes
    }
}

/// The journal of one part.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    head: Head,
    /// Where the marks begin in the file.
    start: u64,
    marks: Vec<Mark>,
    /// So many ranges from the beginning are whole.
    settled: usize,
}

impl Journal {
    /// Goes on with the journal at `path`, or begins one where there is none for just this file.
    /// Errors: `disk-full`, `file-not-written`, `download-too-large`.
    pub fn open(path: &Path, etag: &str, bytes: u64, range: u32) -> Result<Journal, AppError> {
        let head = Head {
            version: VERSION,
            etag: etag.to_owned(),
            bytes,
            range: range.max(1),
            boot: boot(),
        };
        if let Some(found) = Journal::found(path, &head) {
            return Ok(found);
        }
        Journal::begin(path, head)
    }

    /// Bytes that a journal says are there, without changing it.
    pub fn glance(path: &Path) -> Option<u64> {
        let mut file = File::open(path).ok()?;
        let (head, _) = read_head(&mut file)?;
        let marks = read_marks(&mut file, &head)?;
        Some(marks.iter().map(|mark| u64::from(mark.written)).sum())
    }

    fn found(path: &Path, wanted: &Head) -> Option<Journal> {
        let mut file = File::options().read(true).write(true).open(path).ok()?;
        let (head, start) = read_head(&mut file)?;
        let same =
            (head.version, &head.etag, head.bytes) == (wanted.version, &wanted.etag, wanted.bytes);
        if !same {
            return None;
        }
        let mut marks = read_marks(&mut file, &head)?;
        if head.boot != wanted.boot {
            for mark in &mut marks {
                mark.written = mark.flushed;
            }
        }
        let before = head.boot.clone();
        let mut journal = Journal {
            path: path.to_owned(),
            file,
            head,
            start,
            marks,
            settled: 0,
        };
        journal.settle();
        if before != wanted.boot {
            // From now on the marks are of this start of the system.
            journal.head.boot.clone_from(&wanted.boot);
            journal.rewrite().ok()?;
        }
        Some(journal)
    }

    fn begin(path: &Path, head: Head) -> Result<Journal, AppError> {
        let ranges = head.bytes.div_ceil(u64::from(head.range));
        if ranges > MOST_RANGES {
            return Err(protocol::failure::download_too_large(head.bytes));
        }
        let file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(path)
            .map_err(|e| not_written(path, &e))?;
        let mut journal = Journal {
            path: path.to_owned(),
            file,
            head,
            start: 0,
            marks: vec![Mark::default(); usize::try_from(ranges).unwrap_or_default()],
            settled: 0,
        };
        journal.rewrite()?;
        Ok(journal)
    }

    fn rewrite(&mut self) -> Result<(), AppError> {
        let failed = |e: std::io::Error| not_written(&self.path, &e);
        let mut text = serde_json::to_vec(&self.head).unwrap_or_default();
        text.push(b'\n');
        self.start = text.len() as u64;
        text.extend(self.marks.iter().flat_map(Mark::bytes));
        // In place: what is cut off by a crash is no journal of ours, and the part begins anew.
        self.file.set_len(0).map_err(failed)?;
        self.file.rewind().map_err(failed)?;
        self.file.write_all(&text).map_err(failed)?;
        self.file.sync_data().map_err(failed)
    }

    /// Ranges of the file.
    pub fn ranges(&self) -> usize {
        self.marks.len()
    }

    /// First byte and length of a range.
    pub fn range(&self, at: usize) -> (u64, u32) {
        let from = at as u64 * u64::from(self.head.range);
        let length = (self.head.bytes - from).min(u64::from(self.head.range));
        (from, u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// How far a range is.
    pub fn mark(&self, at: usize) -> Mark {
        self.marks[at]
    }

    /// Bytes that are there.
    pub fn written(&self) -> u64 {
        self.marks.iter().map(|mark| u64::from(mark.written)).sum()
    }

    /// Bytes that are there without a gap from the beginning.
    pub fn prefix(&self) -> u64 {
        let next = self.marks.get(self.settled);
        let whole = self.settled as u64 * u64::from(self.head.range);
        whole.min(self.head.bytes) + next.map_or(0, |mark| u64::from(mark.written))
    }

    /// How far a range was handed to the system; [`Journal::note`] writes that down. Returns
    /// whether the prefix grew.
    pub fn wrote(&mut self, at: usize, written: u32) -> bool {
        self.marks[at].written = written;
        let grew = at == self.settled;
        self.settle();
        grew
    }

    fn settle(&mut self) {
        while let Some(mark) = self.marks.get(self.settled)
            && mark.written == self.range(self.settled).1
        {
            self.settled += 1;
        }
    }

    /// Writes down how far a range is. Errors: `disk-full`, `file-not-written`.
    pub fn note(&mut self, at: usize) -> Result<(), AppError> {
        self.store(at)
    }

    /// Writes down how far all ranges are. Errors: `disk-full`, `file-not-written`.
    pub fn note_all(&mut self) -> Result<(), AppError> {
        let bytes: Vec<u8> = self.marks.iter().flat_map(Mark::bytes).collect();
        let stored = self
            .file
            .seek(SeekFrom::Start(self.start))
            .and_then(|_| self.file.write_all(&bytes));
        stored.map_err(|e| not_written(&self.path, &e))
    }

    /// Notes what was written when the file was flushed: the `written` of all ranges at the
    /// moment when flushing began. Errors: `disk-full`, `file-not-written`.
    pub fn flushed(&mut self, written: &[u32]) -> Result<(), AppError> {
        for (at, &flushed) in written.iter().enumerate().take(self.marks.len()) {
            // A range that began anew meanwhile has less.
            let flushed = flushed.min(self.marks[at].written);
            if self.marks[at].flushed != flushed {
                self.marks[at].flushed = flushed;
                self.store(at)?;
            }
        }
        self.file
            .sync_data()
            .map_err(|e| not_written(&self.path, &e))
    }

    /// The `written` of all ranges now.
    pub fn all_written(&self) -> Vec<u32> {
        self.marks.iter().map(|mark| mark.written).collect()
    }

    /// Nothing is there. Errors: `disk-full`, `file-not-written`.
    pub fn clear(&mut self) -> Result<(), AppError> {
        self.marks.fill(Mark::default());
        self.settled = 0;
        self.rewrite()
    }

    fn store(&mut self, at: usize) -> Result<(), AppError> {
        let bytes = self.marks[at].bytes();
        let stored = self
            .file
            .seek(SeekFrom::Start(self.start + at as u64 * 8))
            .and_then(|_| self.file.write_all(&bytes));
        stored.map_err(|e| not_written(&self.path, &e))
    }
}

fn read_head(file: &mut File) -> Option<(Head, u64)> {
    let mut start = Vec::new();
    Read::by_ref(file)
        .take(LONGEST_HEAD)
        .read_to_end(&mut start)
        .ok()?;
    let end = start.iter().position(|&byte| byte == b'\n')?;
    let head: Head = serde_json::from_slice(&start[..end]).ok()?;
    let ranges = head.bytes.div_ceil(u64::from(head.range.max(1)));
    (head.version == VERSION && head.range > 0 && ranges <= MOST_RANGES)
        .then_some((head, end as u64 + 1))
        .filter(|(_, start)| file.seek(SeekFrom::Start(*start)).is_ok())
}

fn read_marks(file: &mut File, head: &Head) -> Option<Vec<Mark>> {
    let ranges = usize::try_from(head.bytes.div_ceil(u64::from(head.range))).ok()?;
    let mut bytes = Vec::new();
    Read::by_ref(file)
        .take(ranges as u64 * 8 + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    if bytes.len() != ranges * 8 {
        return None;
    }
    let number = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let marks: Vec<Mark> = bytes
        .chunks_exact(8)
        .map(|pair| Mark {
            written: number(&pair[..4]),
            flushed: number(&pair[4..]),
        })
        .collect();
    let possible = marks.iter().enumerate().all(|(at, mark)| {
        let from = at as u64 * u64::from(head.range);
        let length = (head.bytes - from).min(u64::from(head.range));
        mark.flushed <= mark.written && u64::from(mark.written) <= length
    });
    possible.then_some(marks)
}

/// What tells one start of the system from another; nothing where the system does not say, so
/// that there only what was flushed is believed.
fn boot() -> String {
    let known = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    known.map_or_else(|_| unknown_boot(), |boot| boot.trim().to_owned())
}

/// A start that is no other one's.
fn unknown_boot() -> String {
    format!("{:016x}", fastrand::u64(..))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    #[test]
    fn marks_outlive_the_process_and_only_flushed_ones_a_power_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j");
        let open = || Journal::open(&path, "abc", 25, 10).unwrap();
        let mut journal = open();
        assert_eq!((journal.ranges(), journal.range(2)), (3, (20, 5)));
        assert!(journal.wrote(0, 10));
        assert!(journal.wrote(1, 4));
        assert!(!journal.wrote(2, 5));
        journal.note_all().unwrap();
        assert_eq!((journal.written(), journal.prefix()), (19, 14));
        journal.flushed(&[10, 2, 0]).unwrap();
        drop(journal);
        assert_eq!(Journal::glance(&path), Some(19));
        assert_eq!(open().all_written(), [10, 4, 5]);
        // As after a power cut: another start of the system.
        let text = std::fs::read(&path).unwrap();
        let boot = boot();
        let at = text.windows(boot.len()).position(|w| w == boot.as_bytes());
        let mut other = text.clone();
        other[at.unwrap()] ^= 1;
        std::fs::write(&path, &other).unwrap();
        assert_eq!(open().all_written(), [10, 2, 0]);
        assert_eq!(open().all_written(), [10, 2, 0]);
    }

    #[test]
    fn what_is_no_journal_of_the_file_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j");
        let mut journal = Journal::open(&path, "abc", 25, 10).unwrap();
        journal.wrote(0, 10);
        journal.note(0).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let check = |bytes: &[u8], etag: &str, length: u64, written: u64| {
            std::fs::write(&path, bytes).unwrap();
            let journal = Journal::open(&path, etag, length, 10).unwrap();
            assert_eq!(journal.written(), written);
        };
        check(&whole, "abc", 25, 10);
        check(&whole, "abd", 25, 0);
        check(&whole, "abc", 26, 0);
        check(&whole[..whole.len() - 1], "abc", 25, 0);
        check(b"", "abc", 25, 0);
        check(b"{}\n", "abc", 25, 0);
        let mut absurd = whole.clone();
        let marks = absurd.len() - 24;
        absurd[marks] = 11;
        check(&absurd, "abc", 25, 0);
        assert!(Journal::open(&path, "abc", u64::MAX, 10).is_err());
    }
}
