//! The smaller model that proposes tokens for one that is loaded: which, whether there is room
//! for it, and that nothing ever waits or fails for it unless the person named it for this run.

use crate::process::{Asked, Pulse, Trouble, Worker};
use crate::seat::Seat;
use crate::shared::Shared;
use protocol::{AppError, DraftChoice, KvType, ModelEntry, ModelId, WorkerEvent, WorkerRequest};
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A model that is to propose tokens, and what it needs.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    name: String,
    path: PathBuf,
    /// Bytes, those of one sequence among them.
    pub memory: u64,
    /// Bytes of each further sequence.
    pub sequence: u64,
    /// Without it the other is not to be loaded either.
    pub is_required: bool,
}

impl Shared {
    /// The person's wish for this model.
    pub fn draft_choice(&self, id: &ModelId) -> DraftChoice {
        match &self.options.draft {
            Some(choice) => self.as_it_is_now(choice),
            None => self.hub.draft_choice(id),
        }
    }

    /// The same choice by the id that its model has now.
    pub fn as_it_is_now(&self, choice: &DraftChoice) -> DraftChoice {
        match choice {
            DraftChoice::Model { id } => DraftChoice::Model {
                id: self.hub.current_id(id),
            },
            other => other.clone(),
        }
    }

    /// The model that is to propose for this one; None where none is wanted or can.
    /// Errors: of one that the options name, those of its files.
    pub fn draft_of(&self, entry: &ModelEntry) -> Result<Option<Draft>, AppError> {
        if !self.options.speculates {
            return Ok(None);
        }
        if let Some(DraftChoice::Model { id }) = &self.options.draft {
            let path = self.hub.path(id)?;
            let name = self.hub.resolve(id)?.name;
            return Draft::of(name, &path, true).map(Some);
        }
        let choice = self.draft_choice(&entry.id);
        let Some(draft) = self.hub.draft_for(&entry.id, &choice) else {
            if let DraftChoice::Model { id } = choice {
                tracing::info!(model = entry.name, draft = %id.0, "draft model left out: it cannot propose");
            }
            return Ok(None);
        };
        let made = Draft::of(draft.name, Path::new(&draft.path), false);
        Ok(made
            .inspect_err(|error| log_left_out(&entry.name, error))
            .ok())
    }

    /// Whether there is room for so much beside all that is in memory now.
    pub fn has_room(&self, bytes: u64) -> bool {
        bytes <= self.memory().free
    }

    /// Has the worker load it. One that is not required is not waited for: what became of it is
    /// in the log, and its memory is given back where it is not there.
    pub async fn draft<S: Future<Output = ()>>(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
        worker: &Worker,
        model: &str,
        draft: Draft,
        stopped: S,
    ) -> Result<(), Trouble> {
        let request = WorkerRequest::Draft {
            name: draft.name.clone(),
            path: draft.path.to_string_lossy().into_owned(),
        };
        if draft.is_required {
            return ended(worker.ask(request, stopped).map_err(Trouble::Failed)?).await;
        }
        let asked = worker.ask(request, pending()).map_err(Trouble::Failed)?;
        let (seat, pulse) = (seat.clone(), worker.pulse.clone());
        let (shared, model) = (Arc::downgrade(self), model.to_owned());
        self.spawn(async move {
            match ended(asked).await {
                Ok(()) => tracing::info!(model, draft = draft.name, "draft model loaded"),
                Err(trouble) => {
                    if let Trouble::Failed(error) = &trouble {
                        log_left_out(&model, error);
                    }
                    give_back(&seat, &pulse, &draft);
                    if let Some(shared) = shared.upgrade() {
                        shared.publish();
                        shared.tell_freed();
                    }
                }
            }
        });
        Ok(())
    }
}

impl Draft {
    fn of(name: String, path: &Path, is_required: bool) -> Result<Draft, AppError> {
        let needed = |context| hub::memory_needed(path, context, None, KvType::F16);
        let memory = needed(None)?;
        Ok(Draft {
            name,
            path: path.to_owned(),
            memory,
            sequence: memory.saturating_sub(needed(Some(0))?),
            is_required,
        })
    }
}

/// Follows a request to its end.
async fn ended<S: Future<Output = ()>>(mut asked: Asked<S>) -> Result<(), Trouble> {
    loop {
        if let WorkerEvent::Done = asked.next().await? {
            return Ok(());
        }
    }
}

/// The memory of a draft that is not there, where the seat still has the worker that it was for.
fn give_back(seat: &Seat, pulse: &Arc<Pulse>, draft: &Draft) {
    seat.update(|holding| {
        if holding
            .pulse
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, pulse))
        {
            holding.reserved = holding.reserved.saturating_sub(draft.memory);
            holding.sequence = holding.sequence.saturating_sub(draft.sequence);
        }
    });
}

fn log_left_out(model: &str, error: &AppError) {
    tracing::info!(
        model,
        failure = error.without_words(),
        detail = error.detail,
        "draft model left out"
    );
}
