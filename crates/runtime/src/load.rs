//! Brings a model into memory: whether it fits, what has to go for it, and the loading itself.

use crate::discovery;
use crate::drafting::Draft;
use crate::memory::milliseconds;
use crate::process::{News, Trouble, Worker};
use crate::quantise::Plan;
use crate::seat::{Beside, Holding, Seat};
use crate::shared::Shared;
use protocol::{
    AppError, LoadedFacts, ModelEntry, ModelId, ModelState, WeightType, WorkerEvent, WorkerRequest,
    WorkerStage, failure,
};
use std::sync::{Arc, Weak};
use std::time::Instant;
use tokio::sync::RwLockWriteGuard;

/// What came of looking for room.
enum Room<'a> {
    There,
    /// This one has to go for it, which is idle.
    Where(&'a Arc<Seat>, RwLockWriteGuard<'a, Option<Worker>>),
    /// What is in the way is busy, or about to leave.
    Later,
}

impl Shared {
    /// Loads a model that nobody waits for yet. Errors: `model-unknown`, those of
    /// [`Shared::load`].
    pub async fn preload(self: &Arc<Self>, model: &ModelId) -> Result<(), AppError> {
        let entry = self.hub.resolve(model)?;
        let seat = self.seat(&entry.id);
        let _door = seat.door.lock().await;
        if self.is_ready(seat.worker.read().await.as_ref(), &entry) {
            return Ok(());
        }
        let mut slot = seat.worker.write().await;
        let loaded = self
            .load(&seat, &mut slot, &entry, std::future::pending, |_| {})
            .await;
        drop(slot);
        self.tell_freed();
        loaded.map(drop)
    }

    /// Loads the model into its seat where it is not there yet, and returns how long that took in
    /// milliseconds. `stopped` ends the load; `progress` is told fractions from 0 to 1.
    /// Errors: `memory-short`, `cancelled`, those of a worker's start and of the engine's load.
    pub async fn load<S: Future<Output = ()>>(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
        slot: &mut Option<Worker>,
        entry: &ModelEntry,
        stopped: impl Fn() -> S,
        progress: impl Fn(f32),
    ) -> Result<f64, AppError> {
        if self.is_ready(slot.as_ref(), entry) {
            return Ok(0.0);
        }
        if let Some(worker) = slot.take() {
            if worker.pulse.is_alive() {
                // It has a prompt form or a draft model that is no longer chosen.
                worker.retire().await;
            } else {
                // It ended while idle: nothing was lost, so nothing is said to the person.
                worker.bury(Trouble::Ended, &entry.name).await;
            }
        }
        let began = Instant::now();
        let admitted = match self.plan_of(entry) {
            Ok((plan, draft)) => self
                .admit(seat, entry, plan, draft, stopped())
                .await
                .map(|draft| (plan, draft)),
            Err(error) => Err(error),
        };
        let (plan, draft) = match admitted {
            Ok(admitted) => admitted,
            Err(error) => {
                log_not_loaded(entry, &error);
                return Err(error);
            }
        };
        let loaded = self
            .start(seat, entry, (plan, draft), &stopped, &progress)
            .await;
        let result = match loaded {
            Ok(worker) => {
                *slot = Some(worker);
                seat.update(|holding| holding.fraction = 1.0);
                let ms = milliseconds(began.elapsed());
                tracing::info!(
                    model = entry.name,
                    bytes = entry.bytes,
                    memory = plan.memory,
                    quantised = plan.quantise.map(WeightType::name),
                    ms = ms.round(),
                    "model loaded"
                );
                Ok(ms)
            }
            Err(error) => {
                seat.hold(None);
                log_not_loaded(entry, &error);
                Err(error)
            }
        };
        self.publish();
        self.tell_freed();
        result
    }

    /// Whether the worker can be asked for an answer of the model.
    pub fn is_ready(&self, worker: Option<&Worker>, entry: &ModelEntry) -> bool {
        let form = || self.hub.prompt_form(&entry.id);
        let draft = || self.draft_choice(&entry.id);
        worker.is_some_and(|worker| {
            worker.pulse.is_alive()
                && worker.form == form()
                && self.as_it_is_now(&worker.draft) == draft()
        })
    }

