//! A model's place in memory: at most one worker, whose users come one after the other.

use crate::engine::Resident;
use crate::process::{Pulse, Worker};
use hub::Hub;
use protocol::{ModelId, ModelState, WeightType};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The place of one model. Whoever holds `worker` has the model to himself; the others wait in
/// the order they came (tokio's mutex is fair): that is the queue.
pub(crate) struct Seat {
    model: ModelId,
    /// The worker, where the model is in memory.
    pub worker: tokio::sync::Mutex<Option<Worker>>,
    holding: Mutex<Option<Holding>>,
}

/// What a seat takes of the memory.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    /// Bytes that were reckoned with when it was let in.
    pub reserved: u64,
    /// How far it is on its way into memory; 1 when it is there.
    pub fraction: f32,
    /// How its worker is; None until it is started.
    pub pulse: Option<Arc<Pulse>>,
    /// What its weights were made smaller to, where they were.
    pub quantised: Option<WeightType>,
    /// When it last began or ended an answer.
    pub used: Instant,
}

impl Holding {
    /// Bytes of memory: what was reckoned with, or what it turned out to be where that is more.
    pub fn bytes(&self) -> u64 {
        let measured = self.pulse.as_ref().map_or(0, |pulse| pulse.memory());
        self.reserved.max(measured)
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
            worker: tokio::sync::Mutex::default(),
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
