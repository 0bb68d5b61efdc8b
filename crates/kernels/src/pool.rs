//! The threads that compute: they spin for the next piece of work for a moment, then sleep.
//!
//! Between two operations of a model lie microseconds: waking a sleeping thread for each would
//! cost more than many of them. The caller is one of the threads.
#![allow(unsafe_code)] // work is lent to threads that outlive it; who waits for them is said beside

use crate::probe::{Level, probe};
use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a thread without work spins before it sleeps.
const SPIN: Duration = Duration::from_micros(50);
/// Rounds of spinning between two looks at the clock.
const ROUNDS: u32 = 64;
/// Most threads of a pool.
const MOST: usize = 1024;
/// Most shares that a job is divided into.
const MOST_SHARES: usize = 64;

/// In [`Shared::gate`]: a job may be joined.
const OPEN: u64 = 1 << 31;
/// In [`Shared::gate`]: how many threads are inside of the job, besides the caller.
const INSIDE: u64 = OPEN - 1;
/// In [`Shared::gate`]: one more job.
const NEXT: u64 = 1 << 32;

/// A pool of threads.
pub struct Pool {
    shared: Arc<Shared>,
    /// Held by who has given the pool work.
    busy: Mutex<()>,
    helpers: Mutex<Vec<JoinHandle<()>>>,
    level: Level,
}

/// A piece of work, lent for as long as the gate says that somebody is inside.
type Work = *const (dyn Fn() + Sync);

struct Shared {
    /// Number of the job, whether it may be joined, and how many are inside.
    gate: AtomicU64,
    work: UnsafeCell<Option<Work>>,
    /// How many helpers may take part.
    wanted: AtomicUsize,
    /// How many helpers sleep, or are about to.
    sleeping: AtomicUsize,
    lock: Mutex<()>,
    wake: Condvar,
    /// Of helpers that do not take part: told when more of them do.
    wanted_changed: Condvar,
    panicked: Mutex<Option<Box<dyn Any + Send>>>,
    ended: AtomicBool,
}

// SAFETY: `work` is written only while the gate is closed and nobody is inside, and read only by
// who has gone inside; the gate's operations order the two. What it points to is `Sync`.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

impl Pool {
    /// A pool of so many threads, the caller's among them. Where the system refuses some, it has
    /// fewer.
    pub fn new(threads: usize) -> Pool {
        Pool::with_level(threads, probe())
    }

    /// A pool whose work uses a level of instructions: what tests compare. A level beyond the
    /// processor is lowered to its own.
    pub fn with_level(threads: usize, level: Level) -> Pool {
        let pool = Pool {
            shared: Arc::new(Shared {
                gate: AtomicU64::new(0),
                work: UnsafeCell::new(None),
                wanted: AtomicUsize::new(0),
                sleeping: AtomicUsize::new(0),
                lock: Mutex::new(()),
                wake: Condvar::new(),
                wanted_changed: Condvar::new(),
                panicked: Mutex::new(None),
                ended: AtomicBool::new(false),
            }),
            busy: Mutex::new(()),
            helpers: Mutex::new(Vec::new()),
            level: level.lowered(),
        };
        pool.set_threads(threads);
        pool
    }

    /// The instructions that work uses.
    pub fn level(&self) -> Level {
        self.level
    }

    /// How many threads work, the caller's among them.
    pub fn threads(&self) -> usize {
        self.shared.wanted.load(SeqCst) + 1
    }

    /// Another number of threads, from the next piece of work on.
    pub fn set_threads(&self, threads: usize) {
        let wanted = threads.clamp(1, MOST) - 1;
        let mut helpers = locked(&self.helpers);
        while helpers.len() < wanted {
            let (shared, index) = (self.shared.clone(), helpers.len());
            let named = std::thread::Builder::new().name(format!("compute-{}", index + 1));
            match named.spawn(move || shared.help(index)) {
                Ok(helper) => helpers.push(helper),
                Err(_) => break,
            }
        }
        self.shared.wanted.store(wanted.min(helpers.len()), SeqCst);
        drop(locked(&self.shared.lock));
        self.shared.wanted_changed.notify_all();
    }

    /// Calls `work` with each number below `tasks` once, on all threads; in no order that could
    /// be relied on, though a thread mostly gets numbers that follow one another, so that what it
    /// fetches ahead is its own. Work given from inside of work is done by the thread that gives
    /// it.
    pub fn each(&self, tasks: usize, work: impl Fn(usize) + Sync) {
        if tasks <= 1 || self.shared.wanted.load(SeqCst) == 0 {
            return (0..tasks).for_each(work);
        }
        let shares = self.threads().min(tasks).min(MOST_SHARES);
        let from = |share: usize| share * tasks / shares;
        let next: [AtomicUsize; MOST_SHARES] = std::array::from_fn(|at| AtomicUsize::new(from(at)));
        let arrived = AtomicUsize::new(0);
        // Each thread has a share of its own, and then helps with the others'.
        let all = || {
            let own = arrived.fetch_add(1, SeqCst);
            for share in (own..own + shares).map(|share| share % shares) {
                loop {
                    let task = next[share].fetch_add(1, SeqCst);
                    if task >= from(share + 1) {
                        break;
                    }
                    work(task);
                }
            }
        };
        match self.busy.try_lock() {
            Ok(_held) => self.shared.run(&all),
            // Work that panicked has been waited for all the same.
            Err(TryLockError::Poisoned(_held)) => self.shared.run(&all),
            Err(TryLockError::WouldBlock) => all(),
        }
    }

