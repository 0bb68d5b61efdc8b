//! What a model thinks before its answer: a part of its own, saved before it is shown.

use super::*;
use runtime::fake::Step;

fn thought(text: &str, ended: bool) -> Step {
    Step::Event(GenerationEvent::Reasoning {
        text: text.to_owned(),
        ended,
    })
}

/// Each part, without how long it took.
fn parts(message: &Message) -> Vec<(&str, bool)> {
    let parts = message.parts.iter().map(|part| match part {
        Part::Reasoning { text, ended, .. } => (text.as_str(), *ended),
        Part::Text { text } => (text.as_str(), true),
    });
    parts.collect()
}

impl Window {
    /// The next of reasoning that is told: its words, and whether it ended.
    async fn thought(&mut self) -> (String, bool) {
        self.next(|what| match what {
            EventKind::MessageReasoning { text, ended, .. } => Some((text, ended)),
            _ => None,
        })
        .await
    }

    async fn go_on_with(&self, answering: &Answering) {
        let request = MessageRef {
            conversation: answering.conversation.clone(),
            message: answering.message.clone(),
        };
        self.app.answer_continue(request).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reasoning_is_a_part_in_front_of_the_answer() {
    let home = Home::new();
    let mut window = home.open().await;
    window.fake.script([
        thought("The sky", false),
        Step::Hold,
        Step::Wait(std::time::Duration::from_millis(20)),
        thought(" is dark.", false),
        thought("", true),
        text_event("Because"),
        text_event(" it is."),
        Step::Stop(StopReason::EndOfTurn),
    ]);
    let answering = window.say(None, "Why is the sky dark?").await.unwrap();
    assert_eq!(window.thought().await, ("The sky".into(), false));
    // What is told is written.
    let now = window.open(&answering.conversation).await;
    assert_eq!(parts(&now.messages[1]), [("The sky", false)]);
    window.fake.release();
    let whole = window.ended(&answering).await;
    assert_eq!(
        parts(&whole),
        [("The sky is dark.", true), ("Because it is.", true)]
    );
    let Part::Reasoning { duration_ms, .. } = whole.parts[0] else {
        panic!("{whole:?}");
    };
    assert!((20..60_000).contains(&duration_ms), "{duration_ms}");
    // The next prompt has it beside the words, not among them; so has the title nothing of it.
    let id = answering.conversation.as_str();
    window.turn(Some(id), "And the sun?", "Is bright.").await;
    let messages = &window.fake.requests()[1].messages;
    assert_eq!(messages[1].content, "Because it is.");
    assert_eq!(messages[1].reasoning.as_deref(), Some("The sky is dark."));
    assert_eq!(messages[0].reasoning, None);
    drop(window);
    let window = home.open_empty().await;
    let opened = window.open(id).await;
    assert_eq!(opened.messages[1], whole);
    assert_eq!(opened.summary.title, "Why is the sky dark?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_of_reasoning_goes_on_there() {
    let home = Home::new();
    for temporary in [false, true] {
        let mut window = home.open().await;
        window.fake.script([thought("Let me", false), Step::Hold]);
        let send = MessageSend {
            conversation: None,
            parent: None,
            text: "Why?".into(),
            model: None,
            temporary,
        };
        let answering = window.app.message_send(send).await.unwrap();
        window.thought().await;
        window.stop(&answering.conversation).await;
        let stopped = window.ended(&answering).await;
        assert_eq!(stopped.status, MessageStatus::Stopped);
        assert_eq!(parts(&stopped), [("Let me", false)]);
        // Stopped again, behind the reasoning.
        window
            .fake
            .script([thought(" see.", false), thought("", true), Step::Hold]);
        window.go_on_with(&answering).await;
        while !window.thought().await.1 {}
        window.stop(&answering.conversation).await;
        let stopped = window.ended(&answering).await;
        assert_eq!(parts(&stopped), [("Let me see.", true)]);
        assert_eq!(stopped.receipt.unwrap().continued_bytes, 6);
        window.fake.answer(&["So."]);
        window.go_on_with(&answering).await;
        let whole = window.ended(&answering).await;
        assert_eq!(whole.status, MessageStatus::Complete);
        assert_eq!(parts(&whole), [("Let me see.", true), ("So.", true)]);
        let requests = window.fake.requests();
        assert_eq!(requests[2].continued, stopped.parts);
        assert_eq!(requests[2].messages, requests[0].messages);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reasoning_alone_is_an_answer_that_broke_off() {
    let home = Home::new();
    let mut window = home.open().await;
    let steps = [thought("Let me", false), Step::Fail(failure::internal())];
    window.fake.script(steps);
    let answering = window.say(None, "Why?").await.unwrap();
    let message = window.ended(&answering).await;
    assert_eq!(message.status, MessageStatus::Interrupted);
    assert_eq!(parts(&message), [("Let me", false)]);
    // A model that only thought said nothing that the next prompt could repeat.
    window
        .turn(Some(&answering.conversation), "And?", "Yes.")
        .await;
    assert_eq!(window.asked(), ["user: Why?\n\nAnd?"]);
    window.fake.answer(&["Beside it."]);
    let again = AnswerAgain {
        conversation: answering.conversation.clone(),
        message: answering.message.clone(),
        model: None,
    };
    let again = window.app.answer_again(again).await.unwrap();
    let other = window.ended(&again).await;
    assert_eq!(parts(&other), [("Beside it.", true)]);
    assert_eq!(other.siblings.len(), 2);
}
