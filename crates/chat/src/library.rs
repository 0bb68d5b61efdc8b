//! Keeping the library: what is installed and who uses it, deleting, checking and moving it, and
//! the models of other programs.

use crate::{
    App,
    state::{Core, now},
    store::usage::{self, Usage},
};
use hub::{GoOn, Told};
use protocol::*;
use std::{
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

/// Milliseconds between two tellings of how far a work is.
const TELL_EVERY: u64 = 200;
/// How long a model that is deleted may take to leave memory.
const EJECT_PATIENCE: Duration = Duration::from_secs(5);
const EJECT_STEP: Duration = Duration::from_millis(50);

/// What is done to the library, one thing at a time.
#[derive(Default)]
pub(crate) struct LibraryWorking {
    /// As last told, also after its end.
    last: Mutex<Option<LibraryWork>>,
    cancel: AtomicBool,
    /// When it was last told, in milliseconds since 1970.
    told: AtomicU64,
}

impl LibraryWorking {
    fn last(&self) -> Option<LibraryWork> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Begins, where nothing else is at work. Errors: `library-busy`.
    fn begin(&self, work: LibraryWork) -> Result<(), AppError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|last| last.ended.is_none()) {
            return Err(failure::library_busy());
        }
        self.cancel.store(false, Ordering::Relaxed);
        *last = Some(work);
        Ok(())
    }
}

impl App {
    /// What is installed, and who uses it.
    pub async fn installed(&self, _: Nothing) -> Result<InstalledModels, AppError> {
        let usage = self.usage().await?;
        let core = self.core.clone();
        // Not under the state's lock: a slow disk is no reason for answers to wait.
        blocking(move || {
            let mut models = core.hub.installed();
            for state in core.models().models {
                let of = models.iter_mut().filter(|model| model.entry.id == state.id);
                of.for_each(|model| model.entry.state = state.state.clone());
            }
            for model in &mut models {
                let used = usage.of(|id| core.hub.current_id(id) == model.entry.id);
                model.last_used = used.last;
                model.conversations = used.conversations;
            }
            let work = core.library.last();
            Ok(InstalledModels { models, work })
        })
        .await
    }

    /// What deleting a model would do. Errors: `model-unknown`, `model-bundled`.
    pub async fn model_delete_look(&self, request: ModelRef) -> Result<Deletion, AppError> {
        let usage = self.usage().await?;
        let core = self.core.clone();
        blocking(move || {
            let mut deletion = core.hub.deletion(&request.model)?;
            core.add_use(&mut deletion, &usage);
            Ok(deletion)
        })
        .await
    }

    /// Deletes a model; one that is in memory leaves it first. Replies what has gone.
    /// Errors: `model-unknown`, `model-bundled`, `disk-full`, `file-not-written`.
    pub async fn model_delete(&self, request: ModelDelete) -> Result<Deletion, AppError> {
        let usage = self.usage().await?;
        let core = self.core.clone();
        let model = core.hub.current_id(&request.model);
        let mut look = self
            .model_delete_look(ModelRef {
                model: model.clone(),
            })
            .await?;
        if look.loaded {
            core.engine.unload(&model);
            let left = async {
                while core.holds(&model) {
                    tokio::time::sleep(EJECT_STEP).await;
                }
            };
            // One that is still answering goes when it is done: what it has read is its own.
            let _ = tokio::time::timeout(EJECT_PATIENCE, left).await;
        }
        blocking(move || {
            let loaded = look.loaded;
            look = core.hub.delete(&model, request.files)?;
            core.add_use(&mut look, &usage);
            look.loaded = loaded;
            Ok(look)
        })
        .await
    }

    /// Reads every byte of a model again, and replies when that is done; how far it is is told by
    /// events. Errors: `file-damaged`, `cancelled`, `library-busy`, `model-unknown`, `model-gone`,
    /// `model-changed`.
    pub async fn model_verify(&self, request: ModelRef) -> Result<Nothing, AppError> {
        let model = self.core.hub.resolve(&request.model)?.id;
        let work = working(LibraryWorkKind::Verify, Some(model.clone()));
        self.work(work, move |core, tell, go_on| {
            core.hub.verify(&model, tell, go_on)
        })
        .await
    }

