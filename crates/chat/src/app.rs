//! [`App`]: the core as a window or the command line holds it.

use crate::{
    downloads,
    library_work::LibraryWorking,
    log, models, reading,
    state::{Core, State},
    store::Store,
    upkeep, watching,
};
use hub::{Hub, Places};
use protocol::{AppError, Event, failure};
use runtime::Engine;
use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::{broadcast, watch};

/// Events that a slow listener may lag behind before it has to take a new snapshot.
const EVENTS_KEPT: usize = 4096;
/// How long an orderly end waits for the answers in the making.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// The application core. A cheap clone; when the last one is dropped, answers in the making end
/// as *interrupted*. [`App::close`] does the same and waits for it.
#[derive(Clone)]
pub struct App {
    pub(crate) core: Arc<Core>,
    _last: Arc<Last>,
}

/// Dropped with the last [`App`]; background tasks hold only the core.
struct Last(Arc<watch::Sender<bool>>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

impl App {
    /// Opens the history in `places`, inside a tokio runtime. `hub` is the library, `engine` what
    /// answers. Errors: `history-damaged`, `history-newer`, `history-read-only`, `history-busy`,
    /// `disk-full`.
    pub fn open(places: Places, engine: Arc<dyn Engine>, hub: Hub) -> Result<App, AppError> {
        let opened = Self::open_logged(places, engine, hub);
        if let Err(error) = &opened {
            log::failed("open", error);
        }
        opened
    }

    fn open_logged(places: Places, engine: Arc<dyn Engine>, hub: Hub) -> Result<App, AppError> {
        let program = std::env::current_exe().ok();
        let program = program.as_deref().and_then(Path::file_name);
        let system = runtime::system();
        tracing::info!(
            program = program.map(|name| name.to_string_lossy().into_owned()),
            version = env!("CARGO_PKG_VERSION"),
            os = system.os,
            kernel = system.kernel,
            cores = system.cores,
            memory = system.memory_bytes,
            models = hub.models().len(),
            "started"
        );
        if let Some(error) = hub.damage() {
            log::failed("library", &error);
        }
        let store = Store::open(&places.history(), &places.runs())?;
        let closing = Arc::new(watch::Sender::new(false));
        let state = State::new(store, hub.clone(), broadcast::Sender::new(EVENTS_KEPT))?;
        let network = hub::Network::new(&places, state.settings.network.clone());
        let history = places.history();
        let core = Arc::new(Core {
            places,
            engine,
            hub,
            library: LibraryWorking::default(),
            network,
            fetching: Mutex::default(),
            closing: closing.clone(),
            state: Mutex::new(state),
        });
        core.lock().renew_ids()?;
        core.tell_reading(&core.lock().settings.clone(), None);
        core.put_downloads(&core.lock().settings.clone());
        reading::forget_orphans(&core);
        tokio::spawn(models::watch(core.clone()));
        tokio::spawn(watching::watch(core.clone()));
        tokio::spawn(downloads::watch(core.clone()));
        tokio::spawn(upkeep::check_weekly(core.clone(), history));
        Ok(App {
            core,
            _last: Arc::new(Last(closing)),
        })
    }

    /// Events from now on. Where the receiver lags, it says so: then take a new snapshot.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.core.lock().events.subscribe()
    }

    /// Whether this process is making an answer, now and from now on. Other processes that share
    /// the history are not looked at.
    pub fn answering(&self) -> watch::Receiver<bool> {
        self.core.lock().answers.watch()
    }

    /// Ends in order: answers in the making are kept as *interrupted*. Waits until that is
    /// written, at most ten seconds.
    pub async fn close(&self) {
        self.core.closing.send_replace(true);
        self.core.stop_downloads();
        let ended = async {
            while !self.core.lock().answers.is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_order = tokio::time::timeout(CLOSE_PATIENCE, ended).await.is_ok();
        if in_order {
            let mut state = self.core.lock();
            let _ = state.settle(); // else the next start ends them
            state.histories.kept.end_run();
        }
        // What was read last is kept, and the workers end.
        self.core.engine.close().await;
        tracing::info!(in_order, "ended");
    }

    /// Works on the state, away from the async threads: SQLite waits for the disk.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Core>, &mut State) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        with(&self.core, work).await
    }
}

/// As [`App::with`], for tasks that outlive it.
pub(crate) async fn with<T: Send + 'static>(
    core: &Arc<Core>,
    work: impl FnOnce(&Arc<Core>, &mut State) -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    let core = core.clone();
    let working = tokio::task::spawn_blocking(move || work(&core, &mut core.lock()));
    match working.await {
        Ok(result) => result,
        Err(error) => Err(failure::internal().detail(error)),
    }
}
