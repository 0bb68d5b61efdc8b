//! What was read is put on the disk: while nothing is asked, and before the process ends.

use crate::voice::Voice;
use engine::{Cancel, KvStore, Saved};
use protocol::{KvPlace, WorkerEvent};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the process goes on to write once nobody asks any more: less than it is given to end.
const LAST: Duration = Duration::from_millis(400);

/// The store of the loaded model, and what was written of it.
pub(crate) struct Keeping {
    voice: Arc<Voice>,
    store: Option<Arc<KvStore>>,
    /// Bytes that were written and not told yet.
    written: u64,
}

impl Keeping {
    pub fn new(voice: Arc<Voice>) -> Keeping {
        Keeping {
            voice,
            store: None,
            written: 0,
        }
    }

    /// The store of a model that was loaded.
    pub fn begin(&mut self, store: Option<KvStore>) {
        self.store = store.map(Arc::new);
    }

    /// The store.
    pub fn store(&self) -> Option<Arc<KvStore>> {
        self.store.clone()
    }

    /// Where blocks are written from now on.
    pub fn keep(&self, place: Option<&KvPlace>) {
        if let Some(store) = &self.store {
            store.keep(place);
        }
    }

    /// Forgets what was read of a conversation; None: of all.
    pub fn forget(&self, conversation: Option<&str>) {
        if let Some(store) = &self.store {
            store.forget(conversation);
        }
    }

    /// How long to wait until something is to be written; None where nothing is.
    pub fn due(&self) -> Option<Duration> {
        self.store.as_ref()?.due()
    }

    /// Writes one block. False where there is nothing more to do.
    pub fn save_one(&mut self) -> bool {
        let saved = match &self.store {
            Some(store) => store.save_one(),
            None => Saved::All,
        };
        let failed = match saved {
            Saved::Bytes(bytes) => {
                self.written += bytes;
                // The last one tells.
                if self.due().is_some() {
                    return true;
                }
                None
            }
            Saved::All => None,
            Saved::Refused(error) => Some(error.to_string()),
        };
        let bytes = std::mem::take(&mut self.written);
        if bytes > 0 || failed.is_some() {
            self.voice.tell(0, WorkerEvent::Saved { bytes, failed });
        }
        false
    }

    /// Writes all there is, until it is cancelled.
    pub fn save(&mut self, cancel: &Cancel) {
        while !cancel.is_cancelled() && self.save_one() {}
    }

    /// Writes what can be written before the process ends.
    pub fn save_at_the_end(&mut self) {
        let until = Instant::now() + LAST;
        while Instant::now() < until && self.save_one() {}
    }
}
