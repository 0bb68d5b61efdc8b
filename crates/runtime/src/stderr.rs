//! The last of what a worker wrote to its standard error, for reports.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;
use tokio::sync::watch;
use tokio::time::timeout;

/// Bytes that are kept.
const KEPT: usize = 8 * 1024;

/// How long is waited for the last words of a process that has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The last bytes of a stream.
#[derive(Clone, Default)]
pub(crate) struct Tail {
    kept: Arc<Mutex<VecDeque<u8>>>,
    ended: Arc<watch::Sender<bool>>,
}

impl Tail {
    /// Reads a worker's standard error to its end, in the background.
    pub fn fill_from(&self, mut stderr: ChildStderr) {
        let tail = self.clone();
        tokio::spawn(async move {
            let mut chunk = [0; 1024];
            while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
                tail.add(&chunk[..read]);
            }
            tail.ended.send_replace(true);
        });
    }

    /// Adds bytes, and forgets the oldest.
    pub fn add(&self, bytes: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let over = kept.len().saturating_sub(KEPT);
        kept.drain(..over);
    }

    /// What is kept once the stream has ended, as text.
    pub async fn last_words(&self) -> String {
        let mut ended = self.ended.subscribe();
        let _ = timeout(LAST_WORDS, ended.wait_for(|ended| *ended)).await;
        self.text()
    }

    /// What is kept now, as text.
    pub fn text(&self) -> String {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(kept.make_contiguous())
            .trim()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_are_kept() {
        let tail = Tail::default();
        for n in 0..2000 {
            tail.add(format!("line {n}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.len() <= KEPT && text.ends_with("line 1999"), "{text}");
    }
}
