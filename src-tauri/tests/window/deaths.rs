//! Processes end in the middle of an answer; what was shown stays.

use crate::{computer::Home, harness::Window, page::*};

const LONG: &str = "Write a very long story about a mountain and a river.";

/// Asks for a long answer, and returns what it shows when some of it is there.
async fn in_mid_answer(window: &Window) -> String {
    window.say(LONG).await;
    let shown = window.answered(1, 60).await;
    assert!(window.shows(STOP).await, "it still streams");
    shown
}

/// The letters of a text: what markdown leaves as it is while the text grows.
fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|one| one.is_alphabetic()).collect()
}

/// The question and the interrupted answer stand on the page, each once, with all that was shown
/// of it (but for its last letters, which may have been half a mark-up), and say why.
async fn stands_interrupted(window: &Window, shown: &str, cause: &str) {
    let mark = format!("{TROUBLE} .strong");
    window.until("it is said", || window.shows(&mark)).await;
    assert_eq!(window.text(&mark).await, word("en", "interrupted-title"));
    assert_eq!(window.texts(OWN).await, [LONG]);
    assert_eq!(window.texts(SAID).await.len(), 1);
    let there = letters(&window.answer().await);
    let shown = letters(shown);
    let sure = &shown[..shown.len() - 10];
    assert!(there.starts_with(sure), "{there:?} lacks some of {sure:?}");

    let stored = window.conversation().await;
    let messages = stored["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1]["status"], "interrupted");
    assert_eq!(messages[1]["error"]["key"], cause);
    assert_eq!(
        window.texts(CONVERSATION).await,
        [stored["summary"]["title"].as_str().expect("a title")]
    );
}

/// One can go on after it.
async fn goes_on(window: &Window) {
    window.say("Go on.").await;
    window.answered(2, 3).await;
    window.stop().await;
    assert_eq!(window.texts(OWN).await, [LONG, "Go on."]);
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_worker_is_killed_in_mid_answer() {
    let home = Home::new();
    let window = home.open().await;
    let shown = in_mid_answer(&window).await;
    home.kill("parley-worker");
    stands_interrupted(&window, &shown, "worker-died").await;
    goes_on(&window).await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_window_is_killed_in_mid_answer() {
    let home = Home::new();
    let window = home.open().await;
    let shown = in_mid_answer(&window).await;
    home.kill("parley-desktop");
    home.until_gone("parley-worker").await; // by itself: its standard input has ended
    drop(window);

    let window = home.open_again().await;
    stands_interrupted(&window, &shown, "run-ended").await;
    goes_on(&window).await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_session_ends_in_mid_answer() {
    let home = Home::new();
    let window = home.open().await;
    let shown = in_mid_answer(&window).await;
    home.end("parley-desktop");
    home.until_gone("parley-desktop").await;
    home.until_gone("parley-worker").await;
    drop(window);

    let window = home.open_again().await;
    stands_interrupted(&window, &shown, "run-ended").await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_page_is_loaded_again_when_its_process_dies() {
    let home = Home::new();
    let window = home.open().await;
    let pages = home.processes("WebKitWebProces");
    home.kill("WebKitWebProces");
    // The driver's session ends with the page it knew: what is seen is that there is another.
    home.wait("a new page", || {
        let now = home.processes("WebKitWebProces");
        now.len() == 1 && now != pages
    })
    .await;
    assert_eq!(
        home.processes("parley-desktop").len(),
        1,
        "the window's own process lives on"
    );
    drop(window);
}
