//! Keeping the library: what is installed and who uses it, deleting, checking, updating and moving
//! it, and the models of other programs.

use crate::{
    App,
    library_work::{Held, working},
    state::Core,
    store::{
        setting,
        usage::{self, Usage},
    },
};
use protocol::*;
use std::{path::PathBuf, time::Duration};

/// How long a model that is deleted may take to leave memory.
const EJECT_PATIENCE: Duration = Duration::from_secs(5);
const EJECT_STEP: Duration = Duration::from_millis(50);

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
                let used = usage.of(|id| core.hub.successor(id) == model.entry.id);
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
    /// Errors: `library-busy`, `model-unknown`, `model-bundled`, `disk-full`, `file-not-written`.
    pub async fn model_delete(&self, request: ModelDelete) -> Result<Deletion, AppError> {
        let _held = Held::of(&self.core, None)?;
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

    /// Asks the hub for a newer revision of a model: only then. Errors: `update-unknown`,
    /// `hub-file-missing`, and those of a request.
    pub async fn model_update_look(&self, request: ModelRef) -> Result<NewerFound, AppError> {
        let core = &self.core;
        let newer = core.hub.look_newer(&core.network, &request.model).await?;
        Ok(NewerFound { newer })
    }

    /// Fetches it, beside the old one, whose place it takes when it is whole. Errors:
    /// `update-none`, as of a look, and of a download's start.
    pub async fn model_update(&self, request: ModelRef) -> Result<Download, AppError> {
        let core = &self.core;
        let download = core.hub.update(&core.network, &request.model).await?;
        core.run_downloads();
        Ok(download)
    }

    /// Moves the library's own files to another folder, where later ones are put too; replies
    /// when that is done, how far it is is told by events. What the end of the process interrupts
    /// goes on with the next window. Errors: `cancelled`, `library-busy`, `move-short`,
    /// `file-not-written`.
    pub async fn library_move(&self, request: LibraryMove) -> Result<Nothing, AppError> {
        let to = self.core.library_folder(request.folder.as_deref());
        if !to.is_absolute() {
            return Err(failure::file_not_found(&to).detail("not an absolute path"));
        }
        let work = working(LibraryWorkKind::Move, None);
        self.work(work, move |core, tell, go_on| {
            let from = {
                let mut state = core.lock();
                let noted = Some(request.folder.clone());
                let kept = &mut state.histories.kept;
                kept.write(|writing| setting::write_moving(writing, noted.as_ref()))?;
                state.settings.library.clone()
            };
            let from = from.map(PathBuf::from);
            let moved = core.hub.move_library(from.as_deref(), &to, tell, go_on);
            let mut state = core.lock();
            if moved.is_err() && *core.closing.borrow() {
                // Not the person ended it: the next window goes on.
                return moved;
            }
            if moved.is_ok() {
                let settings = Settings {
                    library: request.folder,
                    ..state.settings.clone()
                };
                state.change_settings(settings)?;
                core.put_downloads(&state.settings);
            }
            let kept = &mut state.histories.kept;
            kept.write(|writing| setting::write_moving(writing, None))?;
            moved
        })
        .await
    }

    /// Goes on with a move that the end of an earlier process interrupted.
    pub(crate) fn resume_move(&self) {
        let app = self.clone();
        tokio::spawn(async move {
            let read = app.with(|_, state| state.histories.kept.read(setting::moving));
            if let Ok(Some(folder)) = read.await {
                // It is told by events how it goes; where another process is at it, it is that one's.
                let _ = app.library_move(LibraryMove { folder }).await;
            }
        });
    }

    /// Ends what is done to the library, as soon as that is possible; nothing is lost.
    pub async fn library_work_cancel(&self, _: Nothing) -> Result<Nothing, AppError> {
        self.core.library.cancel();
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
}

impl Core {
    /// Adds to a deletion what the history and the memory know.
    fn add_use(&self, deletion: &mut Deletion, usage: &Usage) {
        let model = deletion.model.clone();
        let used = usage.of(|id| self.hub.successor(id) == model);
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

    /// The folder of the library as the person set it; None: the hub's own cache.
    pub(crate) fn library_folder(&self, own: Option<&str>) -> PathBuf {
        own.map_or_else(|| self.places.hub_cache().to_owned(), PathBuf::from)
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

/// Adds to a deletion which conversations have the model chosen, by the history in `places`:
/// nothing is written. Where there is no history, or it cannot be read, none has.
pub fn add_chosen(places: &hub::Places, hub: &hub::Hub, deletion: &mut Deletion) {
    let usage = usage::of_history(&places.history());
    let model = deletion.model.clone();
    deletion.conversations = usage.of(|id| hub.successor(id) == model).chosen;
}

/// When each model of the library last answered, and in how many conversations, by the history in
/// `places`: nothing is written. Where there is no history, or it cannot be read, nobody did.
pub fn installed_used(places: &hub::Places, hub: &hub::Hub) -> Vec<Installed> {
    let usage = usage::of_history(&places.history());
    let mut models = hub.installed();
    for model in &mut models {
        let used = usage.of(|id| hub.successor(id) == model.entry.id);
        model.last_used = used.last;
        model.conversations = used.conversations;
    }
    models
}
