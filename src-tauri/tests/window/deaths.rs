//! Processes die in the middle of an answer; what was shown stays.

use crate::{harness::Home, page::*};

const LONG: &str = "Write a very long story about a mountain and a river.";

/// What markdown cannot change between a half and a whole text: its letters, but for the last few words.
fn letters(text: &str) -> String {
    let letters: String = text.chars().filter(|one| one.is_alphabetic()).collect();
    let kept = letters.chars().count().saturating_sub(20);
    letters.chars().take(kept).collect()
}

#[tokio::test]
#[ignore = "needs a display and the test models"]
async fn the_worker_is_killed_in_mid_answer() {
    let home = Home::new();
    let window = home.open().await;
    window.say(LONG).await;
    let shown = window.answered(1, 60).await;
    home.kill("parley-worker");
    window.until("it is said", || window.shows(TROUBLE)).await;

    let said = window.text(TROUBLE).await;
    assert!(said.starts_with(&word("en", "interrupted-title")), "{said}");
    assert!(said.contains(&word("en", "interrupted-safe")), "{said}");
    assert!(
        window
            .text(FACTS)
            .await
            .contains(&word("en", "interrupted"))
    );
    assert!(
        window.answer().await.starts_with(&letters_of_start(&shown)),
        "what was shown is kept"
    );
    let stored = window.conversation().await;
    assert_eq!(stored["messages"][1]["status"], "interrupted");
    assert_eq!(stored["messages"][1]["error"]["key"], "worker-died");

    window.say("Go on.").await;
    window.answered(2, 3).await;
    window.stop().await;
    assert_eq!(window.texts(OWN).await, [LONG, "Go on."]);
}

/// The first words: no later text changes them.
fn letters_of_start(text: &str) -> String {
    text.chars().take(12).collect()
}

#[tokio::test]
#[ignore = "needs a display and the test models"]
async fn the_window_is_killed_in_mid_answer() {
    let home = Home::new();
    let window = home.open().await;
    window.say(LONG).await;
    let shown = window.answered(1, 60).await;
    home.kill("parley-desktop");
    home.until_gone("parley-worker").await; // by itself: its standard input has ended
    drop(window);

    let window = home.open().await;
    if window.texts(OWN).await.is_empty() {
        window.press(CONVERSATION, 0).await;
    }
    window
        .until("the thread", || async { window.texts(OWN).await == [LONG] })
        .await;
    assert_eq!(window.texts(CONVERSATION).await, [LONG]);
    assert_eq!(window.texts(SAID).await.len(), 1, "once");
    let there = window.answer().await;
    let (shown, all) = (
        letters(&shown),
        there
            .chars()
            .filter(|one| one.is_alphabetic())
            .collect::<String>(),
    );
    assert!(
        !shown.is_empty() && all.starts_with(&shown),
        "{all:?} lacks some of {shown:?}"
    );
    assert!(
        window
            .text(TROUBLE)
            .await
            .starts_with(&word("en", "interrupted-title"))
    );
    let stored = window.conversation().await;
    assert_eq!(stored["messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(stored["messages"][1]["status"], "interrupted");
    assert_eq!(stored["messages"][1]["error"]["key"], "run-ended");
}

#[tokio::test]
#[ignore = "needs a display and the test models"]
async fn the_page_is_loaded_again_when_its_process_dies() {
    let home = Home::new();
    let window = home.open().await;
    window.say("Hello.").await;
    window.answered(1, 2).await;
    window.stop().await;
    home.kill("WebKitWebProces");
    home.until_logged("loading it again").await;
    let began = std::time::Instant::now();
    while home.processes("WebKitWebProces").is_empty() {
        assert!(began.elapsed() < crate::harness::PATIENCE, "no new page");
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(
        home.processes("parley-desktop").len(),
        1,
        "the window's own process lives on"
    );
}
