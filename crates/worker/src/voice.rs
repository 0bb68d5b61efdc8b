//! What the worker tells: one JSON line an event, each written whole and at once.

use crate::Ending;
use protocol::{AppError, FromWorker, MAX_LINE, WorkerEvent, failure};
use std::io::Write;
use std::sync::{Mutex, PoisonError, mpsc};

/// The way out; shared by all threads.
pub(crate) struct Voice {
    writer: Mutex<Box<dyn Write + Send>>,
    end: mpsc::Sender<Ending>,
}

impl Voice {
    /// A voice that says on `end` when nobody listens any more.
    pub fn new(writer: impl Write + Send + 'static, end: mpsc::Sender<Ending>) -> Voice {
        Voice {
            writer: Mutex::new(Box::new(writer)),
            end,
        }
    }

    /// Tells an event of the request `id`. One that is longer than the protocol carries becomes
    /// the failure `message-too-large`.
    pub fn tell(&self, id: u64, event: WorkerEvent) {
        let line = match serde_json::to_vec(&FromWorker { id, event }) {
            Ok(line) if line.len() < MAX_LINE => line,
            Ok(line) => {
                let error = failure::message_too_large(line.len(), MAX_LINE);
                return self.tell(id, WorkerEvent::Failed { error });
            }
            Err(e) => {
                let error = failure::internal().detail(e);
                return self.tell(id, WorkerEvent::Failed { error });
            }
        };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let written = writer
            .write_all(&[&line[..], b"\n"].concat())
            .and_then(|()| writer.flush());
        if written.is_err() {
            let _ = self.end.send(Ending::OutputClosed);
        }
    }

    /// Tells that the request `id` failed.
    pub fn fail(&self, id: u64, error: AppError) {
        self.tell(id, WorkerEvent::Failed { error });
    }
}
