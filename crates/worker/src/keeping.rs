//! What was read is put on the disk: while nothing is asked, and before the process ends.

use crate::voice::Voice;
use engine::{Cancel, KvStore, Saved};
use protocol::{KvPlace, WorkerEvent};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the process goes on to write once nobody asks any more: less than it is given to end.
const LAST: Duration = Duration::from_millis(400);
/// After how many bytes it is told that they were written: who hears it minds the quota.
const TELL: u64 = 64 << 20;

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
    pub fn keep(&mut self, place: Option<&KvPlace>) {
        self.tell(None);
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
                let more = self.due().is_some();
                if !more || self.written >= TELL {
                    self.tell(None);
                }
                return more;
            }
            Saved::All => None,
            Saved::Refused(error) => Some(error.to_string()),
        };
        self.tell(failed);
        false
    }

    /// Tells what was written, where something was.
    fn tell(&mut self, failed: Option<String>) {
        let bytes = std::mem::take(&mut self.written);
        if bytes > 0 || failed.is_some() {
            self.voice.tell(0, WorkerEvent::Saved { bytes, failed });
        }
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
