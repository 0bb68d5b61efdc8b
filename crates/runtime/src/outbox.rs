//! What goes to a worker: numbered lines, never waited for.

use protocol::{AppError, MAX_LINE, ToWorker, WorkerRequest, failure};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::mpsc;

/// The way to one worker. Its input ends when this is dropped.
pub(crate) struct Outbox {
    lines: mpsc::UnboundedSender<Vec<u8>>,
    ids: AtomicU64,
    threads: AtomicU32,
}

impl Outbox {
    /// An outbox, and the lines that come out of it.
    pub fn new() -> (Outbox, mpsc::UnboundedReceiver<Vec<u8>>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let outbox = Outbox {
            lines: sender,
            ids: AtomicU64::new(1),
            threads: AtomicU32::new(0),
        };
        (outbox, receiver)
    }

    /// The id of the next request.
    pub fn id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends a request that is not answered. Errors: `message-too-large`.
    pub fn tell(&self, request: WorkerRequest) -> Result<(), AppError> {
        self.send(self.id(), request)
    }

    /// Sends a request. That the worker is gone is seen where its answers are read.
    /// Errors: `message-too-large`.
    pub fn send(&self, id: u64, request: WorkerRequest) -> Result<(), AppError> {
        let line = serde_json::to_vec(&ToWorker { id, request });
        let mut line = line.map_err(|e| failure::internal().detail(e))?;
        line.push(b'\n');
        if line.len() > MAX_LINE {
            return Err(failure::message_too_large(line.len(), MAX_LINE));
        }
        let _ = self.lines.send(line);
        Ok(())
    }

    /// Threads that the worker was last given; 0 where it was given none yet.
    pub fn threads(&self) -> u32 {
        self.threads.load(Ordering::Relaxed)
    }

    /// Notes how many threads the worker is given, and returns how many it had.
    pub fn set_threads(&self, threads: u32) -> u32 {
        self.threads.swap(threads, Ordering::Relaxed)
    }
}

/// Writes the lines to a worker until there are no more, then closes its input.
pub(crate) async fn write(mut lines: mpsc::UnboundedReceiver<Vec<u8>>, mut stdin: ChildStdin) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(&line).await.is_err() {
            return;
        }
    }
}