    /// How the model is loaded, and which one is to propose tokens for it.
    fn plan_of(&self, entry: &ModelEntry) -> Result<(Plan, Option<Draft>), AppError> {
        let path = self.hub.path(&entry.id)?;
        let draft = self.draft_of(entry)?;
        let required = draft.as_ref().filter(|draft| draft.is_required);
        let beside = required.map_or(0, |draft| draft.memory);
        let room = self.total_memory().saturating_sub(beside);
        Ok((self.plan(&path, None, room)?, draft))
    }

    /// Waits until the model fits, and reserves its memory. One that is to propose tokens for it
    /// is given back where it fits too, now and beside all others.
    async fn admit(
        &self,
        seat: &Seat,
        entry: &ModelEntry,
        plan: Plan,
        draft: Option<Draft>,
        stopped: impl Future<Output = ()>,
    ) -> Result<Option<Draft>, AppError> {
        let wait = async {
            loop {
                let mut freed = self.freed.subscribe();
                let admission = self.admission.lock().await;
                let seats = self.seats();
                let fits = |draft: &&Draft| {
                    draft.is_required || self.has_room(plan.memory.saturating_add(draft.memory))
                };
                let beside = draft.as_ref().filter(fits);
                let added = |bytes: fn(&Draft) -> u64| beside.map_or(0, bytes);
                let memory = plan.memory.saturating_add(added(|draft| draft.memory));
                match self.look_for_room(&seats, entry, memory)? {
                    Room::There => {
                        seat.hold(Some(Holding {
                            reserved: memory,
                            sequence: plan.sequence.saturating_add(added(|draft| draft.sequence)),
                            answering: 0,
                            quantised: None,
                            fraction: 0.0,
                            is_leaving: false,
                            pulse: None,
                            outbox: Weak::new(),
                            used: Instant::now(),
                        }));
                        drop(admission);
                        self.tell_place();
                        self.publish();
                        return Ok(beside.cloned());
                    }
                    Room::Where(idle, mut slot) => {
                        idle.update(|holding| holding.is_leaving = true);
                        drop(admission);
                        // It is long in leaving: others are let in meanwhile.
                        self.vacate(idle, &mut slot).await;
                    }
                    Room::Later => {
                        drop(admission);
                        // The sender lives as long as we do.
                        let _ = freed.changed().await;
                    }
                }
            }
        };
        tokio::select! {
            admitted = wait => admitted,
            () = stopped => Err(failure::cancelled()),
        }
    }

