//! The downloads. The queue is the library's and outlives the process; it is run here once a window
//! looks at it: what the person asked for before goes on, and no command of the command line
//! fetches what another asked for.

use crate::{
    App, app,
    library::blocking,
    state::{Core, becomes_true},
};
use hub::Hub;
use protocol::*;
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

/// Between two tellings of how the downloads go.
const TELL_EVERY: Duration = Duration::from_millis(200);

impl App {
    /// The queue, which goes on from now.
    pub async fn downloads(&self, _: Nothing) -> Result<Downloads, AppError> {
        if self.core.run_downloads() {
            self.resume_move();
        }
        self.in_queue(|hub| Ok(hub.downloads())).await
    }

    /// Asks for a model of the hub. Errors: `name-refused`, `download-queue-full`, `disk-full`,
    /// `file-not-written`.
    pub async fn download_start(&self, request: DownloadWish) -> Result<Download, AppError> {
        self.core.run_downloads();
        self.in_queue(move |hub| hub.download_start(&request)).await
    }

    /// Stops a download until it is resumed. Errors: `download-unknown`, `file-not-written`.
    pub async fn download_pause(&self, request: DownloadRef) -> Result<Nothing, AppError> {
        self.in_queue(move |hub| hub.download_pause(&request.id).map(|()| Nothing {}))
            .await
    }

    /// Lets one go on that is paused or has failed. Errors: as of a pause.
    pub async fn download_resume(&self, request: DownloadRef) -> Result<Nothing, AppError> {
        self.core.run_downloads();
        self.in_queue(move |hub| hub.download_resume(&request.id).map(|()| Nothing {}))
            .await
    }

    /// Takes one out of the queue, with what came of it. Errors: as of a pause.
    pub async fn download_cancel(&self, request: DownloadRef) -> Result<Nothing, AppError> {
        self.in_queue(move |hub| hub.download_cancel(&request.id).map(|()| Nothing {}))
            .await
    }

    /// Takes one out of the queue that is done or has failed. Errors: as of a pause.
    pub async fn download_dismiss(&self, request: DownloadRef) -> Result<Nothing, AppError> {
        self.in_queue(move |hub| hub.download_dismiss(&request.id).map(|()| Nothing {}))
            .await
    }

    /// Puts one elsewhere in the queue. Errors: as of a pause.
    pub async fn download_move(&self, request: DownloadMove) -> Result<Nothing, AppError> {
        self.in_queue(move |hub| hub.download_move(&request).map(|()| Nothing {}))
            .await
    }

    async fn in_queue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hub) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let core = self.core.clone();
        blocking(move || work(&core.hub)).await
    }
}

impl Core {
    /// Runs the queue from now until the app closes. Returns whether that begins now.
    pub(crate) fn run_downloads(&self) -> bool {
        let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = !*self.closing.borrow() && fetching.is_none();
        if begins {
            *fetching = Some(self.hub.fetch(&self.network, None));
        }
        begins
    }

    /// Ends what is fetched; it goes on with the next window.
    pub(crate) fn stop_downloads(&self) {
        let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        drop(fetching.take());
    }

    /// Where models are put that are fetched from now on.
    pub(crate) fn put_downloads(&self, settings: &Settings) {
        let folder = self.library_folder(settings.library.as_deref());
        self.hub.set_download_folder(folder);
    }
}

/// Tells how the downloads go, until the app closes.
pub(crate) async fn watch(core: Arc<Core>) {
    let mut closing = core.closing.subscribe();
    let mut changes = core.hub.download_changes();
    loop {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = becomes_true(&mut closing) => return,
        }
        let hub = core.hub.clone();
        let looked = blocking(move || Ok(hub.downloads())).await;
        if let Ok(downloads) = looked {
            let _ = app::with(&core, move |_, state| {
                state.tell(EventKind::DownloadsChanged { downloads });
                Ok(())
            })
            .await;
        }
        tokio::time::sleep(TELL_EVERY).await;
    }
}
