//! How much a rendering may still make.

use super::written;
use minijinja::{Error, ErrorKind, Value};
use protocol::{AppError, failure};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

/// Most bytes that all values of a rendering together may have had.
const MOST: i64 = 128 << 20;
/// What one item of a list or map costs.
const ITEM: usize = 32;

/// Counts down while values are made.
#[derive(Debug)]
pub(super) struct Meter(AtomicI64);

impl Default for Meter {
    fn default() -> Self {
        Meter(AtomicI64::new(MOST))
    }
}

/// The template asked for more than there is.
#[derive(Debug)]
struct TooCostly;

/// The template said `raise_exception`.
#[derive(Debug)]
pub(super) struct Raised(pub String);

impl fmt::Display for TooCostly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too costly")
    }
}
impl std::error::Error for TooCostly {}
impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Raised {}

impl Meter {
    /// Pays for `bytes` more, before they are made.
    pub fn charge(&self, bytes: usize) -> Result<(), Error> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX).min(MOST + 1);
        if self.0.fetch_sub(bytes, Ordering::Relaxed) < bytes {
            return Err(
                Error::new(ErrorKind::InvalidOperation, "too costly").with_source(TooCostly)
            );
        }
        Ok(())
    }

    /// Lets nothing more be made.
    pub fn stop(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Pays for a value as it is: its bytes, or its items.
    pub fn charge_value(&self, value: &Value) -> Result<(), Error> {
        let bytes = match value.as_str() {
            Some(text) => text.len(),
            None => value.len().unwrap_or(1).saturating_mul(ITEM),
        };
        self.charge(bytes)
    }

    /// The text of any value, paid for while it is written: lists in lists can be endless.
    pub fn text(&self, value: &Value) -> Result<String, Error> {
        written::text(self, value)
    }
}

/// The sentence for a rendering that failed.
pub(super) fn sentence(error: &Error) -> AppError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(this) = cause {
        if this.is::<TooCostly>() {
            return failure::template_too_costly();
        }
        if let Some(Raised(words)) = this.downcast_ref() {
            return failure::template_failed(words).detail("raise_exception");
        }
        if let Some(error) = this.downcast_ref::<Error>()
            && error.kind() == ErrorKind::OutOfFuel
        {
            return failure::template_too_costly();
        }
        cause = this.source();
    }
    failure::template_failed(error.to_string())
}
