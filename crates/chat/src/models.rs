//! The library and the memory as the window sees them, and which model answers.

use crate::{
    App, app, diagnostics,
    state::{Core, State, becomes_true},
    store::conversation,
};
use protocol::*;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Between two tellings of how a load goes on.
const TELL_EVERY: Duration = Duration::from_millis(200);

impl App {
    /// All models and the memory.
    pub async fn models(&self, _: Nothing) -> Result<Models, AppError> {
        self.with(|core, _| Ok(core.models())).await
    }

    /// Adds a model file where it lies. Errors: those of the library.
    pub async fn model_import(&self, request: ModelImport) -> Result<ModelEntry, AppError> {
        let core = self.core.clone();
        // Not under the state's lock: a slow disk is no reason for answers to wait.
        let importing =
            tokio::task::spawn_blocking(move || core.hub.import(Path::new(&request.path)));
        match importing.await {
            Ok(result) => result,
            Err(error) => Err(failure::internal().detail(error)),
        }
    }

    /// Brings a model into memory, so that its first answer comes sooner.
    pub fn preload(&self, model: ModelId) {
        drop(self.core.engine.preload(model));
    }

    /// Brings a model into memory, and replies when it is there; how that goes is told by events.
    /// Errors: `model-unknown`, `memory-short`, and those of a worker's start and load.
    pub async fn model_load(&self, request: ModelRef) -> Result<Nothing, AppError> {
        let loading = self
            .with(move |core, state| {
                let model = state.hub.resolve(&request.model)?.id;
                Ok(core.engine.preload(model))
            })
            .await?;
        loading.await.map(|()| Nothing {})
    }

    /// Takes a model out of memory, as soon as it is idle. Errors: `model-unknown`.
    pub async fn model_eject(&self, request: ModelRef) -> Result<Nothing, AppError> {
        self.with(move |core, state| {
            core.engine.unload(&state.hub.resolve(&request.model)?.id);
            Ok(Nothing {})
        })
        .await
    }

    /// The model that would serve a person better than the starter.
    pub async fn better_model(
        &self,
        asked: BetterModelAsked,
    ) -> Result<BetterModelFound, AppError> {
        let memory = self.core.engine.memory().total;
        Ok(BetterModelFound {
            better: hub::better_model(asked.language, memory, self.core.hub.kv_type()),
        })
    }

    /// What the machine is doing, since the last time this was asked.
    pub async fn machine(&self, _: Nothing) -> Result<Machine, AppError> {
        let core = self.core.clone();
        let looking = tokio::task::spawn_blocking(move || core.engine.machine());
        looking
            .await
            .map_err(|error| failure::internal().detail(error))
    }

    /// What a report of a trouble needs.
    pub async fn diagnostics(&self, _: Nothing) -> Result<Diagnostics, AppError> {
        let Core {
            places,
            hub,
            engine,
            ..
        } = &*self.core;
        Ok(diagnostics::of(places, Some(hub), Some(engine.as_ref())).await)
    }

    /// The model of a conversation's next answer; None: of a new conversation's. Errors:
    /// `conversation-unknown`, `model-unknown`, `starter-missing`, `no-model`.
    pub async fn next_model(&self, conversation: Option<String>) -> Result<ModelEntry, AppError> {
        self.with(move |_, state| {
            let row = match &conversation {
                Some(id) => Some(state.histories.of(id).read(|c| conversation::get(c, id))?),
                None => None,
            };
            state.model_for(None, row.as_ref())
        })
        .await
    }

    /// Chooses the model of a conversation's next answer, and of new conversations, and brings
    /// it into memory. Errors: `model-unknown`, `conversation-unknown`.
    pub async fn model_choose(&self, request: ModelChoose) -> Result<Nothing, AppError> {
        self.with(move |core, state| {
            let model = state.hub.resolve(&request.model)?;
            if let Some(id) = &request.conversation {
                state.histories.of_mut(id).write(|writing| {
                    conversation::get(writing, id)?;
                    writing.touch(id);
                    conversation::set_model(writing, id, &model.id, &model.name)
                })?;
                state.tell_conversation(id)?;
            }
            state.change_settings(Settings {
                model: Some(model.id.clone()),
                ..state.settings.clone()
            })?;
            drop(core.engine.preload(model.id));
            Ok(Nothing {})
        })
        .await
    }
}

