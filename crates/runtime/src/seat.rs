//! A model's place in memory: at most one worker, which makes a few answers at once.

use crate::engine::Resident;
use crate::outbox::Outbox;
use crate::process::{Pulse, Worker};
use hub::Hub;
use protocol::{ModelId, ModelState, TOGETHER, WeightType};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// The place of one model. Who only asks for an answer shares `worker` with others who do; who
/// loads it or takes it out of memory has it to himself. The others wait in the order they came
/// (tokio's locks are fair): that is the queue.
pub(crate) struct Seat {
    model: ModelId,
    /// The worker, where the model is in memory.
    pub worker: tokio::sync::RwLock<Option<Worker>>,
    /// Held by who finds out whether he shares the worker or has to load it.
    pub door: tokio::sync::Mutex<()>,
    /// One for each answer that is made at once.
    pub places: tokio::sync::Semaphore,
    holding: Mutex<Option<Holding>>,
}

/// An answer on its way, with its memory; given back when it is dropped.
pub(crate) struct Beside<'a>(&'a Seat);

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        self.0.update(|holding| {
            holding.answering = holding.answering.saturating_sub(1);
        });
    }
}

/// What a seat takes of the memory.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    /// Bytes that were reckoned with when it was let in, those of one answer among them.
    pub reserved: u64,
    /// Bytes of each further answer at the same time.
    pub sequence: u64,
    /// Answers that are on their way.
    pub answering: u32,
    /// How far it is on its way into memory; 1 when it is there.
    pub fraction: f32,
    /// Whether its memory is about to be free.
    pub is_leaving: bool,
    /// How its worker is; None until it is started.
    pub pulse: Option<Arc<Pulse>>,
    /// The way to it, for as long as it is not ended.
    pub outbox: Weak<Outbox>,
    /// What its weights were made smaller to, where they were.
    pub quantised: Option<WeightType>,
    /// When it last began or ended an answer.
    pub used: Instant,
}

impl Holding {
    /// Bytes of memory: what was reckoned with, or what it turned out to be where that is more.
    pub fn bytes(&self) -> u64 {
        let measured = self.pulse.as_ref().map_or(0, |pulse| pulse.memory());
        let further = u64::from(self.answering.saturating_sub(1));
        let reckoned = self
            .reserved
            .saturating_add(self.sequence.saturating_mul(further));
        reckoned.max(measured)
    }

    fn state(&self) -> ModelState {
        match &self.pulse {
            Some(_) if self.fraction >= 1.0 => ModelState::Loaded {
                memory: self.bytes(),
            },
            _ => ModelState::Loading {
                fraction: self.fraction,
            },
        }
    }
}

impl Seat {
    pub fn new(model: ModelId) -> Seat {
        Seat {
            model,
            worker: tokio::sync::RwLock::default(),
            door: tokio::sync::Mutex::default(),
            places: tokio::sync::Semaphore::new(TOGETHER),
            holding: Mutex::default(),
        }
    }

    /// The model's id as the hub knows it now.
    pub fn model(&self, hub: &Hub) -> ModelId {
        hub.current_id(&self.model)
    }

    /// What it holds now; None where nothing is in memory or its worker has ended.
    pub fn holding(&self) -> Option<Holding> {
        let holding = self.lock().clone()?;
        let alive = holding.pulse.as_ref().is_none_or(|pulse| pulse.is_alive());
        alive.then_some(holding)
    }

    /// Notes what it holds from now on.
    pub fn hold(&self, holding: Option<Holding>) {
        *self.lock() = holding;
    }

    /// Changes what it holds, where it holds something.
    pub fn update(&self, change: impl FnOnce(&mut Holding)) {
        if let Some(holding) = &mut *self.lock() {
            change(holding);
        }
    }

    /// One more answer is on its way.
    pub fn beside(&self) -> Beside<'_> {
        self.update(|holding| holding.answering += 1);
        Beside(self)
    }

    /// How others see it.
    pub fn resident(&self, hub: &Hub) -> Option<Resident> {
        let state = self.holding()?.state();
        let model = self.model(hub);
        Some(Resident { model, state })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Holding>> {
        self.holding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
