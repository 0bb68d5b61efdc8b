//! The events of the chat core on their way to the page: in order, at most one send a frame.

use protocol::{Event, Pushed};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tauri::{async_runtime::JoinHandle, ipc::Channel};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

/// The time of a picture on a screen of 60 a second: more sends than this cannot be seen.
const FRAME: Duration = Duration::from_millis(16);

/// The one subscription of the window's page.
#[derive(Default)]
pub struct Feed(Mutex<Option<JoinHandle<()>>>);

impl Feed {
    /// Sends all further events to the page. A subscription made earlier ends.
    pub fn begin(&self, events: Receiver<Event>, channel: Channel<Pushed>) {
        let task = tauri::async_runtime::spawn(forward(events, move |events| {
            let window = Vec::new();
            channel.send(Pushed { events, window }).is_ok()
        }));
        self.replace(Some(task));
    }

    /// Ends the subscription: the page that made it is gone.
    pub fn end(&self) {
        self.replace(None);
    }

    fn replace(&self, task: Option<JoinHandle<()>>) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = std::mem::replace(&mut *current, task) {
            earlier.abort();
        }
    }
}

/// Sends events in batches until `send` says no or there are no more to come. Where the receiver
/// lagged, the numbers of the next batch show a gap, which makes the page take a new snapshot.
async fn forward(mut events: Receiver<Event>, mut send: impl FnMut(Vec<Event>) -> bool) {
    loop {
        let mut batch = match events.recv().await {
            Ok(event) => vec![event],
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        loop {
            match events.try_recv() {
                Ok(event) => batch.push(event),
                Err(TryRecvError::Lagged(_)) => continue,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if !send(batch) {
            return;
        }
        tokio::time::sleep(FRAME).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::EventKind;
    use std::time::Instant;
    use tokio::sync::broadcast;

    fn event(seq: u64) -> Event {
        let what = EventKind::ConversationDeleted { id: String::new() };
        Event { seq, what }
    }

    /// Sends `count` events, one each `pause`, into a channel that holds `capacity`.
    /// Returns the numbers in each batch.
    async fn batches(count: u64, capacity: usize, pause: Option<Duration>) -> Vec<Vec<u64>> {
        let (sender, receiver) = broadcast::channel(capacity);
        let told = tokio::spawn(async move {
            let mut told: Vec<Vec<u64>> = Vec::new();
            forward(receiver, |batch| {
                told.push(batch.iter().map(|event| event.seq).collect());
                true
            })
            .await;
            told
        });
        for seq in 1..=count {
            sender.send(event(seq)).expect("a receiver");
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
        }
        drop(sender);
        told.await.expect("forward does not panic")
    }

    #[tokio::test]
    async fn everything_comes_in_order_in_few_sends() {
        let began = Instant::now();
        let told = batches(100, 256, Some(Duration::from_millis(1))).await;
        let frames = began.elapsed().as_millis() / FRAME.as_millis() + 2;
        assert!(
            told.len() as u128 <= frames,
            "{} sends in {frames} frames",
            told.len()
        );
        assert!(told.iter().all(|batch| !batch.is_empty()));
        assert_eq!(told.concat(), (1..=100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn lagging_shows_as_a_gap() {
        let told = batches(100, 8, None).await.concat();
        assert!(told.len() < 100);
        assert_eq!(told.last(), Some(&100));
        assert!(
            told[0] > 1 || told.windows(2).any(|pair| pair[1] != pair[0] + 1),
            "{told:?}"
        );
    }

    #[tokio::test]
    async fn a_page_that_is_gone_ends_it() {
        let (sender, receiver) = broadcast::channel(8);
        sender.send(event(1)).expect("a receiver");
        tokio::time::timeout(Duration::from_secs(5), forward(receiver, |_| false))
            .await
            .expect("it ended");
        assert_eq!(sender.receiver_count(), 0);
    }
}
