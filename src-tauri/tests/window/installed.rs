//! The first minutes with what was installed: the starter model answers. `tests/installed` runs this on the .deb; else it runs
//! on the built programs, like the other tests.

use crate::computer::{Home, is_installed};
use std::{fs, path::PathBuf};

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_conversation_with_what_came_along() {
    let home = Home::new();
    let window = home.open().await;
    for (turn, words) in ["What is the capital of France?", "And of Italy?"]
        .into_iter()
        .enumerate()
    {
        window.say(words).await;
        window.answered(turn + 1, 3).await;
        window.ended_within(60).await;
    }
    let library = window.call("models", serde_json::json!({})).await;
    let library = library.expect("the library");
    assert_eq!(library["models"].as_array().map(Vec::len), Some(1));
    let stored = window.conversation().await;
    let messages = stored["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 4);
    assert_eq!(
        messages[3]["receipt"]["model"]["name"],
        library["models"][0]["name"]
    );
    window.picture("installed").await;
    if is_installed() {
        let worker = *home.processes("parley-worker").first().expect("a worker");
        let runs = fs::read_link(format!("/proc/{worker}/exe")).expect("its program");
        assert_eq!(runs, PathBuf::from("/usr/lib/parley/parley-worker"));
        let model = library["models"][0]["path"].as_str().expect("a path");
        assert!(model.starts_with("/usr/lib/parley/starter/"), "{model}");
    }
    window.assert_nothing_refused().await;
}
