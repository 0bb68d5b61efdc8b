//! The chat core, opened while the window is already there.

use protocol::{AppError, failure};
use std::{sync::Arc, time::Duration};
use tokio::sync::SetOnce;

/// How long an orderly end may take before the process ends anyway: nothing that was shown is
/// lost then either, since it was saved before.
const CLOSING: Duration = Duration::from_secs(3);

/// The chat core on its way: whoever asks before it is open waits; where it cannot be opened,
/// whoever asks is told why, and the window can say so.
#[derive(Clone, Default)]
pub struct ChatCore(Arc<SetOnce<Result<chat::App, AppError>>>);

impl ChatCore {
    /// Begins to open the history, the library and the runtime of this person.
    pub fn open(places: Result<hub::Places, AppError>) -> ChatCore {
        let core = ChatCore::default();
        let slot = Arc::clone(&core.0);
        tauri::async_runtime::spawn(async move {
            let opened = tauri::async_runtime::spawn_blocking(|| open(places?))
                .await
                .unwrap_or_else(|error| Err(failure::internal().detail(error)));
            let _ = slot.set(opened); // set nowhere else
        });
        core
    }

    /// The chat core, as soon as it is open.
    pub async fn app(&self) -> Result<chat::App, AppError> {
        self.0.wait().await.clone()
    }

    /// Ends answers, workers and the history in good order, within [`CLOSING`].
    pub fn close(&self) {
        let Some(Ok(app)) = self.0.get() else { return };
        tauri::async_runtime::block_on(async {
            let _ = tokio::time::timeout(CLOSING, app.close()).await;
        });
    }
}

fn open(places: hub::Places) -> Result<chat::App, AppError> {
    let hub = hub::Hub::open(&places)?;
    let runtime = runtime::Runtime::start(hub.clone());
    chat::App::open(places, Arc::new(runtime), hub)
}
