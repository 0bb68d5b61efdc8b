//! The threads that compute: one pool, whose size can change between steps.

use protocol::AppError;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex, PoisonError};

/// Most threads of a pool.
const MOST: u32 = 1024;

/// A pool that is exchanged for another when its size changes.
pub(crate) struct Threads(Mutex<Arc<ThreadPool>>);

fn pool(threads: u32) -> Result<Arc<ThreadPool>, AppError> {
    ThreadPoolBuilder::new()
        .num_threads(threads.clamp(1, MOST) as usize)
        .thread_name(|index| format!("compute-{index}"))
        .build()
        .map(Arc::new)
        .map_err(crate::exec::candle::failed)
}

impl Threads {
    /// A pool of `threads`, at least one.
    pub fn new(threads: u32) -> Result<Threads, AppError> {
        Ok(Threads(Mutex::new(pool(threads)?)))
    }

    fn current(&self) -> Arc<ThreadPool> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Another size, from the next step on; the old one where the system refuses more threads.
    pub fn set(&self, threads: u32) {
        if self.count() != threads
            && let Ok(pool) = pool(threads)
        {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pool;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.current().current_num_threads() as u32
    }

    /// Runs on the pool, everything parallel inside included.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.current().install(work)
    }
}
