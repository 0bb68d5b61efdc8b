//! Who has how many cores: those that compute share them evenly.

use crate::outbox::Outbox;
use protocol::WorkerRequest;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The cores of the machine, and the workers that compute now.
pub(crate) struct Cores {
    total: u32,
    /// One entry for each answer or load: a worker can be there several times.
    busy: Mutex<Vec<Arc<Outbox>>>,
}

/// A worker's share; let go when it is dropped.
pub(crate) struct Share<'a> {
    cores: &'a Cores,
    outbox: Arc<Outbox>,
}

/// Physical cores, where the machine's other limits (affinity, quota) allow as many.
pub(crate) fn of_machine() -> u32 {
    let allowed = std::thread::available_parallelism().map_or(1, usize::from);
    let physical = sysinfo::System::physical_core_count().unwrap_or(allowed);
    u32::try_from(physical.clamp(1, allowed)).unwrap_or(1)
}

impl Cores {
    pub fn new(total: u32) -> Cores {
        Cores {
            total: total.max(1),
            busy: Mutex::default(),
        }
    }

    pub fn total(&self) -> u32 {
        self.total
    }

    /// Whether none of the workers computes.
    pub fn is_idle(&self) -> bool {
        self.busy().is_empty()
    }

    /// The worker computes from now on, until the share is dropped.
    pub fn enter(&self, outbox: &Arc<Outbox>) -> Share<'_> {
        let mut busy = self.busy();
        busy.push(outbox.clone());
        self.deal(&busy);
        Share {
            cores: self,
            outbox: outbox.clone(),
        }
    }

    fn busy(&self) -> MutexGuard<'_, Vec<Arc<Outbox>>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells each worker how many threads it has, where that has changed.
    fn deal(&self, busy: &[Arc<Outbox>]) {
        let first = |at: &usize| {
            !busy[..*at]
                .iter()
                .any(|other| Arc::ptr_eq(other, &busy[*at]))
        };
        let workers: Vec<usize> = (0..busy.len()).filter(first).collect();
        let sharers = u32::try_from(workers.len()).unwrap_or(u32::MAX).max(1);
        let threads = (self.total / sharers).max(1);
        for outbox in workers.into_iter().map(|at| &busy[at]) {
            if outbox.set_threads(threads) != threads {
                let _ = outbox.tell(WorkerRequest::Threads { threads });
            }
        }
    }
}

impl Share<'_> {
    /// Threads that the worker has now.
    pub fn threads(&self) -> u32 {
        self.outbox.threads()
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut busy = self.cores.busy();
        let own = busy
            .iter()
            .position(|other| Arc::ptr_eq(other, &self.outbox));
        if let Some(own) = own {
            busy.remove(own);
        }
        self.cores.deal(&busy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ToWorker;
    use tokio::sync::mpsc;

    fn told(lines: &mut mpsc::UnboundedReceiver<Vec<u8>>) -> Vec<u32> {
        let mut threads = Vec::new();
        while let Ok(line) = lines.try_recv() {
            match serde_json::from_slice::<ToWorker>(&line).unwrap().request {
                WorkerRequest::Threads { threads: n } => threads.push(n),
                other => panic!("{other:?}"),
            }
        }
        threads
    }

    #[test]
    fn those_that_compute_share_evenly() {
        let cores = Cores::new(6);
        let (one, mut to_one) = Outbox::new();
        let (two, mut to_two) = Outbox::new();
        let (one, two) = (Arc::new(one), Arc::new(two));
        let first = cores.enter(&one);
        assert_eq!(first.threads(), 6);
        let second = cores.enter(&two);
        assert_eq!((first.threads(), second.threads()), (3, 3));
        drop(first);
        assert_eq!(second.threads(), 6);
        assert!(!cores.is_idle());
        drop(second);
        assert!(cores.is_idle());
        assert_eq!(told(&mut to_one), [6, 3]);
        assert_eq!(told(&mut to_two), [3, 6]);
    }

    #[test]
    fn two_answers_of_one_worker_are_one_share() {
        let cores = Cores::new(6);
        let (one, two) = (Arc::new(Outbox::new().0), Arc::new(Outbox::new().0));
        let first = cores.enter(&one);
        let again = cores.enter(&one);
        assert_eq!(first.threads(), 6);
        let other = cores.enter(&two);
        assert_eq!((again.threads(), other.threads()), (3, 3));
        drop(first);
        assert_eq!(other.threads(), 3, "the worker still computes");
        drop(again);
        assert_eq!(other.threads(), 6);
    }

    #[test]
    fn nobody_is_left_without_a_thread() {
        let cores = Cores::new(1);
        let boxes: Vec<_> = (0..3).map(|_| Arc::new(Outbox::new().0)).collect();
        let shares: Vec<_> = boxes.iter().map(|outbox| cores.enter(outbox)).collect();
        assert!(shares.iter().all(|share| share.threads() == 1));
    }
}
