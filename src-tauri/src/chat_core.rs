//! The chat core, opened while the window is already there.

use hub::Places;
use protocol::{AppError, Language, failure};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::sync::{OnceCell, watch};

/// How long an orderly end may take before the process ends anyway: nothing that was shown is
/// lost then either, since it was saved before.
const CLOSING: Duration = Duration::from_secs(3);

/// The chat core on its way. Whoever asks before it is open waits; where it cannot be opened,
/// whoever asks is told why, and the next one to ask has it tried again.
pub struct ChatCore {
    places: Result<Places, AppError>,
    opened: OnceCell<chat::App>,
    /// Told once it is open.
    then: Box<dyn Fn(&chat::App) + Send + Sync>,
}

impl ChatCore {
    /// Begins to open the history, the library and the runtime of this person. `then` is told
    /// when that is done.
    pub fn open(
        places: Result<Places, AppError>,
        then: impl Fn(&chat::App) + Send + Sync + 'static,
    ) -> Arc<ChatCore> {
        let core = Arc::new(ChatCore {
            places,
            opened: OnceCell::new(),
            then: Box::new(then),
        });
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
            let opening = tauri::async_runtime::spawn_blocking(|| open(places)).await;
            let app = opening.unwrap_or_else(|error| Err(failure::internal().detail(error)))?;
            (self.then)(&app);
            Ok(app)
        };
        self.opened.get_or_try_init(open).await.cloned()
    }

    /// Runs a command of the chat core's table. The report for a trouble is given also where the
    /// core cannot be opened: that is when one needs it. Errors: why it cannot; those of the command.
    pub async fn dispatch(&self, name: &str, request: Value) -> Result<Value, AppError> {
        let error = match self.app().await {
            Ok(app) => return app.dispatch(name, request).await,
            Err(error) => error,
        };
        let places = match &self.places {
            Ok(places) if name == "diagnostics" => places,
            _ => return Err(error),
        };
        // The library may be whole all the same.
        let hub = hub::Hub::open(places).ok();
        let report = chat::diagnostics::of(places, hub.as_ref(), None).await;
        serde_json::to_value(report).map_err(|error| failure::internal().detail(error))
    }

    /// Whether an answer is being made, now and from now on. None: it is not open yet.
    pub fn answering(&self) -> Option<watch::Receiver<bool>> {
        self.opened.get().map(chat::App::answering)
    }

    /// The person's language, for what is said outside of the page.
    pub fn language(&self) -> Language {
        language(&self.places)
    }

    /// Ends answers, workers and the history in good order, within [`CLOSING`].
    pub fn close(&self) {
        let Some(app) = self.opened.get() else { return };
        tauri::async_runtime::block_on(async {
            let _ = tokio::time::timeout(CLOSING, app.close()).await;
        });
    }
}

/// The language that the person of these places has chosen, else the system's.
pub fn language(places: &Result<Places, AppError>) -> Language {
    let settings = places.as_ref().map(chat::stored_settings);
    chat::messages::chosen(&settings.unwrap_or_default())
}

fn open(places: Places) -> Result<chat::App, AppError> {
    let hub = hub::Hub::open(&places).inspect_err(|error| chat::log::failed("library", error))?;
    let runtime = runtime::Runtime::start(hub.clone());
    chat::App::open(places, Arc::new(runtime), hub)
}