    /// Moves the library's own files to another folder, where later ones are put too; replies
    /// when that is done, how far it is is told by events. Errors: `cancelled`, `library-busy`,
    /// `move-short`, `file-not-written`.
    pub async fn library_move(&self, request: LibraryMove) -> Result<Nothing, AppError> {
        let from = self
            .with(|_, state| Ok(state.settings.library.clone()))
            .await?;
        let own = request.folder.clone().map(PathBuf::from);
        let shared = self.core.places.hub_cache().to_owned();
        let to = own.unwrap_or(shared);
        if !to.is_absolute() {
            return Err(failure::file_not_found(&to).detail("not an absolute path"));
        }
        let work = working(LibraryWorkKind::Move, None);
        let from = from.map(PathBuf::from);
        self.work(work, move |core, tell, go_on| {
            core.hub.move_library(from.as_deref(), &to, tell, go_on)
        })
        .await?;
        self.with(move |core, state| {
            state.change_settings(Settings {
                library: request.folder,
                ..state.settings.clone()
            })?;
            core.put_downloads(&state.settings);
            Ok(Nothing {})
        })
        .await
    }

    /// Ends what is done to the library, as soon as that is possible; nothing is lost.
    pub async fn library_work_cancel(&self, _: Nothing) -> Result<Nothing, AppError> {
        self.core.library.cancel.store(true, Ordering::Relaxed);
        Ok(Nothing {})
    }

    /// Models that other programs keep on this disk and the library does not have.
    pub async fn models_elsewhere(&self, _: Nothing) -> Result<FoundModels, AppError> {
        let core = self.core.clone();
        blocking(move || {
            let models = core.hub.elsewhere();
            Ok(FoundModels { models })
        })
        .await
    }

    async fn usage(&self) -> Result<Usage, AppError> {
        self.with(|_, state| state.histories.usage()).await
    }

    /// Does one thing to the library, and tells how far it is and how it ended.
    async fn work(
        &self,
        work: LibraryWork,
        run: impl FnOnce(&Core, Told, GoOn) -> Result<(), AppError> + Send + 'static,
    ) -> Result<Nothing, AppError> {
        self.core.library.begin(work)?;
        let core = self.core.clone();
        blocking(move || {
            core.tell_work(|_| ());
            let mut tell = |done, total| core.tell_progress(done, total);
            let go_on = || !core.library.cancel.load(Ordering::Relaxed) && !*core.closing.borrow();
            let result = run(&core, &mut tell, &go_on);
            core.tell_work(|work| {
                work.ended = Some(match &result {
                    Ok(()) => LibraryWorkEnd::Well,
                    Err(error) if error.key == failure::cancelled().key => {
                        LibraryWorkEnd::Cancelled
                    }
                    Err(error) => LibraryWorkEnd::Failed {
                        error: error.clone(),
                    },
                });
            });
            result.map(|()| Nothing {})
        })
        .await
    }
}

impl Core {
    /// Adds to a deletion what the history and the memory know.
    fn add_use(&self, deletion: &mut Deletion, usage: &Usage) {
        let model = deletion.model.clone();
        let used = usage.of(|id| self.hub.current_id(id) == model);
        deletion.conversations = used.chosen;
        deletion.loaded = self.holds(&model);
    }

    /// Whether the model is in memory here, or on its way there.
    fn holds(&self, model: &ModelId) -> bool {
        let residents = self.engine.residents();
        let residents = residents.borrow();
        let mut ids = residents
            .iter()
            .map(|resident| self.hub.current_id(&resident.model));
        ids.any(|id| id == *model)
    }

    /// Changes the work and tells.
    fn tell_work(&self, change: impl FnOnce(&mut LibraryWork)) {
        let work = {
            let mut last = self
                .library
                .last
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let Some(work) = last.as_mut() else {
                return;
            };
            change(work);
            work.clone()
        };
        self.lock().tell(EventKind::LibraryWorkChanged { work });
    }

    /// Tells how far the work is, where it was not told lately.
    fn tell_progress(&self, done: u64, total: u64) {
        let now = u64::try_from(now()).unwrap_or(0);
        let told = &self.library.told;
        if now.abs_diff(told.load(Ordering::Relaxed)) < TELL_EVERY {
            return;
        }
        told.store(now, Ordering::Relaxed);
        self.tell_work(|work| {
            work.bytes_done = done;
            work.bytes_total = total;
        });
    }
}

fn working(kind: LibraryWorkKind, model: Option<ModelId>) -> LibraryWork {
    LibraryWork {
        kind,
        model,
        bytes_done: 0,
        bytes_total: 0,
        ended: None,
    }
}

/// Waits for the disk, away from the async threads and without the state's lock.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(failure::internal().detail(error)),
    }
}

/// When each model of the library last answered, and in how many conversations, by the history in
/// `places`: nothing is written. Where there is no history, or it cannot be read, nobody did.
pub fn installed_used(places: &hub::Places, hub: &hub::Hub) -> Vec<Installed> {
    let usage = usage::of_history(&places.history());
    let mut models = hub.installed();
    for model in &mut models {
        let used = usage.of(|id| hub.current_id(id) == model.entry.id);
        model.last_used = used.last;
        model.conversations = used.conversations;
    }
    models
}
