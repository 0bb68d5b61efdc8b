//! The last failures of this process, for a report.

use protocol::AppError;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// How many are kept.
const KEPT: usize = 20;

static LAST: Mutex<VecDeque<Failed>> = Mutex::new(VecDeque::new());

/// A failure that a person was told of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failed {
    pub(crate) at: SystemTime,
    /// Where it was met: a command's name, or what was done.
    pub(crate) doing: String,
    pub(crate) error: AppError,
}

/// Notes a failure that a person is told of, in the log and for reports; `doing` is a name of the
/// program's, such as that of a command.
pub fn failed(doing: &str, error: &AppError) {
    tracing::warn!(
        doing,
        failure = error.without_words(),
        detail = error.detail,
        "failed"
    );
    let mut last = lock();
    last.push_back(Failed {
        at: SystemTime::now(),
        doing: doing.to_owned(),
        error: error.clone(),
    });
    let over = last.len().saturating_sub(KEPT);
    last.drain(..over);
}

/// The last of them, the oldest first.
pub(crate) fn last() -> Vec<Failed> {
    lock().iter().cloned().collect()
}

fn lock() -> MutexGuard<'static, VecDeque<Failed>> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner)
}