    /// Calls `work` with each `size` items in turn (the last may be fewer) and their number.
    pub fn chunks<T: Send>(
        &self,
        items: &mut [T],
        size: usize,
        work: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let size = size.max(1);
        let all = Disjoint::new(items);
        let length = all.len();
        self.each(length.div_ceil(size), |chunk| {
            let from = chunk * size;
            let until = (from + size).min(length);
            // SAFETY: each number comes once, so that the chunks do not overlap.
            work(chunk, unsafe { all.slice(from, until) });
        });
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.ended.store(true, SeqCst);
        drop(locked(&self.shared.lock));
        self.shared.wake.notify_all();
        self.shared.wanted_changed.notify_all();
        for helper in locked(&self.helpers).drain(..) {
            // A helper catches the panics of its work.
            let _ = helper.join();
        }
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Has all threads call `work`, and returns when none is inside of it any more. To be called
    /// by one thread at a time.
    fn run(&self, work: &(dyn Fn() + Sync)) {
        /// Closes the gate and waits, also where the caller's own part panics.
        struct Closing<'a>(&'a Shared);
        impl Drop for Closing<'_> {
            fn drop(&mut self) {
                self.0.gate.fetch_and(!OPEN, SeqCst);
                let mut rounds = 0u32;
                while self.0.gate.load(SeqCst) & INSIDE != 0 {
                    rounds = rounds.wrapping_add(1);
                    if rounds.is_multiple_of(1 << 14) {
                        std::thread::yield_now(); // more threads than cores
                    }
                    std::hint::spin_loop();
                }
            }
        }
        // SAFETY: the lifetime is forgotten, and kept all the same: `Closing` does not let this
        // function end while a thread is inside.
        let lent: Work = unsafe { std::mem::transmute(std::ptr::from_ref(work)) };
        // SAFETY: the gate is closed and nobody inside, or the last `Closing` would still wait.
        unsafe { *self.work.get() = Some(lent) };
        {
            let closing = Closing(self);
            let number = self.gate.load(SeqCst) & !(OPEN | INSIDE);
            self.gate.store(number.wrapping_add(NEXT) | OPEN, SeqCst);
            if self.sleeping.load(SeqCst) > 0 {
                drop(locked(&self.lock));
                self.wake.notify_all();
            }
            work();
            drop(closing);
        }
        if let Some(panic) = locked(&self.panicked).take() {
            resume_unwind(panic);
        }
    }

    /// A helper's life.
    fn help(&self, index: usize) {
        let mut done = 0; // the job that this helper was last inside of
        while !self.ended.load(SeqCst) {
            let gate = self.gate.load(SeqCst);
            if !self.is_for(gate, done, index) {
                self.wait(done, index);
                continue;
            }
            let inside = self.gate.compare_exchange(gate, gate + 1, SeqCst, SeqCst);
            if inside.is_err() {
                continue;
            }
            done = gate / NEXT;
            // SAFETY: this thread is inside, so that the caller waits, and what it lent lives.
            let work = unsafe { (*self.work.get()).map(|work| &*work) };
            let worked = catch_unwind(AssertUnwindSafe(|| work.iter().for_each(|work| work())));
            if let Err(panic) = worked {
                *locked(&self.panicked) = Some(panic);
            }
            self.gate.fetch_sub(1, SeqCst);
        }
    }

    fn is_for(&self, gate: u64, done: u64, index: usize) -> bool {
        gate & OPEN != 0 && gate / NEXT != done && index < self.wanted.load(SeqCst)
    }

    /// Until there may be something to do.
    fn wait(&self, done: u64, index: usize) {
        let there = || self.is_for(self.gate.load(SeqCst), done, index) || self.ended.load(SeqCst);
        if index < self.wanted.load(SeqCst) {
            let begun = Instant::now();
            while begun.elapsed() < SPIN {
                for _ in 0..ROUNDS {
                    if there() {
                        return;
                    }
                    std::hint::spin_loop();
                }
            }
        }
        let held = locked(&self.lock);
        if index >= self.wanted.load(SeqCst) {
            // Not among the sleepers, whom each piece of work wakes.
            if !self.ended.load(SeqCst) {
                let woken = self.wanted_changed.wait(held);
                drop(woken.unwrap_or_else(PoisonError::into_inner));
            }
            return;
        }
        // Before the last look: who opens the gate after it sees that somebody sleeps.
        self.sleeping.fetch_add(1, SeqCst);
        if !there() {
            drop(self.wake.wait(held).unwrap_or_else(PoisonError::into_inner));
        }
        self.sleeping.fetch_sub(1, SeqCst);
    }
}

/// Items of which threads change parts that do not overlap.
pub(crate) struct Disjoint<'a, T> {
    items: *mut T,
    length: usize,
    lent: std::marker::PhantomData<&'a mut [T]>,
}

// SAFETY: it only hands out parts, by an unsafe function whose callers keep them apart.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}
// SAFETY: as a `&mut [T]`.
unsafe impl<T: Send> Send for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    pub fn new(items: &'a mut [T]) -> Disjoint<'a, T> {
        Disjoint {
            items: items.as_mut_ptr(),
            length: items.len(),
            lent: std::marker::PhantomData,
        }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// The items from `from` until `until`.
    ///
    /// # Safety
    /// No two parts that are alive at once overlap.
    ///
    /// # Panics
    /// Where there are not so many.
    #[expect(
        clippy::mut_from_ref,
        reason = "parts of one slice that do not overlap"
    )]
    pub unsafe fn slice(&self, from: usize, until: usize) -> &mut [T] {
        assert!(from <= until && until <= self.length);
        // SAFETY: in bounds by the assertion; alone by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.items.add(from), until - from) }
    }
}
