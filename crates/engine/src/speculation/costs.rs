//! What a step costs by how many tokens it reads, as measured.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most tokens of a step that are told apart.
const MOST: usize = 32;
/// What a further token costs of the first's time, until it is measured: little where weights
/// come from memory, more where they are computed with.
const FURTHER: f64 = 0.2;
/// How much of what is measured is believed at once.
const BELIEVED: f64 = 0.3;
/// Slower than this many times what is known is something else that the machine does.
const SLOW: f64 = 3.0;
/// How much is forgotten with each step of one token, so that what was measured to cost too much
/// is tried again at last.
const FORGOTTEN: f64 = 0.001;

/// The times of steps of 1, 2, 3... tokens.
#[derive(Default)]
pub(crate) struct Costs(Mutex<Times>);

struct Times {
    /// Seconds of a step of one token; None before the first.
    one: Option<f64>,
    /// What steps of more take of that, where it was measured: of longer contexts and fewer
    /// threads it is about the same.
    parts: [Option<f64>; MOST + 1],
}

impl Default for Times {
    fn default() -> Times {
        Times {
            one: None,
            parts: [None; MOST + 1],
        }
    }
}

/// What is taken for true of a step of so many tokens, beside one.
fn guess(tokens: usize) -> f64 {
    1.0 + FURTHER * tokens.saturating_sub(1) as f64
}

fn nearer(before: f64, measured: f64) -> f64 {
    before + BELIEVED * (measured.min(SLOW * before) - before)
}

impl Costs {
    /// A step of so many tokens took so long.
    pub fn see(&self, tokens: usize, seconds: f64) {
        let times = &mut *self.times();
        if tokens == 1 {
            times.one = Some(times.one.map_or(seconds, |one| nearer(one, seconds)));
            for (tokens, part) in times.parts.iter_mut().enumerate() {
                if let Some(part) = part {
                    *part += FORGOTTEN * (guess(tokens) - *part);
                }
            }
        } else if let (Some(one), Some(part)) = (times.one, times.parts.get_mut(tokens)) {
            let measured = seconds / one;
            *part = Some(match *part {
                Some(part) => nearer(part, measured),
                None => measured.min(SLOW * guess(tokens)),
            });
        }
    }

    /// Seconds that a step of so many tokens takes; None where nothing is known.
    pub fn of(&self, tokens: usize) -> Option<f64> {
        let times = self.times();
        if tokens == 0 || tokens > MOST {
            return None;
        }
        let known = |at: usize| match at {
            1 => Some((1, 1.0)),
            _ => Some((at, times.parts[at]?)),
        };
        let (from, below) = (1..=tokens).rev().find_map(known)?;
        let part = match (tokens..=MOST).find_map(known) {
            Some((to, above)) if to > from => {
                let between = (tokens - from) as f64 / (to - from) as f64;
                below + between * (above - below)
            }
            _ => below * guess(tokens) / guess(from),
        };
        Some(times.one? * part)
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
