//! The threads that compute, as many as the person gives: ours for our own executors, and a pool
//! of rayon's, made when it is first needed, for what candle computes and for making weights
//! smaller.

use crate::exec::failed;
use kernels::Pool;
use protocol::AppError;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Most threads of a pool.
const MOST: u32 = 1024;

/// Threads whose number can change between steps.
pub(crate) struct Threads {
    count: AtomicU32,
    pool: Arc<Pool>,
    /// Of as many threads as were wanted when it was made.
    rayon: Mutex<Option<Arc<ThreadPool>>>,
}

impl Threads {
    /// So many, at least one.
    pub fn new(threads: u32) -> Threads {
        let count = threads.clamp(1, MOST);
        Threads {
            count: AtomicU32::new(count),
            pool: Arc::new(Pool::new(count as usize)),
            rayon: Mutex::new(None),
        }
    }

    /// Another number, from the next step on.
    pub fn set(&self, threads: u32) {
        let count = threads.clamp(1, MOST);
        if self.count.swap(count, Ordering::Relaxed) != count {
            self.pool.set_threads(count as usize);
            *self.rayon.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Those of the kernels; the caller is one of them.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Runs on rayon's, everything parallel inside included.
    ///
    /// Errors: `internal`, where the system refuses threads.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, AppError> {
        Ok(self.rayon()?.install(work))
    }

    fn rayon(&self) -> Result<Arc<ThreadPool>, AppError> {
        let mut made = self.rayon.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*made {
            return Ok(made.clone());
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(self.count() as usize)
            .thread_name(|index| format!("rayon-{index}"))
            .build()
            .map_err(failed)?;
        Ok(made.insert(Arc::new(pool)).clone())
    }
}
