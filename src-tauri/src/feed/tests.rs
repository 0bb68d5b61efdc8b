//! The feed without a window: batches, gaps, and what waits for a page.

use super::*;
use protocol::EventKind;
use std::time::Instant;
use tokio::sync::broadcast;

fn event(seq: u64) -> Event {
    let what = EventKind::ConversationDeleted { id: String::new() };
    Event { seq, what }
}

fn opened(paths: &[&str]) -> WindowEvent {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    WindowEvent::FilesOpened { paths }
}

/// Sends `count` events, one each `pause`, into a channel that holds `capacity`.
/// Returns the numbers in each batch.
async fn batches(count: u64, capacity: usize, pause: Option<Duration>) -> Vec<Vec<u64>> {
    let (sender, receiver) = broadcast::channel(capacity);
    let told = tokio::spawn(async move {
        let mut told: Vec<Vec<u64>> = Vec::new();
        forward(receiver, Arc::default(), |pushed| {
            told.push(pushed.events.iter().map(|event| event.seq).collect());
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

/// What a page that says `hears` is sent of the window's events until it is silent.
async fn told(feed: &Feed, hears: bool) -> Vec<WindowEvent> {
    let (_sender, receiver) = broadcast::channel(8);
    let mut told = Vec::new();
    let forwarding = forward(receiver, Arc::clone(&feed.waiting), |pushed| {
        told.extend(pushed.window);
        hears
    });
    let _ = tokio::time::timeout(FRAME * 4, forwarding).await;
    told
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
    let forwarding = forward(receiver, Arc::default(), |_| false);
    tokio::time::timeout(Duration::from_secs(5), forwarding)
        .await
        .expect("it ended");
    assert_eq!(sender.receiver_count(), 0);
}

#[tokio::test]
async fn opened_files_wait_for_a_page_that_hears_of_them() {
    let feed = Feed::default();
    feed.tell(opened(&["/a"]));
    feed.tell(WindowEvent::FilesHover { over: true });
    feed.tell(WindowEvent::CloseAsked);
    feed.tell(opened(&["/b"]));
    assert_eq!(told(&feed, false).await, [opened(&["/a", "/b"])]);
    assert_eq!(told(&feed, true).await, [opened(&["/a", "/b"])]);
    assert_eq!(told(&feed, true).await, []);

    let many: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    for times in 1..=2 {
        for paths in vec![many.clone(); times] {
            feed.tell(WindowEvent::FilesOpened { paths });
        }
        let told = told(&feed, true).await;
        let few =
            matches!(&told[..], [WindowEvent::FilesOpened { paths }] if paths.len() == FILES_KEPT);
        assert!(few, "of {times} times too many");
    }
}

#[tokio::test]
async fn what_is_of_the_moment_goes_to_the_page_that_listens() {
    let feed = Feed::default();
    let (_sender, receiver) = broadcast::channel(8);
    feed.begin(receiver, Channel::new(|_| Ok(())));
    feed.tell(WindowEvent::FilesHover { over: true });
    feed.tell(WindowEvent::CloseAsked);
    feed.tell(WindowEvent::FilesHover { over: false });
    let expected = [
        WindowEvent::FilesHover { over: false },
        WindowEvent::CloseAsked,
    ];
    assert_eq!(*feed.waiting.lock(), expected);
    feed.end();
    assert!(!feed.is_heard());
    assert_eq!(told(&feed, true).await, [], "that page is gone");
}
