//! Saying something, and seeing the answer come.

use crate::{
    computer::{Home, SECOND, model},
    page::*,
};
use serde_json::json;

const LONG: &str = "Write a very long story about a lighthouse and the sea.";

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn an_answer_streams_and_can_be_stopped() {
    let home = Home::new();
    let window = home.open().await;
    window.say(LONG).await;
    let first = window.answered(1, 1).await;
    let more = window.answered(1, first.chars().count() + 20).await;
    assert!(window.shows(STOP).await, "it still streams");
    window.stop().await;

    let facts = window.text(FACTS).await;
    assert!(facts.contains(&word("en", "stopped")), "{facts}");
    assert!(facts.contains("tokens/s"), "{facts}");
    assert!(facts.contains("first token"), "{facts}");
    let kept = window.answer().await;
    assert!(
        kept.chars().count() >= more.chars().count(),
        "{kept:?} after {more:?}"
    );

    let stored = window.conversation().await;
    let answer = &stored["messages"][1];
    assert_eq!(answer["status"], "stopped");
    assert_eq!(answer["receipt"]["stop"], "cancelled");
    assert!(
        answer["receipt"]["times"]["first_token_ms"]
            .as_f64()
            .is_some_and(|ms| ms > 0.0)
    );
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(window.answer().await, kept, "nothing comes after the stop");
    window.assert_nothing_refused().await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn code_stands_in_colour() {
    let home = Home::new();
    let window = home.open().await;
    // Asked greedily, so that what stands here is the page's affair and not a model's mood.
    let file = model(SECOND);
    let code = "def seven():\n    return 7";
    home.parley(&[
        "chat",
        "--once",
        &format!("Repeat this exactly:\n```python\n{code}\n```"),
        "--temperature",
        "0",
        "--model",
        file.to_str().expect("Unicode"),
    ]);
    window.press(CONVERSATION, 0).await;
    window
        .until("coloured code", || window.shows(COLOURED))
        .await;
    assert_eq!(window.text(CODE).await, code);
    assert!(!window.answer().await.contains("```"));
    window.assert_nothing_refused().await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn another_answer_stands_beside_the_first() {
    let home = Home::new();
    let window = home.open().await;
    window.say("Name three colours.").await;
    window.answered(1, 3).await;
    window.stop().await;
    let first = window.conversation().await["messages"][1]["id"].clone();

    let again = format!(
        "main article footer button[aria-label={:?}]",
        word("en", "answer-again")
    );
    window.press(&again, 0).await;
    window
        .until("two versions", || async {
            window.text(FACTS).await.contains("2/2") || window.shows(STOP).await
        })
        .await;
    window.answered(1, 3).await;
    window.stop().await;
    let stored = window.conversation().await;
    assert_eq!(stored["messages"].as_array().map(Vec::len), Some(2));
    let siblings = stored["messages"][1]["siblings"].clone();
    assert_eq!(siblings, json!([first, stored["messages"][1]["id"]]));
}
