//! The hash of a file of gigabytes, in the background of everything else.

use crate::record::{Copy, hex};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

/// Bytes between looks at whether to go on.
const CHUNK: usize = 1 << 20;

/// The sha256 of a file that is as `copy` says, before and after; None where it is not, cannot
/// be read, or `go_on` said no. Rests twice as long as it works: a third of one core at most.
pub fn sha256(copy: &Copy, go_on: impl Fn(Duration) -> bool) -> Option<String> {
    if !copy.is_as_it_was() {
        return None;
    }
    let mut file = File::open(&copy.path).ok()?;
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
    copy.is_as_it_was().then(|| hex(&hash.finalize()))
}
