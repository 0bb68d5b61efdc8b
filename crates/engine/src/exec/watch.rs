//! A step as it is seen from outside: whether to stop, how far it is, and for how long it did not
//! look.

use crate::Cancel;
use protocol::AppError;
use std::time::{Duration, Instant};

/// Looked at between any two operations of a step.
pub(crate) struct Watch<'a> {
    cancel: &'a Cancel,
    on: &'a mut dyn FnMut(f64),
    looked: Instant,
    longest: Duration,
}

impl<'a> Watch<'a> {
    /// `on` is told the share of the step that is done, from 0 to 1.
    pub fn new(cancel: &'a Cancel, on: &'a mut dyn FnMut(f64)) -> Watch<'a> {
        Watch {
            cancel,
            on,
            looked: Instant::now(),
            longest: Duration::ZERO,
        }
    }

    /// Errors: `cancelled`.
    pub fn check(&mut self) -> Result<(), AppError> {
        let now = Instant::now();
        self.longest = self.longest.max(now - self.looked);
        self.looked = now;
        self.cancel.check()
    }

    /// Tells the share that is done.
    pub fn tell(&mut self, share: f64) {
        (self.on)(share);
    }

    /// What is looked at.
    pub fn cancel(&self) -> &'a Cancel {
        self.cancel
    }

    /// The longest time between two looks.
    pub fn longest(&self) -> Duration {
        self.longest
    }
}
