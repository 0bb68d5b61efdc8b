//! What is done to the library: one thing at a time, told how far it is and how it ended.

use crate::{
    App,
    library::blocking,
    state::{Core, now},
};
use hub::{GoOn, Told};
use protocol::*;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Milliseconds between two tellings of how far a work is.
const TELL_EVERY: u64 = 200;

/// What is done to the library, one thing at a time.
#[derive(Default)]
pub(crate) struct LibraryWorking {
    state: Mutex<Working>,
    cancel: AtomicBool,
}

#[derive(Default)]
struct Working {
    /// Whether somebody has the right to work.
    held: bool,
    /// What is told, also after its end.
    last: Option<LibraryWork>,
    /// When it was last told, in milliseconds since 1970.
    told: u64,
}

impl LibraryWorking {
    /// As it stands, also after its end.
    pub(crate) fn last(&self) -> Option<LibraryWork> {
        self.state().last.clone()
    }

    /// Ends what is at work, as soon as that is possible.
    pub(crate) fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, Working> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to work on the library, until it is dropped. A work that is told has then ended too,
/// also where it did not come to say how.
pub(crate) struct Held {
    core: Arc<Core>,
    /// Whether it is told.
    told: bool,
    /// How far it came, in bytes, and of how many.
    came: (u64, u64),
    ending: Option<LibraryWorkEnd>,
}

impl Held {
    /// The right, where nobody else has it; `work` is what is told. Errors: `library-busy`.
    pub(crate) fn of(core: &Arc<Core>, work: Option<LibraryWork>) -> Result<Held, AppError> {
        let mut state = core.library.state();
        if std::mem::replace(&mut state.held, true) {
            return Err(failure::library_busy());
        }
        core.library.cancel.store(false, Ordering::Relaxed);
        let told = work.is_some();
        state.last = work.or_else(|| state.last.take());
        drop(state);
        Ok(Held {
            core: core.clone(),
            told,
            came: (0, 0),
            ending: None,
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let work = {
            let mut state = self.core.library.state();
            // Who is told of the end may begin the next work.
            state.held = false;
            let Some(work) = state.last.as_mut().filter(|_| self.told) else {
                return;
            };
            (work.bytes_done, work.bytes_total) = self.came;
            let early = || failure::internal().detail("the work ended early");
            work.ended = self
                .ending
                .take()
                .or_else(|| Some(LibraryWorkEnd::Failed { error: early() }));
            work.clone()
        };
        self.core
            .lock()
            .tell(EventKind::LibraryWorkChanged { work });
    }
}

impl App {
    /// Does one thing to the library, and tells how far it is and how it ended.
    /// Errors: `library-busy`, and those of the work.
    pub(crate) async fn work(
        &self,
        work: LibraryWork,
        run: impl FnOnce(&Core, Told, GoOn) -> Result<(), AppError> + Send + 'static,
    ) -> Result<Nothing, AppError> {
        let held = Held::of(&self.core, Some(work))?;
        let core = self.core.clone();
        blocking(move || {
            // All of it, for as long as this runs.
            let mut held = held;
            core.tell_work(None);
            let mut tell = |done, total| {
                held.came = (done, total);
                core.tell_work(Some((done, total)));
            };
            let go_on = || !core.library.cancel.load(Ordering::Relaxed) && !*core.closing.borrow();
            let result = run(&core, &mut tell, &go_on);
            held.ending = Some(match &result {
                Ok(()) => LibraryWorkEnd::Well,
                Err(error) if error.key == failure::cancelled().key => LibraryWorkEnd::Cancelled,
                Err(error) => LibraryWorkEnd::Failed {
                    error: error.clone(),
                },
            });
            if result.is_ok() {
                held.came.0 = held.came.1;
            }
            result.map(|()| Nothing {})
        })
        .await
    }
}

impl Core {
    /// Tells that a work has begun, or how far it is, where that was not told lately.
    fn tell_work(&self, came: Option<(u64, u64)>) {
        let at = u64::try_from(now()).unwrap_or(0);
        let work = {
            let mut state = self.library.state();
            if came.is_some() && at.abs_diff(state.told) < TELL_EVERY {
                return;
            }
            state.told = at;
            let Some(work) = state.last.as_mut() else {
                return;
            };
            (work.bytes_done, work.bytes_total) = came.unwrap_or_default();
            work.clone()
        };
        self.lock().tell(EventKind::LibraryWorkChanged { work });
    }
}

/// A work at its beginning.
pub(crate) fn working(kind: LibraryWorkKind, model: Option<ModelId>) -> LibraryWork {
    LibraryWork {
        kind,
        model,
        bytes_done: 0,
        bytes_total: 0,
        ended: None,
    }
}
