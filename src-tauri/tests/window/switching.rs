//! Another model goes on with what was said before.

use crate::{
    computer::{Home, SECOND, model},
    harness::Window,
    page::*,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const FACT: &str = "My dog is called Momo.";

/// Tells the starter model a fact, and has some words of its answer.
async fn tell(window: &Window) -> String {
    let starter = window.text(CHOSEN).await;
    window.say(FACT).await;
    window.answered(1, 3).await;
    window.stop().await;
    starter
}

/// What the stored messages, named in a receipt, are as a prompt: one message a turn.
fn prompt_of(messages: &Value, ids: &Value) -> Vec<Value> {
    let mut prompt: Vec<Value> = Vec::new();
    for message in messages.as_array().expect("messages") {
        if ids.as_array().expect("ids").contains(&message["id"]) {
            prompt.push(json!({ "role": message["role"], "content": message["parts"][0]["text"] }));
        }
    }
    prompt
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_second_model_reads_what_the_first_was_told() {
    let home = Home::new();
    let window = home.open().await;
    let starter = tell(&window).await;

    home.parley(&["import", model(SECOND).to_str().expect("Unicode")]); // while the window is open
    let second = window.name_of(SECOND).await;
    window.choose(&second).await;
    window.say("What is my dog called?").await;
    window.answered(2, 2).await;
    window.stop().await;
    assert_eq!(
        window.texts(AUTHOR).await,
        [starter.as_str(), second.as_str()]
    );
    let switched = window.texts(SWITCHED).await;
    assert!(
        switched.len() == 1 && switched[0].contains(&second),
        "{switched:?}"
    );

    // Until the file is hashed its answers are by a provisional id, which then changes.
    window
        .until("the second model has its identity", || async {
            let author = &window.conversation().await["messages"][3]["author"]["model"];
            author.as_str().is_some_and(|id| id.starts_with("sha256:"))
        })
        .await;
    let stored = window.conversation().await;
    let told = &stored["messages"][0];
    let receipt = &stored["messages"][3]["receipt"];
    assert_eq!(told["parts"][0]["text"], FACT);
    assert!(
        receipt["messages"]
            .as_array()
            .expect("ids")
            .contains(&told["id"]),
        "{receipt}"
    );
    assert_eq!(receipt["model"]["architecture"], "qwen2");
    let prompt = prompt_of(&stored["messages"], &receipt["messages"]);
    assert_eq!(prompt.len(), 3, "all that was said before its answer");
    let rendered = home.render(SECOND, prompt);
    assert!(rendered.contains(FACT));
    assert_eq!(
        receipt["prompt_sha256"],
        hex(&Sha256::digest(rendered.as_bytes())),
        "{rendered}"
    );

    // and it is all there afterwards
    let shown = window.texts("main .own .me, main article .said").await;
    window.close(&home).await;
    let window = home.open_again().await;
    window
        .until("the same words", || async {
            window.texts("main .own .me, main article .said").await == shown
        })
        .await;
    assert_eq!(
        window.texts(AUTHOR).await,
        [starter.as_str(), second.as_str()]
    );
    assert_eq!(window.text(CHOSEN).await, second);
    assert_eq!(window.texts(SWITCHED).await, switched);
    assert_eq!(window.texts(CONVERSATION).await, [FACT]);
    assert_eq!(window.conversation().await["messages"], stored["messages"]);

    // the way back
    window.choose(&starter).await;
    window.say("And what is it called in Spanish?").await;
    window.answered(3, 2).await;
    window.stop().await;
    assert_eq!(window.text(AUTHOR).await, starter);
    assert_eq!(window.texts(SWITCHED).await.len(), 2);
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_model_file_is_opened_by_the_systems_dialog() {
    let home = Home::new();
    let window = home.open().await;
    let starter = window.text(CHOSEN).await;
    window.press(CHIP, 0).await;
    window.press(OPEN_FILE, 0).await;
    let title = word("en", "model-file-open");
    home.open_by_dialog(&title, &model(SECOND)).await;
    window
        .until("it is chosen", || async {
            window.text(CHOSEN).await != starter
        })
        .await;
    assert!(
        !window.shows(TROUBLE).await,
        "{}",
        window.text(TROUBLE).await
    );

    assert_eq!(
        window.text(CHOSEN).await,
        window.name_of(SECOND).await,
        "used in place"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
