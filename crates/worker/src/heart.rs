//! Signs of life: while something takes long, for each request that is being computed the last progress is told again, but only as long
//! as the process really computes. A worker that waits for nothing goes silent, and is ended.

use crate::voice::Voice;
use protocol::{WorkerEvent, WorkerStage};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two beats of a worker: far less than a runtime's patience.
pub(crate) const BEAT: Duration = Duration::from_secs(3);
/// What must have been computed between two beats, in ticks of the system (a hundredth of a
/// second): more than the beating itself takes.
const TICKS: u64 = 2;
/// Between two tellings of a load's progress, of which there can be thousands.
const LOAD_PAUSE: Duration = Duration::from_millis(30);

/// What is being computed, and how far it is.
#[derive(Clone, Copy)]
struct Progress {
    id: u64,
    stage: WorkerStage,
    done: u64,
    total: u64,
    told: Instant,
}

/// Tells progress, and repeats it.
pub(crate) struct Heart {
    voice: Arc<Voice>,
    pause: Duration,
    now: Mutex<Vec<Progress>>,
}

impl Heart {
    /// A heart that beats after each `pause`.
    pub fn new(voice: Arc<Voice>, pause: Duration) -> Heart {
        Heart {
            voice,
            pause,
            now: Mutex::default(),
        }
    }

    /// The request `id` is being computed from now on.
    pub fn begin(&self, id: u64, stage: WorkerStage) {
        self.now().push(Progress {
            id,
            stage,
            done: 0,
            total: 0,
            told: Instant::now(),
        });
    }

    /// Tells how far the request is.
    pub fn progress(&self, id: u64, done: u64, total: u64) {
        let mut now = self.now();
        let Some(progress) = now.iter_mut().find(|progress| progress.id == id) else {
            return;
        };
        let often = progress.stage == WorkerStage::Load
            && progress.total == total
            && done < total
            && progress.told.elapsed() < LOAD_PAUSE;
        (progress.done, progress.total) = (done, total);
        if !often {
            self.tell(progress);
        }
    }

    /// The request has ended: its progress is not told again.
    pub fn end(&self, id: u64) {
        self.now().retain(|progress| progress.id != id);
    }

    /// Repeats progress for as long as somebody else holds this heart.
    pub fn beat(self: Arc<Self>) {
        let mut before = cpu_time();
        while Arc::strong_count(&self) > 1 {
            thread::sleep(self.pause);
            let now = cpu_time();
            // Where the system does not say what was computed, every beat counts.
            let computes = match (before, now) {
                (Some(before), Some(now)) => now >= before + TICKS,
                _ => true,
            };
            if !computes {
                continue;
            }
            before = now;
            for progress in self.now().iter_mut() {
                self.tell(progress);
            }
        }
    }

    fn tell(&self, progress: &mut Progress) {
        progress.told = Instant::now();
        let Progress {
            id,
            stage,
            done,
            total,
            ..
        } = *progress;
        self.voice
            .tell(id, WorkerEvent::Progress { stage, done, total });
    }

    fn now(&self) -> MutexGuard<'_, Vec<Progress>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the process has computed so far, in ticks of the system.
fn cpu_time() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; user and system time are the 12th and 13th after.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::sync::mpsc;

    #[test]
    fn a_long_computation_shows_that_it_lives_until_it_ends() {
        let (ours, theirs) = std::io::pipe().unwrap();
        let voice = Arc::new(Voice::new(theirs, mpsc::channel().0));
        let heart = Arc::new(Heart::new(voice, Duration::from_millis(40)));
        let beating = heart.clone();
        let thread = thread::spawn(move || beating.beat());
        heart.begin(5, WorkerStage::Prefill);
        heart.progress(5, 3, 9);
        let begun = cpu_time().unwrap_or(0);
        let computing = Instant::now();
        while cpu_time().unwrap_or(0) < begun + 30
            || computing.elapsed() < Duration::from_millis(300)
        {
            std::hint::spin_loop();
        }
        heart.end(5);
        heart.progress(5, 9, 9);
        drop(heart);
        thread.join().unwrap();
        let lines: Vec<String> = BufReader::new(ours).lines().map(Result::unwrap).collect();
        assert!(lines.len() > 2, "{lines:?}");
        let expected = r#"{"id":5,"event":"progress","stage":"prefill","done":3,"total":9}"#;
        assert!(lines.iter().all(|line| line == expected), "{lines:?}");
    }
}
