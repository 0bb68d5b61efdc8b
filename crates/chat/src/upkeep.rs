//! Upkeep of the history: once a week all of it is checked, in the background.

use crate::{
    app,
    state::Core,
    store::{self, setting},
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// How long a start is left alone.
const AFTER_START: Duration = Duration::from_secs(30);
/// Milliseconds of a week.
const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

/// Checks the whole history where that is due, and tells what is found.
pub(crate) async fn check_weekly(core: Arc<Core>, history: PathBuf) {
    let mut closing = core.closing.subscribe();
    tokio::select! {
        _ = closing.wait_for(|closing| *closing) => return,
        () = tokio::time::sleep(AFTER_START) => {}
    }
    check(core, history).await;
}

/// Checks now, where the last sound check is a week old.
pub(crate) async fn check(core: Arc<Core>, history: PathBuf) {
    let last = app::with(&core, |_, state| {
        state.histories.kept.read(setting::checked_at)
    })
    .await;
    let now = crate::state::now();
    if last.is_ok_and(|last| (0..WEEK).contains(&(now - last))) {
        return;
    }
    // The lock is free meanwhile: a long history takes seconds.
    let found = tokio::task::spawn_blocking(move || store::check_all(&history)).await;
    let told = app::with(&core, move |_, state| match found {
        Ok(Ok(())) => state
            .histories
            .kept
            .write(|writing| setting::write_checked_at(writing, now)),
        Ok(Err(error)) => {
            state.trouble(error);
            Ok(())
        }
        Err(_) => Ok(()), // the program is ending
    });
    // A history that cannot be written now is checked again at the next start.
    let _ = told.await;
}
