//! A smaller model that proposes tokens for the one that is loaded: it is loaded beside the
//! answers, which never wait for it.

use crate::panics;
use crate::work::Work;
use engine::Cancel;
use protocol::{WorkerEvent, WorkerStage, failure};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

impl Work {
    /// Loads it on a thread of its own, which tells how that ended.
    pub fn draft(&self, id: u64, name: String, path: String, cancel: Cancel) {
        let (desk, voice, heart) = (self.desk.clone(), self.voice.clone(), self.heart.clone());
        let load = move || {
            heart.begin(id, WorkerStage::Load);
            let load = AssertUnwindSafe(|| match desk.model() {
                Some(model) => model.add_draft(&name, Path::new(&path), &cancel),
                None => Err(failure::internal().detail("no model is loaded")),
            });
            let panicked = |_| Err(failure::internal().detail(panics::last()));
            let loaded = catch_unwind(load).unwrap_or_else(panicked);
            heart.end(id);
            desk.close(id);
            match loaded {
                Ok(()) => voice.tell(id, WorkerEvent::Done),
                Err(error) => voice.fail(id, error),
            }
        };
        if let Err(error) = thread::Builder::new().name("draft".into()).spawn(load) {
            self.desk.close(id);
            self.voice.fail(id, failure::internal().detail(error));
        }
    }
}
