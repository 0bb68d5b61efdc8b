//! What the page is told: the chat core's events and the window's own, in order, at most one send
//! a frame.

use protocol::{Event, Pushed, WindowEvent};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tauri::{async_runtime::JoinHandle, ipc::Channel};
use tokio::sync::{
    Notify,
    broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
};

/// The time of a picture on a screen of 60 a second: more sends than this cannot be seen.
const FRAME: Duration = Duration::from_millis(16);

/// Files that wait for a page to open them. More at once are nobody's wish.
const FILES_KEPT: usize = 256;

/// The one subscription of the window's page.
#[derive(Default)]
pub struct Feed {
    page: Mutex<Option<JoinHandle<()>>>,
    waiting: Arc<Waiting>,
}

impl Feed {
    /// Sends all further events to the page, and first what has waited for one. A subscription
    /// made earlier ends.
    pub fn begin(&self, events: Receiver<Event>, channel: Channel<Pushed>) {
        let waiting = Arc::clone(&self.waiting);
        let send = move |pushed| channel.send(pushed).is_ok();
        let task = tauri::async_runtime::spawn(forward(events, waiting, send));
        self.replace(Some(task));
    }

    /// Ends the subscription: the page that made it is gone.
    pub fn end(&self) {
        self.replace(None);
    }

    /// Whether a page listens.
    pub fn is_heard(&self) -> bool {
        let page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        page.as_ref()
            .is_some_and(|task| !task.inner().is_finished())
    }

    /// Tells the page what happened to the window. Opened files wait for a page where none
    /// listens; the rest is of the moment.
    pub fn tell(&self, event: WindowEvent) {
        if matches!(event, WindowEvent::FilesOpened { .. }) || self.is_heard() {
            self.waiting.add(event);
        }
    }

    fn replace(&self, task: Option<JoinHandle<()>>) {
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = std::mem::replace(&mut *page, task) {
            earlier.abort();
        }
        self.waiting.drop_what_was_of_the_moment();
    }
}

/// The window's events that no page has been told yet.
#[derive(Default)]
struct Waiting {
    events: Mutex<Vec<WindowEvent>>,
    rung: Notify,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Vec<WindowEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one, so that there is at most one of a kind: paths join those that wait, and of
    /// anything else the newest counts.
    fn add(&self, event: WindowEvent) {
        use WindowEvent::FilesOpened;
        let mut events = self.lock();
        let kind = std::mem::discriminant(&event);
        let same = |one: &WindowEvent| std::mem::discriminant(one) == kind;
        match (events.iter_mut().find(|one| same(one)), event) {
            (Some(FilesOpened { paths }), FilesOpened { paths: further }) => paths.extend(further),
            (Some(earlier), event) => *earlier = event,
            (None, event) => events.push(event),
        }
        for event in events.iter_mut() {
            if let FilesOpened { paths } = event {
                paths.truncate(FILES_KEPT);
            }
        }
        self.rung.notify_one();
    }

    fn take(&self) -> Vec<WindowEvent> {
        std::mem::take(&mut *self.lock())
    }

    fn drop_what_was_of_the_moment(&self) {
        self.lock()
            .retain(|event| matches!(event, WindowEvent::FilesOpened { .. }));
    }

    /// Returns as soon as something waits.
    async fn come(&self) {
        while self.lock().is_empty() {
            self.rung.notified().await;
        }
    }
}

/// Sends in batches until `send` says no or there are no more events to come. Where the receiver
/// lagged, the numbers of the next batch show a gap, which makes the page take a new snapshot.
async fn forward(
    mut events: Receiver<Event>,
    waiting: Arc<Waiting>,
    mut send: impl FnMut(Pushed) -> bool,
) {
    loop {
        let mut batch = tokio::select! {
            () = waiting.come() => Vec::new(),
            event = events.recv() => match event {
                Ok(event) => vec![event],
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            },
        };
        loop {
            match events.try_recv() {
                Ok(event) => batch.push(event),
                Err(TryRecvError::Lagged(_)) => continue,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let window = waiting.take();
        let kept = window.clone();
        let events = batch;
        if !send(Pushed { events, window }) {
            kept.into_iter().for_each(|event| waiting.add(event));
            return;
        }
        tokio::time::sleep(FRAME).await;
    }
}

#[cfg(test)]
mod tests;