impl Core {
    /// The library, with what is in memory or on its way there.
    pub(crate) fn models(&self) -> Models {
        let mut models = self.hub.models();
        for resident in self.engine.residents().borrow().iter() {
            let id = self.hub.current_id(&resident.model);
            for model in models.iter_mut().filter(|model| model.id == id) {
                model.state = resident.state.clone();
            }
        }
        Models {
            models,
            memory: self.engine.memory(),
        }
    }
}

impl Core {
    /// Takes models out of memory whose place a newer revision took, once they are idle.
    fn unload_replaced(&self) {
        let residents = self.engine.residents().borrow().clone();
        let mut ids = residents.iter().map(|resident| &resident.model);
        let replaced = |id: &&ModelId| self.hub.successor(id) != self.hub.current_id(id);
        ids.by_ref()
            .filter(replaced)
            .for_each(|id| self.engine.unload(id));
    }
}

impl State {
    /// Which model answers: the one asked for, else the conversation's, else the one last chosen
    /// anywhere, else the starter, else the first that can be used.
    /// Errors: `model-unknown`, `starter-missing`, `no-model`.
    pub(crate) fn model_for(
        &self,
        asked: Option<&ModelId>,
        conversation: Option<&conversation::ConversationRow>,
    ) -> Result<ModelEntry, AppError> {
        if let Some(id) = asked {
            return self.hub.resolve(id);
        }
        if let Some((id, row)) = conversation.and_then(|row| Some((row.model.as_ref()?, row))) {
            return self.hub.resolve(id).map_err(|error| {
                let name = row.model_name.as_deref().unwrap_or(&id.0);
                failure::model_unknown(name).detail(error)
            });
        }
        if let Some(model) = self
            .settings
            .model
            .as_ref()
            .and_then(|id| self.hub.resolve(id).ok())
        {
            return Ok(model);
        }
        if let Some(model) = self.hub.starter() {
            return Ok(model);
        }
        let models = self.hub.models();
        if models.is_empty() {
            return Err(failure::starter_missing());
        }
        let usable = models
            .into_iter()
            .find(|model| !matches!(model.state, ModelState::Unusable { .. }));
        usable.ok_or_else(failure::no_model)
    }

    /// Gives conversations and settings the ids that their models have now: the final one of a
    /// provisional one, or that of the newer revision that took a model's place.
    pub(crate) fn renew_ids(&mut self) -> Result<(), AppError> {
        for summary in self.histories.conversations()? {
            let Some(old) = summary.model else {
                continue;
            };
            let new = self.hub.successor(&old);
            if new != old {
                let id = &summary.id;
                self.histories.of_mut(id).write(|writing| {
                    writing.touch(id);
                    let name = conversation::get(writing, id)?.model_name;
                    conversation::set_model(writing, id, &new, &name.unwrap_or_default())
                })?;
                self.tell_conversation(id)?;
            }
        }
        if let Some(old) = &self.settings.model {
            let new = self.hub.successor(old);
            if new != *old {
                self.change_settings(Settings {
                    model: Some(new),
                    ..self.settings.clone()
                })?;
            }
        }
        Ok(())
    }
}

/// Tells of changes of the library and the memory, until the app closes.
pub(crate) async fn watch(core: Arc<Core>) {
    let mut closing = core.closing.subscribe();
    let mut residents = core.engine.residents();
    let mut library = core.hub.changes();
    loop {
        let library_changed = tokio::select! {
            () = changed(&mut residents) => false,
            () = changed(&mut library) => true,
            () = becomes_true(&mut closing) => return,
        };
        let told = app::with(&core, move |core, state| {
            let Models { models, memory } = core.models();
            state.tell(EventKind::ModelsChanged { models, memory });
            if library_changed {
                core.unload_replaced();
                state.renew_ids()
            } else {
                Ok(())
            }
        });
        // Ids that could not be renewed are renewed the next time.
        let _ = told.await;
        tokio::time::sleep(TELL_EVERY).await;
    }
}

/// Waits for the next change; for ever where none can come.
async fn changed<T>(watched: &mut watch::Receiver<T>) {
    if watched.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
