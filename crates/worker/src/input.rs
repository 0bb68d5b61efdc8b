//! What the worker is asked: lines from a thread of their own, so that a cancel is heard while
//! something is being computed.

use crate::voice::Voice;
use engine::{Cancel, Model};
use protocol::{MAX_LINE, ToWorker, WorkerRequest, failure};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

/// What the thread that reads and the thread that computes both see.
#[derive(Default)]
pub(crate) struct Desk {
    /// Of every request that has not ended.
    cancels: Mutex<HashMap<u64, Cancel>>,
    model: Mutex<Option<Arc<Model>>>,
    /// Threads that were last asked for; 0 before.
    threads: AtomicU32,
}

impl Desk {
    /// The flag of a request that has come.
    pub fn open(&self, id: u64) -> Cancel {
        self.cancels().entry(id).or_default().clone()
    }

    /// The request has ended.
    pub fn close(&self, id: u64) {
        self.cancels().remove(&id);
    }

    /// Stops one request, if it has not ended.
    pub fn cancel(&self, id: u64) {
        if let Some(cancel) = self.cancels().get(&id) {
            cancel.cancel();
        }
    }

    /// Stops everything.
    pub fn cancel_all(&self) {
        for cancel in self.cancels().values() {
            cancel.cancel();
        }
    }

    /// The loaded model.
    pub fn model(&self) -> Option<Arc<Model>> {
        self.lock_model().clone()
    }

    /// The model is loaded. Threads that were asked for meanwhile count.
    pub fn place(&self, model: Arc<Model>) {
        *self.lock_model() = Some(model.clone());
        model.set_threads(self.threads.load(Ordering::SeqCst).max(1));
    }

    /// Threads that compute from the next step on.
    pub fn set_threads(&self, threads: u32) {
        self.threads.store(threads.max(1), Ordering::SeqCst);
        if let Some(model) = self.model() {
            model.set_threads(threads.max(1));
        }
    }

    fn cancels(&self) -> MutexGuard<'_, HashMap<u64, Cancel>> {
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_model(&self) -> MutexGuard<'_, Option<Arc<Model>>> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads requests to the end of the input. `Cancel` and `Threads` take effect at once; the others
/// are passed on. A line that cannot be understood fails, and the next one is read.
pub(crate) fn read(
    reader: impl Read,
    desk: &Desk,
    voice: &Voice,
    ask: &mpsc::Sender<(ToWorker, Cancel)>,
) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader)
            .take(MAX_LINE as u64)
            .read_until(b'\n', &mut line);
        match read {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
        if line.last() != Some(&b'\n') && line.len() == MAX_LINE {
            let Some(skipped) = skip_line(&mut reader) else {
                return;
            };
            let bytes = (line.len() as u64).saturating_add(skipped);
            voice.fail(0, failure::message_too_large(bytes, MAX_LINE));
            continue;
        }
        let request = match serde_json::from_slice::<ToWorker>(&line) {
            Ok(request) => request,
            Err(e) => {
                let said: serde_json::Value = serde_json::from_slice(&line).unwrap_or_default();
                let id = said.get("id").and_then(serde_json::Value::as_u64);
                let op = said.get("op").and_then(|op| op.as_str()).unwrap_or("?");
                voice.fail(
                    id.unwrap_or(0),
                    failure::bad_command(op).detail(failure::without_quotes(&e.to_string())),
                );
                continue;
            }
        };
        match request.request {
            WorkerRequest::Cancel { target } => desk.cancel(target),
            WorkerRequest::Threads { threads } => desk.set_threads(threads),
            _ => {
                let cancel = desk.open(request.id);
                if ask.send((request, cancel)).is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads to the end of the line without keeping it. None at the end of the input.
fn skip_line(reader: &mut impl BufRead) -> Option<u64> {
    let mut skipped = 0u64;
    loop {
        let buffer = reader.fill_buf().ok()?;
        if buffer.is_empty() {
            return None;
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        reader.consume(used);
        skipped = skipped.saturating_add(used as u64);
        if end.is_some() {
            return Some(skipped);
        }
    }
}
