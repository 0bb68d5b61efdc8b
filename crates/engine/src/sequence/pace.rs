//! How much of a prompt is read at once, by how long the chunks before it took: enough that the
//! weights are used well, and so little that a stop is soon obeyed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long an operation of a chunk may take: a stop is obeyed between two.
const OPERATION: Duration = Duration::from_millis(60);
/// How long a chunk may take whose operations are not known.
const CHUNK: Duration = Duration::from_millis(200);
/// How long a chunk may take while others write, who wait for it.
const SHARED: Duration = Duration::from_millis(80);
/// Tokens of a model's first chunk, by which the next are measured.
const FIRST: usize = 16;
/// Fewest tokens of a chunk.
const FEWEST: usize = 4;
/// Most tokens of a chunk: more are read no faster, and want more memory.
const MOST: usize = 512;
/// Longer chunks end at multiples of it, as the pages of keys and values do.
const PAGE: usize = kernels::Page::POSITIONS;

/// What a model's chunks took.
#[derive(Default)]
pub(crate) struct Pace(Mutex<Option<Seen>>);

/// What else is read in the step of a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    /// Tokens that are read for others already.
    pub taken: usize,
    /// Prompts that are yet to get theirs.
    pub prompts: usize,
    /// Whether others write, and wait for the step.
    pub writing: bool,
}

#[derive(Clone, Copy)]
struct Seen {
    /// How many tokens were read.
    tokens: usize,
    /// How long it took.
    step: Duration,
    /// Its longest operation.
    operation: Option<Duration>,
}

impl Pace {
    /// Tokens of the next chunk behind `past` others, of `left`. What fits into a step is shared
    /// with the other prompts that are in it.
    pub fn next(&self, past: usize, left: usize, beside: Beside) -> usize {
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = seen.map_or(FIRST, |seen| seen.fitting(beside.writing));
        let fitting = fitting.saturating_sub(beside.taken) / (1 + beside.prompts);
        let fitting = fitting.max(1);
        let mut end = past + fitting;
        if fitting >= PAGE {
            end -= end % PAGE;
        }
        (end - past).min(left)
    }

    /// So many tokens took so long in all, and so long in their longest operation, where that is
    /// known.
    pub fn took(&self, tokens: usize, step: Duration, operation: Option<Duration>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A few tokens cost more each than many: they say little where many are read at once.
        let known = seen.map_or(FEWEST, |seen| seen.tokens);
        if tokens >= FIRST.min(known) {
            *seen = Some(Seen {
                tokens,
                step,
                operation,
            });
        }
    }
}

impl Seen {
    fn fitting(self, shared: bool) -> usize {
        let tokens = |took: Duration, aim: Duration| {
            let took = took.as_secs_f64().max(1e-6);
            (self.tokens as f64 * aim.as_secs_f64() / took) as usize
        };
        let fitting = match self.operation {
            Some(operation) => tokens(operation, OPERATION),
            None => tokens(self.step, CHUNK),
        };
        let most = if shared {
            tokens(self.step, SHARED)
        } else {
            MOST
        };
        fitting.min(most).clamp(FEWEST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::{Beside, FEWEST, FIRST, MOST, Pace};
    use std::time::Duration;

    fn check(
        (tokens, step, operation): (usize, u64, Option<u64>),
        (past, left, writing): (usize, usize, bool),
        expected: usize,
    ) {
        let pace = Pace::default();
        let operation = operation.map(Duration::from_millis);
        pace.took(tokens, Duration::from_millis(step), operation);
        let beside = Beside {
            writing,
            ..Beside::default()
        };
        let next = pace.next(past, left, beside);
        assert_eq!(
            next, expected,
            "{tokens} {step} {operation:?} {past} {left}"
        );
    }

    #[test]
    fn chunks_fit_what_was_measured() {
        assert_eq!(Pace::default().next(0, 1000, Beside::default()), FIRST);
        assert_eq!(Pace::default().next(0, 3, Beside::default()), 3);
        check((16, 100, Some(12)), (16, 1000, false), 48); // ends at a page
        check((16, 100, Some(2)), (16, 1000, false), 432);
        check((16, 100, Some(1)), (0, 1000, false), MOST);
        check((16, 1600, Some(400)), (16, 1000, false), FEWEST);
        check((16, 160, None), (16, 1000, false), 20);
        check((16, 160, Some(1)), (16, 1000, true), 8);
    }

    #[test]
    fn the_rest_of_a_prompt_says_little() {
        let pace = Pace::default();
        pace.took(500, Duration::from_secs(1), Some(Duration::from_millis(60)));
        pace.took(3, Duration::from_secs(1), Some(Duration::from_millis(60)));
        assert_eq!(pace.next(0, 1000, Beside::default()), 448);
    }

    #[test]
    fn prompts_of_one_step_share_what_fits_into_it() {
        let pace = Pace::default();
        pace.took(512, Duration::from_secs(1), Some(Duration::from_millis(60)));
        for left in [[9000; 4], [10, 9000, 20, 9000], [9000, 9000, 3, 1]] {
            let mut taken = 0;
            for (at, left) in left.into_iter().enumerate() {
                let beside = Beside {
                    taken,
                    prompts: 3 - at,
                    writing: false,
                };
                let chunk = pace.next(70, left, beside);
                assert!(chunk > 0, "{left}");
                taken += chunk;
            }
            assert!(taken <= MOST && taken * 3 > MOST, "{taken} of {left:?}");
        }
    }
}