    /// Whether the model fits beside what is there, and if not, which idle model has to go: the
    /// one that was used longest ago.
    /// Errors: `memory-short` or `memory-compact` where it would not fit even alone.
    fn look_for_room<'a>(
        &self,
        seats: &'a [Arc<Seat>],
        entry: &ModelEntry,
        memory: u64,
    ) -> Result<Room<'a>, AppError> {
        let total = self.total_memory();
        if memory > total {
            return Err(self.too_large(entry, memory, total));
        }
        let held = seats
            .iter()
            .filter_map(|seat| Some((seat, seat.holding()?)));
        let (leaving, mut others): (Vec<_>, Vec<_>) =
            held.partition(|(_, holding)| holding.is_leaving);
        let bytes = |held: &[(_, Holding)]| held.iter().map(|(_, holding)| holding.bytes()).sum();
        let (leaving, staying): (u64, u64) = (bytes(&leaving), bytes(&others));
        let wanted = staying.saturating_add(memory);
        if wanted.saturating_add(leaving) <= total {
            return Ok(Room::There);
        }
        if wanted <= total {
            // What is leaving makes room enough.
            return Ok(Room::Later);
        }
        others.sort_by_key(|(_, holding)| holding.used);
        let mut idle = others
            .into_iter()
            .filter_map(|(seat, _)| Some((seat, seat.worker.try_write().ok()?)));
        let found = idle.next().map(|(seat, slot)| Room::Where(seat, slot));
        Ok(found.unwrap_or(Room::Later))
    }

    /// Reserves the memory of one more answer of a loaded model; None where there is not as much.
    pub async fn make_beside<'a>(&self, seat: &'a Seat) -> Option<Beside<'a>> {
        let _admission = self.admission.lock().await;
        let holding = seat.holding()?;
        let held = self.memory().models;
        let fits = held.saturating_add(holding.sequence) <= self.total_memory();
        (holding.answering == 0 || fits).then(|| seat.beside())
    }

    /// Takes a model out of memory.
    pub async fn vacate(&self, seat: &Seat, slot: &mut Option<Worker>) {
        if let Some(worker) = slot.take() {
            tracing::info!(pid = worker.pulse.pid(), "model taken out of memory");
            worker.retire().await;
        }
        seat.hold(None);
        self.tell_place();
        self.publish();
        self.tell_freed();
    }

    /// With what would help: its conversations in 8 bits, else the largest model of the library
    /// that would fit, where there is one.
    fn too_large(&self, entry: &ModelEntry, memory: u64, total: u64) -> AppError {
        let compact = || {
            let required = self.draft_of(entry).ok()?.filter(|draft| draft.is_required);
            let beside = required.map_or(0, |draft| draft.memory);
            let room = total.saturating_sub(beside);
            let path = self.hub.path(&entry.id).ok()?;
            let compact = self.compact(&path, None, room)?;
            Some(compact.saturating_add(beside))
        };
        if let Some(compact) = compact() {
            return failure::memory_compact(&entry.name, memory, total, compact);
        }
        let smaller = self.hub.models().into_iter().filter(|model| {
            model.memory <= total && !matches!(model.state, ModelState::Unusable { .. })
        });
        let smaller = smaller.max_by_key(|model| model.memory);
        let smaller = smaller.map_or("none".to_owned(), |model| model.name);
        failure::memory_short(&entry.name, memory, total, smaller)
    }

    async fn start<S: Future<Output = ()>>(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
        entry: &ModelEntry,
        (plan, draft): (Plan, Option<Draft>),
        stopped: &impl Fn() -> S,
        progress: &impl Fn(f32),
    ) -> Result<Worker, AppError> {
        let path = self.hub.path(&entry.id)?;
        let executable = std::env::current_exe().ok();
        let program = discovery::worker(self.options.worker.as_deref(), executable.as_deref())?;
        let shared = Arc::downgrade(self);
        let news = move |news: News| {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            match news {
                News::Changed => {
                    shared.publish();
                    shared.tell_freed();
                }
                News::Saved { bytes, failed } => shared.saved(bytes, failed.as_deref()),
            }
        };
        progress(0.0);
        let mut worker = Worker::start(&program, &self.options, news).await?;
        worker.form = self.hub.prompt_form(&entry.id);
        worker.draft = self.draft_choice(&entry.id);
        seat.update(|holding| {
            holding.pulse = Some(worker.pulse.clone());
            holding.outbox = Arc::downgrade(&worker.outbox);
        });
        let tell = |fraction: f32| {
            seat.update(|holding| holding.fraction = fraction);
            self.publish();
            progress(fraction);
        };
        let share = self.cores.enter(&worker.outbox);
        let load = WorkerRequest::Load {
            path: path.to_string_lossy().into_owned(),
            context: None,
            threads: share.threads(),
            quantise: self.quantise(plan),
            form: worker.form.clone(),
            speculates: self.options.speculates,
            kv: self.place(seat),
            kv_type: plan.kv,
        };
        let mut loaded = load_weights(&worker, load, stopped(), tell).await;
        if let (Ok(_), Some(draft)) = (&loaded, draft) {
            let asked = self.draft(seat, &worker, &entry.name, draft, stopped());
            if let Err(trouble) = asked.await {
                loaded = Err(trouble);
            }
        }
        drop(share);
        match loaded {
            Ok(facts) => {
                seat.update(|holding| holding.quantised = facts.quantised);
                Ok(worker)
            }
            Err(trouble) => Err(worker.bury(trouble, &entry.name).await),
        }
    }
}

fn log_not_loaded(entry: &ModelEntry, error: &AppError) {
    tracing::warn!(
        model = entry.name,
        memory = entry.memory,
        failure = error.without_words(),
        detail = error.detail,
        "model not loaded"
    );
}

/// Follows a `Load` to its end; `tell` is told fractions under 1, each a hundredth more or so.
pub(crate) async fn load_weights(
    worker: &Worker,
    load: WorkerRequest,
    stopped: impl Future<Output = ()>,
    tell: impl Fn(f32),
) -> Result<LoadedFacts, Trouble> {
    let mut asked = worker.ask(load, stopped).map_err(Trouble::Failed)?;
    let mut told = 0.0;
    loop {
        match asked.next().await? {
            WorkerEvent::Loaded(facts) => return Ok(facts),
            WorkerEvent::Progress {
                stage: WorkerStage::Load,
                done,
                total,
            } => {
                let fraction = (done as f64 / total.max(1) as f64).clamp(0.0, 0.99) as f32;
                if fraction - told >= 0.01 {
                    told = fraction;
                    tell(fraction);
                }
            }
            _ => {}
        }
    }
}
