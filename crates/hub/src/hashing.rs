//! The hash of files of gigabytes: in the background of everything else, or as fast as it goes.

use crate::record::{Copy, Part, hex};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
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
    let hashes = files.iter().map(|part| of_file(part, &go_on));
    let hash = of_several(hashes.collect::<Option<Vec<_>>>()?)?;
    copy.is_as_it_was().then(|| hex(&hash))
}

/// The same of files that were checked when they came, each by its sha256 or, where it is small,
/// by git's sha1. None where one was not, or is too long to be read again now.
pub fn of_checked(copy: &Copy, checked: &[(PathBuf, String)]) -> Option<String> {
    let mut hashes = Vec::new();
    for part in &copy.files() {
        let path = Path::new(&part.path);
        let (_, etag) = checked.iter().find(|(checked, _)| same(checked, path))?;
        let hash = match from_hex(etag) {
            Some(sha256) if sha256.len() == 32 => sha256,
            _ if part.bytes <= SMALL => Sha256::digest(std::fs::read(path).ok()?).to_vec(),
            _ => return None,
        };
        hashes.push(hash);
    }
    let hash = of_several(hashes)?;
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

/// The hash of several files by those of each; of one its own. None of none.
pub fn of_several(mut hashes: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    match hashes.len() {
        0 | 1 => hashes.pop(),
        _ => {
            let mut all = Sha256::new();
            hashes.iter().for_each(|hash| all.update(hash));
            Some(all.finalize().to_vec())
        }
    }
}

/// The sha256 of what can be read, as fast as it goes. None where `go_on`, which is given
/// what came, said no.
pub fn of_bytes(
    mut input: impl Read,
    mut go_on: impl FnMut(&[u8]) -> io::Result<bool>,
) -> io::Result<Option<Vec<u8>>> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk) {
            Ok(0) => return Ok(Some(hash.finalize().to_vec())),
            Ok(read) => {
                hash.update(&chunk[..read]);
                if !go_on(&chunk[..read])? {
                    return Ok(None);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn of_file(part: &Part, go_on: &impl Fn(Duration) -> bool) -> Option<Vec<u8>> {
    if !part.is_as_it_was() {
        return None;
    }
    let file = File::open(Path::new(&part.path)).ok()?;
    let mut began = Instant::now();
    let hash = of_bytes(file, |_| {
        let goes_on = go_on((began.elapsed() * 2).min(Duration::from_millis(100)));
        began = Instant::now();
        Ok(goes_on)
    });
    hash.ok()?
}
