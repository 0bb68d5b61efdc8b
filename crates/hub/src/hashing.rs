//! The hash of files of gigabytes, in the background of everything else.

use crate::record::{Copy, Part, hex};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes between looks at whether to go on.
const CHUNK: usize = 1 << 20;
/// A file that is read and hashed while one waits.
const SMALL: u64 = 64 << 20;

/// The sha256 of a file that is as `copy` says, before and after; of several files that of their
/// hashes, one after another. None where one is not so, cannot be read, or `go_on` said no. Rests
/// twice as long as it works: a third of one core at most.
pub fn sha256(copy: &Copy, go_on: impl Fn(Duration) -> bool) -> Option<String> {
    let files = copy.files();
    let mut all = Sha256::new();
    let mut last = None;
    for part in &files {
        let hash = of_file(part, &go_on)?;
        all.update(&hash);
        last = Some(hash);
    }
    let hash = match files.len() {
        1 => last?,
        _ => all.finalize().to_vec(),
    };
    copy.is_as_it_was().then(|| hex(&hash))
}

/// The same of files that were checked when they came, each by its sha256 or, where it is small,
/// by git's sha1. None where one was not, or is too long to be read again now.
pub fn of_checked(copy: &Copy, checked: &[(PathBuf, String)]) -> Option<String> {
    let files = copy.files();
    let mut all = Sha256::new();
    let mut last = None;
    for part in &files {
        let path = Path::new(&part.path);
        let (_, etag) = checked.iter().find(|(checked, _)| same(checked, path))?;
        let hash = match from_hex(etag) {
            Some(sha256) if sha256.len() == 32 => sha256,
            _ if part.bytes <= SMALL => Sha256::digest(std::fs::read(path).ok()?).to_vec(),
            _ => return None,
        };
        all.update(&hash);
        last = Some(hash);
    }
    let hash = match files.len() {
        1 => last?,
        _ => all.finalize().to_vec(),
    };
    copy.is_as_it_was().then(|| hex(&hash))
}

/// Whether two paths are of one file, whose own name may be a link.
fn same(one: &Path, other: &Path) -> bool {
    let folder = |path: &Path| path.parent()?.canonicalize().ok();
    one.file_name() == other.file_name() && folder(one) == folder(other)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok())
        .collect()
}

fn of_file(part: &Part, go_on: &impl Fn(Duration) -> bool) -> Option<Vec<u8>> {
    if !part.is_as_it_was() {
        return None;
    }
    let mut file = File::open(&part.path).ok()?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let began = Instant::now();
        let read = file.read(&mut chunk).ok()?;
        if read == 0 {
            break;
        }
        hash.update(&chunk[..read]);
        if !go_on((began.elapsed() * 2).min(Duration::from_millis(100))) {
            return None;
        }
    }
    Some(hash.finalize().to_vec())
}
