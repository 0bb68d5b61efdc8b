//! A step as it is seen from outside: whether to stop, how far it is, and for how long it did not
//! look.

use crate::Cancel;
use protocol::AppError;
use std::time::{Duration, Instant};

/// Looked at between any two operations of a step.
pub(crate) struct Watch<'a> {
    cancels: &'a [&'a Cancel],
    on: &'a mut dyn FnMut(f64),
    looked: Instant,
    /// The longest operation since something was told.
    longest: Duration,
    /// The sum of those before, and how many they are.
    longests: (Duration, u32),
}

impl<'a> Watch<'a> {
    /// `cancels` are those of the step's readings, each of which stops it; `on` is told the share of the step that is done, from 0 to 1.
    pub fn new(cancels: &'a [&'a Cancel], on: &'a mut dyn FnMut(f64)) -> Watch<'a> {
        Watch {
            cancels,
            on,
            looked: Instant::now(),
            longest: Duration::ZERO,
            longests: (Duration::ZERO, 0),
        }
    }

    /// Errors: `cancelled`.
    pub fn check(&mut self) -> Result<(), AppError> {
        let now = Instant::now();
        self.longest = self.longest.max(now - self.looked);
        self.looked = now;
        self.cancels.iter().try_for_each(|cancel| cancel.check())
    }

    /// Tells the share that is done: after each layer.
    pub fn tell(&mut self, share: f64) {
        let (sum, layers) = &mut self.longests;
        *sum += std::mem::take(&mut self.longest);
        *layers += 1;
        (self.on)(share);
    }

    /// What stops the step, one of each reading.
    pub fn cancels(&self) -> &'a [&'a Cancel] {
        self.cancels
    }

    /// The longest time between two looks, where anything was told: the mean of all layers, so
    /// that one which another program interrupted counts little.
    pub fn longest(&self) -> Option<Duration> {
        let (sum, layers) = self.longests;
        sum.checked_div(layers)
    }
}
