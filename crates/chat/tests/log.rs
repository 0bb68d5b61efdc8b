//! The log and the report of a whole conversation: what happened is there, what was said is not.
//! One test of both, because a process has one log.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use chat::{App, Say, log};
use hub::{Hub, Places};
use protocol::*;
use runtime::fake::{Fake, Step};
use serde_json::json;
use std::{path::Path, sync::Arc, time::Duration};

/// Every text that a person or a model says has one of these in it.
const CANARIES: [&str; 8] = [
    "canary-message",
    "canary-system",
    "canary-answer",
    "canary-title",
    "canary-reason",
    "canary-payload",
    "canary-panic",
    "hf_canarycanarycanary",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_in_the_log_and_what_was_said_is_not() {
    let home = tempfile::tempdir().unwrap();
    let places = Places::under(home.path());
    log::begin(&places);
    let fake = Fake::new();
    let hub = Hub::open(&places).unwrap();
    let app = App::open(places.clone(), Arc::new(fake.clone()), hub).unwrap();
    let model = home.path().join("Alpha.gguf");
    write_model(&model);
    let path = model.display().to_string();
    app.model_import(ModelImport { path }).await.unwrap();

    fake.answer(&["canary-answer ", "canary-answer"]);
    let first = say(&app, None, "canary-message \"canary-message\"").await;
    let id = first.conversation.clone();
    let rename = json!({ "id": id, "title": "canary-title" });
    app.dispatch("conversation_rename", rename).await.unwrap();
    // Failures whose words hold what was said.
    fake.script([
        Step::Event(GenerationEvent::Text {
            text: "canary-answer".into(),
        }),
        Step::Fail(
            failure::template_failed("canary-reason").detail("it read \"canary-message\" badly"),
        ),
    ]);
    say(&app, Some(id.clone()), "canary-message").await;
    fake.script([Step::Fail(
        failure::internal().detail("token hf_canarycanarycanary is no good\nsecond line"),
    )]);
    say(&app, Some(id.clone()), "canary-message").await;
    for payload in [
        json!({ "conversation": id, "text": ["canary-payload"] }),
        json!({ "conversation": id, "parent": null, "text": "a", "model": 5, "canary-payload": 1 }),
        json!("canary-payload"),
    ] {
        let refused = app.dispatch("message_send", payload).await.unwrap_err();
        assert_eq!(refused.key, "bad-command");
    }
    let panicking = tokio::spawn(async {
        let said = String::from("canary-panic—");
        said[..13].len()
    });
    panicking.await.unwrap_err();

    let report = app.diagnostics(Nothing {}).await.unwrap();
    app.close().await;

    let logged = everything(&places.logs());
    for text in [&logged, &report.text] {
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} in:\n{text}");
        }
    }
    // And the search would have found something.
    for entry in [
        " started ",
        " model added ",
        " answered ",
        "answer_tokens=2",
        "failure=template-failed",
        "hf_…",
        "⏎second line",
        "failure=[bad-command name=\"message_send\"]",
        " panic place=crates/chat/tests/log.rs",
        " ended ",
    ] {
        assert!(logged.contains(entry), "{entry} is not in:\n{logged}");
    }
    for entry in [
        "## Parley\nVersion: ",
        "Memory: ",
        "Alpha: llama ",
        "form ",
        "1 conversations, 6 messages",
        "message_send: bad-command",
        "answer: template-failed",
        " started ",
    ] {
        assert!(
            report.text.contains(entry),
            "{entry} is not in:\n{}",
            report.text
        );
    }
    assert_eq!(report.logs, places.logs().display().to_string());
}

/// All words of a panic were written to standard error, which a desktop's session keeps in a journal.
#[test]
fn a_panic_told_the_journal_what_was_said() {
    let test = "what_happened_is_in_the_log_and_what_was_said_is_not";
    let program = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new(program);
    let output = command.args(["--exact", test, "--nocapture"]).output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(
        said.contains("panic at crates/chat/tests/log.rs:"),
        "{said}"
    );
    assert!(!said.contains("canary"), "{said}");
}

/// Says something and waits until its answer has ended.
async fn say(app: &App, conversation: Option<String>, text: &str) -> Answering {
    let mut events = app.subscribe();
    let answering = app
        .say(Say {
            send: MessageSend {
                conversation,
                parent: None,
                text: text.into(),
                model: None,
                temporary: false,
            },
            system: "canary-system".into(),
            sampling: Sampling::default(),
            limits: Limits::default(),
        })
        .await
        .unwrap();
    let ended = async {
        loop {
            if let EventKind::MessageChanged { message } = events.recv().await.unwrap().what
                && message.id == answering.message
                && message.status != MessageStatus::Streaming
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .unwrap();
    answering
}

/// A model file: a header without tensors.
fn write_model(path: &Path) {
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    file.extend(0u64.to_le_bytes());
    file.extend(2u64.to_le_bytes());
    for (key, value) in [("general.architecture", "llama"), ("general.name", "Alpha")] {
        file.extend((key.len() as u64).to_le_bytes());
        file.extend(key.as_bytes());
        file.extend(8u32.to_le_bytes());
        file.extend((value.len() as u64).to_le_bytes());
        file.extend(value.as_bytes());
    }
    file.resize(file.len().next_multiple_of(32), 0);
    std::fs::write(path, file).unwrap();
}

/// All bytes of a folder's files, as text.
fn everything(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().flatten();
    files
        .map(|file| String::from_utf8(std::fs::read(file.path()).unwrap()).unwrap())
        .collect()
}
