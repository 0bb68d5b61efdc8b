//! Stops a computation from another thread.

use protocol::{AppError, failure};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag shared between who computes and who may stop it. Clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Stops what looks at the flag; there is no way back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Errors: `cancelled`, once it was stopped.
    pub fn check(&self) -> Result<(), AppError> {
        if self.is_cancelled() {
            Err(failure::cancelled())
        } else {
            Ok(())
        }
    }
}
