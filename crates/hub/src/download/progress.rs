//! How far a download is, for those who watch: told at most five times a second.

use super::part::Part;
use protocol::{AppError, DownloadState};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The time over which the speed is reckoned.
const WINDOW: Duration = Duration::from_secs(5);

/// What a running download is at.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// The hub is asked.
    Asking,
    /// Bytes arrive.
    Running,
    /// Nothing arrives until then, for that reason.
    Resting { until: Instant, error: AppError },
    /// The bytes are there, and the last of them are hashed.
    Checking,
    /// Another program is at the same file.
    Elsewhere,
}

/// How far a running download is.
pub struct Progress {
    state: Mutex<State>,
    /// Called when something but the number of bytes changed.
    changed: Box<dyn Fn() + Send + Sync>,
}

struct State {
    stage: Stage,
    /// Bytes of the files that are in their places.
    placed: u64,
    part: Option<Arc<Part>>,
    /// Moments, and the bytes that were there.
    samples: VecDeque<(Instant, u64)>,
}

/// What there is to see.
pub struct Seen {
    pub state: DownloadState,
    pub bytes_done: u64,
    pub bytes_per_second: Option<u64>,
}

impl Progress {
    pub fn new(changed: impl Fn() + Send + Sync + 'static) -> Progress {
        Progress {
            state: Mutex::new(State {
                stage: Stage::Asking,
                placed: 0,
                part: None,
                samples: VecDeque::new(),
            }),
            changed: Box::new(changed),
        }
    }

    /// What it is at now.
    pub fn stage(&self, stage: Stage) {
        let mut state = self.state();
        if state.stage != stage {
            if stage == Stage::Running || state.stage == Stage::Running {
                state.samples.clear();
            }
            state.stage = stage;
            drop(state);
            (self.changed)();
        }
    }

    /// The file that is on its way.
    pub fn part(&self, part: Option<Arc<Part>>) {
        self.state().part = part;
    }

    /// Bytes of the files that are in their places; none is on its way.
    pub fn placed(&self, bytes: u64) {
        let mut state = self.state();
        state.placed = bytes;
        state.part = None;
    }

    /// Takes the measure of the speed. Returns whether bytes came since the last time.
    pub fn sample(&self) -> bool {
        let mut state = self.state();
        let (now, done) = (Instant::now(), state.done());
        if state.stage != Stage::Running {
            return false;
        }
        let before = state.samples.back().map(|(_, bytes)| *bytes);
        state.samples.push_back((now, done));
        while state.samples.len() > 2
            && state
                .samples
                .front()
                .is_some_and(|(at, _)| now - *at > WINDOW)
        {
            state.samples.pop_front();
        }
        before != Some(done)
    }

    /// What there is to see.
    pub fn seen(&self) -> Seen {
        let state = self.state();
        let speed = match (state.samples.front(), state.samples.back()) {
            (Some((from, before)), Some((to, after))) if to > from => {
                let seconds = (*to - *from).as_secs_f64();
                Some((after.saturating_sub(*before) as f64 / seconds) as u64)
            }
            _ => None,
        };
        Seen {
            bytes_done: state.done(),
            bytes_per_second: speed,
            state: match &state.stage {
                Stage::Asking => DownloadState::Asking,
                Stage::Running => DownloadState::Running,
                Stage::Checking => DownloadState::Checking,
                Stage::Elsewhere => DownloadState::Elsewhere,
                Stage::Resting { until, error } => DownloadState::Retrying {
                    seconds: until
                        .saturating_duration_since(Instant::now())
                        .as_secs_f64()
                        .ceil() as u32,
                    error: error.clone(),
                },
            },
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn done(&self) -> u64 {
        self.placed + self.part.as_ref().map_or(0, |part| part.written())
    }
}
