//! The chat core, opened while the window is already there.

use hub::Places;
use protocol::{AppError, failure};
use std::{sync::Arc, time::Duration};
use tokio::sync::OnceCell;

/// How long an orderly end may take before the process ends anyway: nothing that was shown is
/// lost then either, since it was saved before.
const CLOSING: Duration = Duration::from_secs(3);

/// The chat core on its way. Whoever asks before it is open waits; where it cannot be opened,
/// whoever asks is told why, and the next one to ask has it tried again.
pub struct ChatCore {
    places: Result<Places, AppError>,
    opened: OnceCell<chat::App>,
}

impl ChatCore {
    /// Begins to open the history, the library and the runtime of this person.
    pub fn open(places: Result<Places, AppError>) -> Arc<ChatCore> {
        let opened = OnceCell::new();
        let core = Arc::new(ChatCore { places, opened });
        let begun = Arc::clone(&core);
        tauri::async_runtime::spawn(async move {
            let _ = begun.app().await; // the page asks next, and is told
        });
        core
    }

    /// The chat core, as soon as it is open.
    pub async fn app(&self) -> Result<chat::App, AppError> {
        let open = || async {
            let places = self.places.clone()?;
            tauri::async_runtime::spawn_blocking(|| open(places))
                .await
                .unwrap_or_else(|error| Err(failure::internal().detail(error)))
        };
        self.opened.get_or_try_init(open).await.cloned()
    }

    /// Ends answers, workers and the history in good order, within [`CLOSING`].
    pub fn close(&self) {
        let Some(app) = self.opened.get() else { return };
        tauri::async_runtime::block_on(async {
            let _ = tokio::time::timeout(CLOSING, app.close()).await;
        });
    }
}

fn open(places: Places) -> Result<chat::App, AppError> {
    let hub = hub::Hub::open(&places)?;
    let runtime = runtime::Runtime::start(hub.clone());
    chat::App::open(places, Arc::new(runtime), hub)
}
