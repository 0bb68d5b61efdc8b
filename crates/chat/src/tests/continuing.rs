//! Answers that go on after a stop.

use super::*;
use runtime::fake::Step;

impl Window {
    async fn go_on(&self, answering: &Answering) -> Result<Answering, AppError> {
        let request = MessageRef {
            conversation: answering.conversation.clone(),
            message: answering.message.clone(),
        };
        self.app.answer_continue(request).await
    }

    async fn text(&mut self) -> String {
        self.next(|what| match what {
            EventKind::MessageText { text, .. } => Some(text),
            _ => None,
        })
        .await
    }

    /// An answer that says `text` and is stopped.
    async fn stopped(&mut self, conversation: Option<&str>, text: &str) -> Answering {
        self.fake.script([text_event(text), Step::Hold]);
        let answering = self.say(conversation, "Tell me").await.unwrap();
        self.text().await;
        self.stop(&answering.conversation).await;
        assert_eq!(self.ended(&answering).await.status, MessageStatus::Stopped);
        answering
    }

    /// The answer in the middle of going on: ` a time` was told.
    async fn going_on(&mut self, answering: &Answering) {
        self.fake
            .script([text_event(" a time"), Step::Hold, text_event(".")]);
        self.go_on(answering).await.unwrap();
        assert_eq!(self.text().await, " a time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_answer_goes_on_where_it_was() {
    let home = Home::new();
    let mut window = home.open().await;
    let answering = window.stopped(None, "Once upon").await;
    // Whatever was chosen since: the model is the one that wrote it.
    let beta = ModelChoose {
        conversation: Some(answering.conversation.clone()),
        model: window.model("Beta").await,
    };
    window.app.model_choose(beta).await.unwrap();
    window.fake.script([
        Step::Hold,
        text_event(" a time."),
        Step::Stop(StopReason::EndOfTurn),
    ]);
    assert_eq!(window.go_on(&answering).await.unwrap(), answering);
    let shown = window.next(|what| match what {
        EventKind::MessageChanged { message } => Some(*message),
        _ => None,
    });
    let shown = shown.await;
    assert_eq!(shown.status, MessageStatus::Streaming);
    assert_eq!(
        (text_of(&shown.parts).as_str(), shown.receipt),
        ("Once upon", None)
    );
    window.fake.release();
    assert_eq!(window.text().await, " a time.", "only what is new is told");
    let whole = window.ended(&answering).await;
    assert_eq!(whole.status, MessageStatus::Complete);
    assert_eq!(text_of(&whole.parts), "Once upon a time.");
    assert_eq!(whole.siblings, std::slice::from_ref(&answering.message));
    let receipt = whole.receipt.clone().unwrap();
    assert_eq!((receipt.continued_bytes, receipt.messages.len()), (9, 1));
    let requests = window.fake.requests();
    assert_eq!(text_of(&requests[1].continued), "Once upon");
    assert_eq!(requests[1].model, requests[0].model);
    assert_eq!(requests[1].messages, requests[0].messages);
    drop(window);
    let window = home.open_empty().await;
    assert_eq!(
        window.open(&answering.conversation).await.messages[1],
        whole
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_stopped_again_and_again() {
    let home = Home::new();
    let mut window = home.open().await;
    let answering = window.stopped(None, "Once upon").await;
    for rounds in 1..=3 {
        window.going_on(&answering).await;
        assert_eq!(
            window.go_on(&answering).await.unwrap_err().key,
            "already-answering"
        );
        window.stop(&answering.conversation).await;
        let stopped = window.ended(&answering).await;
        assert_eq!(stopped.status, MessageStatus::Stopped);
        let text = format!("Once upon{}", " a time".repeat(rounds));
        assert_eq!(text_of(&stopped.parts), text);
        let begun = text.len() - " a time".len();
        assert_eq!(stopped.receipt.unwrap().continued_bytes as usize, begun);
    }
    // One that was stopped before its first word is an answer like others.
    let answering = {
        window.fake.script([Step::Hold]);
        let answering = window.say(None, "Hello").await.unwrap();
        window.stop(&answering.conversation).await;
        window.ended(&answering).await;
        answering
    };
    window.fake.answer(&["Hi."]);
    window.go_on(&answering).await.unwrap();
    assert_eq!(text_of(&window.ended(&answering).await.parts), "Hi.");
    assert_eq!(window.fake.requests().last().unwrap().continued, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_cut_short_goes_on_as_it_was_sampled() {
    let home = Home::new();
    let mut window = home.open().await;
    let limits = Limits {
        max_tokens: Some(5),
    };
    let sampling = Sampling {
        temperature: 0.25,
        seed: Some(7),
        ..Sampling::default()
    };
    for reason in [StopReason::Length, StopReason::Context] {
        window.fake.script([text_event("Half"), Step::Stop(reason)]);
        let say = crate::Say {
            send: MessageSend {
                conversation: None,
                parent: None,
                text: "Hi".into(),
                model: None,
                temporary: false,
            },
            system: "Be brief.".into(),
            sampling: sampling.clone(),
            limits: limits.clone(),
        };
        let answering = window.app.say(say).await.unwrap();
        window.ended(&answering).await;
        window.fake.answer(&[" and half"]);
        window.go_on(&answering).await.unwrap();
        let whole = window.ended(&answering).await;
        assert_eq!(text_of(&whole.parts), "Half and half");
        assert_eq!(window.asked(), ["system: Be brief.", "user: Hi"]);
        let request = window.fake.requests().pop().unwrap();
        let seed = None;
        assert_eq!(
            request.sampling,
            Sampling {
                seed,
                ..sampling.clone()
            }
        );
        assert_eq!(request.limits, limits);
        // Now it is whole.
        assert_eq!(
            window.go_on(&answering).await.unwrap_err().key,
            "cannot-continue"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_leaves_what_was_there() {
    let home = Home::new();
    let mut window = home.open().await;
    let answering = window.stopped(None, "Once upon").await;
    let before = window.open(&answering.conversation).await.messages[1].clone();
    window
        .fake
        .script([Step::Fail(failure::worker_died("Alpha"))]);
    window.go_on(&answering).await.unwrap();
    let failed = window.ended(&answering).await;
    assert_eq!(failed.status, MessageStatus::Interrupted);
    assert_eq!(failed.error.as_ref().unwrap().key, "worker-died");
    assert_eq!(
        (failed.parts, failed.receipt),
        (before.parts, before.receipt)
    );
    window.fake.script([
        text_event(" a time"),
        Step::Fail(failure::worker_died("Alpha")),
    ]);
    window.go_on(&answering).await.unwrap();
    let failed = window.ended(&answering).await;
    assert_eq!(text_of(&failed.parts), "Once upon a time");
    assert_eq!(failed.receipt, None, "the old one told of less");
    window.fake.answer(&["."]);
    window.go_on(&answering).await.unwrap();
    let whole = window.ended(&answering).await;
    assert_eq!(text_of(&whole.parts), "Once upon a time.");
    assert_eq!((whole.status, whole.error), (MessageStatus::Complete, None));
}

/// The folder as it would lie there had the process been killed now.
fn killed(home: &Home) -> Home {
    let copy = Home::new();
    let mut folders = vec![home.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        let place = copy
            .folder
            .path()
            .join(folder.strip_prefix(home.folder.path()).unwrap());
        std::fs::create_dir_all(&place).unwrap();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    std::fs::copy(&path, place.join(path.file_name().unwrap())).unwrap();
                }
            }
        }
    }
    copy
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_it_goes_on_loses_nothing() {
    let home = Home::new();
    let mut window = home.open().await;
    let answering = window.stopped(None, "Once upon").await;
    let receipt = window.open(&answering.conversation).await.messages[1]
        .receipt
        .clone();
    window
        .fake
        .script([Step::Hold, text_event(" a time"), Step::Hold]);
    window.go_on(&answering).await.unwrap();
    let early = killed(&home);
    window.fake.release();
    window.text().await;
    let late = killed(&home);
    for (home, text, receipt) in [
        (early, "Once upon", receipt),
        (late, "Once upon a time", None),
    ] {
        let mut window = home.open_empty().await;
        let message = window.open(&answering.conversation).await.messages[1].clone();
        assert_eq!(message.status, MessageStatus::Interrupted);
        assert_eq!(message.error.unwrap().key, "run-ended");
        assert_eq!(
            (text_of(&message.parts).as_str(), message.receipt),
            (text, receipt)
        );
        window.fake.answer(&[", it was."]);
        window.go_on(&answering).await.unwrap();
        let whole = window.ended(&answering).await;
        assert_eq!(text_of(&whole.parts), format!("{text}, it was."));
    }
    // An orderly end does the same.
    window.app.close().await;
    drop(window);
    let window = home.open_empty().await;
    let message = &window.open(&answering.conversation).await.messages[1];
    assert_eq!(text_of(&message.parts), "Once upon a time");
    assert_eq!(message.status, MessageStatus::Interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_sees_it_and_can_stop_it() {
    let home = Home::new();
    let mut one = home.open().await;
    let answering = one.stopped(None, "Once upon").await;
    let mut two = home.open_empty().await;
    two.going_on(&answering).await;
    one.next(|what| matches!(what, EventKind::PathChanged { .. }).then_some(()))
        .await;
    let message = one.open(&answering.conversation).await.messages[1].clone();
    assert_eq!(message.status, MessageStatus::Streaming);
    assert_eq!(text_of(&message.parts), "Once upon a time");
    assert_eq!(
        one.go_on(&answering).await.unwrap_err().key,
        "already-answering"
    );
    one.stop(&answering.conversation).await;
    assert_eq!(one.ended(&answering).await.status, MessageStatus::Stopped);
    // The other process has not seen it: it says nothing. What it makes of it is its own matter.
    one.fake
        .script([text_event(", he said"), Step::Hold, text_event(".")]);
    one.go_on(&answering).await.unwrap();
    one.next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    let error = two.go_on(&answering).await.unwrap_err();
    assert_eq!(error.key, "already-answering");
    two.fake.release();
    for _ in 0..100 {
        if two.app.core.lock().answers.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(two.app.core.lock().answers.is_empty(), "it let go");
    let message = one.open(&answering.conversation).await.messages[1].clone();
    assert_eq!(
        message.status,
        MessageStatus::Streaming,
        "it ended no other's"
    );
    assert_eq!(text_of(&message.parts), "Once upon a time, he said");
    one.stop(&answering.conversation).await;
    one.ended(&answering).await;
    // Here it was ended by another process, and its task is still silent.
    two.going_on(&answering).await;
    one.stop(&answering.conversation).await;
    let error = two.go_on(&answering).await.unwrap_err();
    assert_eq!(error.key, "already-answering");
    for _ in 0..100 {
        if two.app.core.lock().answers.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    two.fake.answer(&["."]);
    two.go_on(&answering).await.unwrap();
    let whole = two.ended(&answering).await;
    assert_eq!(text_of(&whole.parts), "Once upon a time, he said a time.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_go_on_says_so() {
    let home = Home::new();
    let mut window = home.open().await;
    let stopped = window.stopped(None, "Once").await;
    let id = stopped.conversation.clone();
    let key = async |window: &Window, message: &str| {
        let answering = Answering {
            conversation: id.clone(),
            message: message.to_owned(),
        };
        window.go_on(&answering).await.unwrap_err().key
    };
    let question = window.open(&id).await.messages[0].id.clone();
    assert_eq!(key(&window, &question).await, "cannot-continue");
    assert_eq!(key(&window, "none").await, "message-unknown");
    // No more the last one.
    let whole = window.turn(Some(&id), "Go on", "Yes.").await;
    assert_eq!(key(&window, &stopped.message).await, "cannot-continue");
    assert_eq!(
        key(&window, &whole.id).await,
        "cannot-continue",
        "it is whole"
    );
    // Last of a branch that is not shown.
    let other = window.stopped(None, "Half").await;
    window.fake.answer(&["Whole."]);
    let again = AnswerAgain {
        conversation: other.conversation.clone(),
        message: other.message.clone(),
        model: None,
    };
    let again = window.app.answer_again(again).await.unwrap();
    window.ended(&again).await;
    assert_eq!(
        window.go_on(&other).await.unwrap_err().key,
        "cannot-continue"
    );
    let back = MessageRef {
        conversation: other.conversation.clone(),
        message: other.message.clone(),
    };
    window.app.branch_choose(back).await.unwrap();
    window.fake.answer(&[" more."]);
    window.go_on(&other).await.unwrap();
    window.ended(&other).await;
    // Without a word there is nothing to go on from.
    window
        .fake
        .script([Step::Fail(failure::worker_died("Alpha"))]);
    let failed = window.say(None, "Hi").await.unwrap();
    window.ended(&failed).await;
    assert_eq!(
        window.go_on(&failed).await.unwrap_err().key,
        "cannot-continue"
    );
    // Its model is not there any more.
    let third = window.stopped(None, "Third").await;
    let history = rusqlite::Connection::open(home.places().history()).unwrap();
    let changed = history.execute(
        "UPDATE message SET author = json_set(author, '$.model', 'sha256:none') WHERE id = ?1",
        [&third.message],
    );
    assert_eq!(changed.unwrap(), 1);
    let error = window.go_on(&third).await.unwrap_err();
    assert_eq!(
        (error.key.as_str(), &error.args["model"]),
        ("model-unknown", &"Alpha".into())
    );
    let message = &window.open(&third.conversation).await.messages[1];
    assert_eq!(message.status, MessageStatus::Stopped, "as it was");
}
