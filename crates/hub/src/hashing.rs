//! The hash of files of gigabytes, in the background of everything else.

use crate::record::{Copy, Part, hex};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

/// Bytes between looks at whether to go on.
const CHUNK: usize = 1 << 20;

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
