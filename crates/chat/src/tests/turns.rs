//! Turns: saying, answering, stopping, branching, titles, receipts.

use super::*;
use runtime::fake::Step;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_stored_and_receipted() {
    let home = Home::new();
    let mut window = home.open().await;
    window.fake.answer(&["Par", "is."]);
    let answering = window
        .say(None, "What is the capital of France?")
        .await
        .unwrap();
    let answer = window.ended(&answering).await;
    assert_eq!(answer.status, MessageStatus::Complete);
    assert_eq!(text_of(&answer.parts), "Paris.");
    assert_eq!(answer.author.as_ref().unwrap().name, "Alpha");
    let opened = window.open(&answering.conversation).await;
    assert_eq!(texts(&opened), ["What is the capital of France?", "Paris."]);
    let receipt = answer.receipt.unwrap();
    assert_eq!(receipt.messages, [opened.messages[0].id.clone()]);
    assert_eq!(receipt.stop, Some(StopReason::EndOfTurn));
    assert_eq!(opened.summary.title, "What is the capital of France?");
    assert!(!opened.summary.answering);
    // The same after a restart.
    drop(window);
    let window = home.open_empty().await;
    let again = window.open(&answering.conversation).await;
    assert_eq!(again.messages, opened.messages);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_model_reads_what_was_said() {
    let home = Home::new();
    let mut window = home.open().await;
    let first = window.turn(None, "My cat is called Mo.", "Nice.").await;
    let id = first.conversation.clone();
    let beta = window.model("Beta").await;
    let choose = ModelChoose {
        conversation: Some(id.clone()),
        model: beta.clone(),
    };
    window.app.model_choose(choose).await.unwrap();
    let second = window.turn(Some(&id), "What is it called?", "Mo.").await;
    assert_eq!(second.author.unwrap().name, "Beta");
    assert_eq!(
        window.asked(),
        [
            "user: My cat is called Mo.",
            "assistant: Nice.",
            "user: What is it called?"
        ]
    );
    let opened = window.open(&id).await;
    let read: Vec<_> = opened.messages[..3]
        .iter()
        .map(|message| message.id.clone())
        .collect();
    assert_eq!(second.receipt.unwrap().messages, read);
    // The choice is the conversation's, and the next new one's.
    drop(window);
    let window = home.open_empty().await;
    let snapshot = window.snapshot().await;
    assert_eq!(snapshot.conversations[0].model, Some(beta.clone()));
    assert_eq!(snapshot.settings.model, Some(beta));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_answer_keeps_what_was_written() {
    let home = Home::new();
    let mut window = home.open().await;
    window.fake.script([
        text_event("Once upon"),
        Step::Hold,
        text_event("never said"),
    ]);
    let answering = window.say(None, "A story").await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    let error = window
        .say(Some(&answering.conversation), "Hurry")
        .await
        .unwrap_err();
    assert_eq!(error.key, "already-answering");
    // Another conversation goes on meanwhile.
    window.turn(None, "Hello", "Hi.").await;
    window.stop(&answering.conversation).await;
    let answer = window.ended(&answering).await;
    assert_eq!(answer.status, MessageStatus::Stopped);
    assert_eq!(text_of(&answer.parts), "Once upon");
    assert_eq!(answer.receipt.unwrap().stop, Some(StopReason::Cancelled));
    assert_eq!(window.fake.stopped(), 1);
    window
        .turn(Some(&answering.conversation), "Go on", "There.")
        .await;
    assert_eq!(
        window.asked(),
        ["user: A story", "assistant: Once upon", "user: Go on"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_before_text_failed_and_after_text_interrupted() {
    let home = Home::new();
    let mut window = home.open().await;
    window.fake.script([Step::Fail(failure::memory_short(
        "Alpha", 2_u64, 1_u64, "none",
    ))]);
    let answering = window.say(None, "Hello").await.unwrap();
    let failed = window.ended(&answering).await;
    assert_eq!(failed.status, MessageStatus::Failed);
    assert_eq!(failed.error.unwrap().key, "memory-short");
    window.fake.script([
        text_event("Hel"),
        Step::Fail(failure::worker_died("Alpha").detail("signal 9")),
    ]);
    let answering = window
        .say(Some(&answering.conversation), "Again")
        .await
        .unwrap();
    let interrupted = window.ended(&answering).await;
    assert_eq!(window.asked(), ["user: Hello\n\nAgain"]);
    assert_eq!(interrupted.status, MessageStatus::Interrupted);
    assert_eq!(text_of(&interrupted.parts), "Hel");
    let opened = window.open(&answering.conversation).await;
    assert_eq!(
        opened.messages[3].error.as_ref().unwrap().detail.as_deref(),
        Some("signal 9")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_answer_stands_beside_the_first() {
    let home = Home::new();
    let mut window = home.open().await;
    let first = window.turn(None, "Hello", "One.").await;
    window.turn(Some(&first.conversation), "And?", "Two.").await;
    window.fake.answer(&["Three."]);
    let again = AnswerAgain {
        conversation: first.conversation.clone(),
        message: first.id.clone(),
        model: Some(window.model("Beta").await),
    };
    let answering = window.app.answer_again(again).await.unwrap();
    let path = window.next(|what| match what {
        EventKind::PathChanged { conversation } => Some(conversation),
        _ => None,
    });
    assert_eq!(path.await, first.conversation);
    let third = window.ended(&answering).await;
    assert_eq!(third.siblings, [first.id.clone(), third.id.clone()]);
    assert_eq!(third.author.unwrap().name, "Beta");
    assert_eq!(window.asked(), ["user: Hello"]);
    assert_eq!(
        texts(&window.open(&first.conversation).await),
        ["Hello", "Three."]
    );
    // Back: all that followed the first is there.
    let back = MessageRef {
        conversation: first.conversation.clone(),
        message: first.id,
    };
    let opened = window.app.branch_choose(back).await.unwrap();
    assert_eq!(texts(&opened), ["Hello", "One.", "And?", "Two."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_message_begins_a_branch() {
    let home = Home::new();
    let mut window = home.open().await;
    let first = window.turn(None, "Hello there", "One.").await;
    let id = first.conversation.clone();
    window.turn(Some(&id), "second", "Two.").await;
    window.fake.answer(&["Edited two."]);
    let answering = window
        .send(Some(&id), Some(&first.id), "second, edited")
        .await
        .unwrap();
    window.ended(&answering).await;
    assert_eq!(
        texts(&window.open(&id).await),
        ["Hello there", "One.", "second, edited", "Edited two."]
    );
    window.fake.answer(&["New one."]);
    let answering = window
        .send(Some(&id), Some(""), "Good evening")
        .await
        .unwrap();
    window.ended(&answering).await;
    let opened = window.open(&id).await;
    assert_eq!(texts(&opened), ["Good evening", "New one."]);
    assert_eq!(opened.messages[0].siblings.len(), 2);
    assert_eq!(opened.summary.title, "Good evening");
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_are_first_words_until_the_person_says_otherwise() {
    let home = Home::new();
    let mut window = home.open().await;
    let answer = window
        .turn(None, "one two three four five six seven", "ok")
        .await;
    let id = answer.conversation;
    let rename = async |title: &str| {
        let request = ConversationRename {
            id: id.clone(),
            title: title.to_owned(),
        };
        window.app.conversation_rename(request).await.unwrap();
        window.open(&id).await.summary.title
    };
    assert_eq!(rename("  Six\n numbers ").await, "Six numbers");
    assert_eq!(rename(" ").await, "one two three four five six…");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_said_in_a_sentence() {
    let home = Home::new();
    let window = home.open_empty().await;
    assert_eq!(
        window.say(None, " \n\t").await.unwrap_err().key,
        "message-empty"
    );
    assert_eq!(
        window.say(None, "Hello").await.unwrap_err().key,
        "starter-missing"
    );
    assert!(
        window.snapshot().await.conversations.is_empty(),
        "nothing is begun that cannot be answered"
    );
    let path = home.model("Alpha").display().to_string();
    window.app.model_import(ModelImport { path }).await.unwrap();
    let gone = Some("0190b5a0-0000-7000-8000-000000000000");
    assert_eq!(
        window.say(gone, "Hello").await.unwrap_err().key,
        "conversation-unknown"
    );
    window.fake.answer(&["Hi"]);
    let answering = window.say(None, "Hello").await.unwrap();
    let error = window
        .send(Some(&answering.conversation), gone, "x")
        .await
        .unwrap_err();
    assert!(["message-unknown", "already-answering"].contains(&error.key.as_str()));
    let dispatch =
        async |name: &str, json: serde_json::Value| window.app.dispatch(name, json).await;
    assert_eq!(
        dispatch("no_such", serde_json::json!({}))
            .await
            .unwrap_err()
            .key,
        "bad-command"
    );
    assert_eq!(
        dispatch("message_send", serde_json::json!({"text": 7}))
            .await
            .unwrap_err()
            .key,
        "bad-command"
    );
    let unknown = serde_json::json!({"conversation": null, "model": "sha256:none"});
    assert_eq!(
        dispatch("model_choose", unknown).await.unwrap_err().key,
        "model-unknown"
    );
    let models = dispatch("models", serde_json::json!({})).await.unwrap();
    assert_eq!(models["models"][0]["name"], "Alpha");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_set_system_and_sampling() {
    let home = Home::new();
    let mut window = home.open().await;
    window.fake.answer(&["Oui."]);
    let send = MessageSend {
        conversation: None,
        parent: None,
        text: "Hi".into(),
        model: None,
        temporary: false,
    };
    let sampling = Sampling {
        temperature: 0.0,
        seed: Some(7),
        ..Sampling::default()
    };
    let limits = Limits {
        max_tokens: Some(5),
    };
    let say = crate::Say {
        send,
        system: "Speak French.".into(),
        sampling: sampling.clone(),
        limits,
    };
    let answering = window.app.say(say).await.unwrap();
    let answer = window.ended(&answering).await;
    assert_eq!(window.asked(), ["system: Speak French.", "user: Hi"]);
    let receipt = answer.receipt.unwrap();
    assert_eq!(
        (receipt.sampling, receipt.limits.max_tokens),
        (sampling, Some(5))
    );
    assert_eq!(
        window.open(&answering.conversation).await.system,
        "Speak French."
    );
}

/// A file answers under a provisional id until it is hashed: afterwards its answers are by the
/// same model, and no switch stands between them.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_before_the_hash_is_by_the_same_model() {
    let home = Home::new();
    let mut window = home.open().await;
    let alpha = window.model("Alpha").await;
    let answer = window.turn(None, "Hello", "Hi.").await;
    let hashed = async {
        while window.model("Alpha").await.is_provisional() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), hashed)
        .await
        .unwrap();
    let index = std::fs::read_to_string(home.places().library_index()).unwrap();
    let header = index
        .split('"')
        .find(|word| word.starts_with("header:"))
        .unwrap();
    let history = rusqlite::Connection::open(home.places().history()).unwrap();
    let changed = history.execute(
        "UPDATE message SET author = json_set(author, '$.model', ?1) WHERE id = ?2",
        [header, &answer.id],
    );
    assert_eq!(changed.unwrap(), 1);
    let opened = window.open(&answer.conversation).await;
    let author = opened.messages[1].author.clone().unwrap();
    assert!(
        !author.model.is_provisional(),
        "{alpha} became {}",
        author.model
    );
}
