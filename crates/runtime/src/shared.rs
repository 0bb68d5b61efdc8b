//! What all requests share: the seats, the memory, the cores.

use crate::cores::Cores;
use crate::engine::Resident;
use crate::kv::Kv;
use crate::machine::Gauge;
use crate::memory;
use crate::options::Options;
use crate::seat::Seat;
use hub::Hub;
use protocol::{KvType, Machine, MemoryUse, ModelId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What all requests share.
pub(crate) struct Shared {
    pub hub: Hub,
    pub options: Options,
    pub cores: Cores,
    /// One at a time decides whether it fits, and reserves its memory.
    pub admission: tokio::sync::Mutex<()>,
    /// Rises whenever memory may have become free.
    pub freed: watch::Sender<u64>,
    pub residents: watch::Sender<Vec<Resident>>,
    /// What models have read.
    pub kv: Arc<Kv>,
    /// Bytes of memory read in a second, once known.
    pub bandwidth: tokio::sync::Mutex<Option<u64>>,
    gauge: Gauge,
    seats: Mutex<Vec<Arc<Seat>>>,
    tasks: Mutex<Vec<AbortHandle>>,
    handle: tokio::runtime::Handle,
}

impl Shared {
    pub fn new(hub: Hub, options: Options) -> Shared {
        if let Some(kind) = options.kv {
            hub.choose_kv_type(kind);
        }
        Shared {
            cores: Cores::new(options.threads.unwrap_or_else(crate::cores::of_machine)),
            kv: Arc::new(Kv::new(hub.kv().to_owned(), options.keep)),
            hub,
            options,
            admission: tokio::sync::Mutex::default(),
            freed: watch::Sender::new(0),
            residents: watch::Sender::new(Vec::new()),
            bandwidth: tokio::sync::Mutex::default(),
            gauge: Gauge::default(),
            seats: Mutex::default(),
            tasks: Mutex::default(),
            handle: tokio::runtime::Handle::current(),
        }
    }

    /// Models that are loaded from now on keep keys and values so, where the options say nothing.
    pub fn choose_kv_type(&self, kind: KvType) {
        self.hub.choose_kv_type(self.options.kv.unwrap_or(kind));
    }

    /// The seat of a model; whichever of its ids is meant.
    pub fn seat(&self, model: &ModelId) -> Arc<Seat> {
        let model = self.hub.current_id(model);
        let mut seats = self.lock_seats();
        if let Some(seat) = seats.iter().find(|seat| seat.model(&self.hub) == model) {
            return seat.clone();
        }
        let seat = Arc::new(Seat::new(model));
        seats.push(seat.clone());
        seat
    }

    /// All seats.
    pub fn seats(&self) -> Vec<Arc<Seat>> {
        self.lock_seats().clone()
    }

    /// Bytes that models may use altogether.
    pub fn total_memory(&self) -> u64 {
        memory::total(self.options.memory, self.pids())
    }

    /// What the machine is doing.
    pub fn machine(&self) -> Machine {
        self.gauge.look(&self.pids().collect::<Vec<_>>())
    }

    /// The processes of the workers.
    fn pids(&self) -> impl Iterator<Item = u32> {
        let holdings = self.seats().into_iter().filter_map(|seat| seat.holding());
        holdings.filter_map(|holding| Some(holding.pulse?.pid()))
    }

    /// The memory as it is now.
    pub fn memory(&self) -> MemoryUse {
        let total = self.total_memory();
        let seats = self.seats();
        let models = seats
            .iter()
            .filter_map(|seat| seat.holding())
            .map(|h| h.bytes())
            .sum();
        MemoryUse {
            total,
            models,
            free: total.saturating_sub(models),
        }
    }

    /// Tells everybody what is in memory now, where that has changed.
    pub fn publish(&self) {
        let seats = self.seats();
        let now: Vec<Resident> = seats.iter().filter_map(|s| s.resident(&self.hub)).collect();
        self.residents.send_if_modified(|before| {
            let changed = *before != now;
            *before = now;
            changed
        });
    }

    /// Tells those who wait for memory to look again.
    pub fn tell_freed(&self) {
        self.freed.send_modify(|number| *number += 1);
    }

    /// Runs a task that ends with the runtime at the latest.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task = self.handle.spawn(task).abort_handle();
        let mut tasks = self.lock_tasks();
        tasks.retain(|task| !task.is_finished());
        tasks.push(task);
    }

    /// Ends all tasks, and with them all workers.
    pub fn close(&self) {
        for task in self.lock_tasks().drain(..) {
            task.abort();
        }
    }

    fn lock_seats(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_tasks(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
