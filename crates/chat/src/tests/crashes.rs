//! What is there after a process died, or the disk was full.

use super::*;
use runtime::fake::Step;

/// An answer that waits after its first words.
async fn half_an_answer(window: &mut Window) -> Answering {
    window
        .fake
        .script([text_event("Half of"), Step::Hold, text_event(" it")]);
    let answering = window.say(None, "Tell me").await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    answering
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_keeps_what_was_written() {
    let home = Home::new();
    let mut window = home.open().await;
    let answering = half_an_answer(&mut window).await;
    window.app.close().await;
    drop(window);
    let window = home.open_empty().await;
    let opened = window.open(&answering.conversation).await;
    assert_eq!(texts(&opened), ["Tell me", "Half of"]);
    assert_eq!(opened.messages[1].status, MessageStatus::Interrupted);
    assert_eq!(opened.messages[1].error.as_ref().unwrap().key, "run-ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_orderly_end_nothing_is_checked() {
    let home = Home::new();
    let mut window = home.open().await;
    half_an_answer(&mut window).await;
    window.app.close().await;
    // The window's process ends here without dropping anything.
    let runs = std::fs::read_dir(home.places().runs()).unwrap();
    assert_eq!(
        runs.count(),
        0,
        "a run that is there would count as cut off"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_last_app_closes_it() {
    let home = Home::new();
    let mut window = home.open().await;
    half_an_answer(&mut window).await;
    let fake = window.fake.clone();
    drop(window);
    for _ in 0..100 {
        if fake.stopped() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the engine went on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_interrupts_and_is_survived() {
    let home = Home::new();
    let mut window = home.open().await;
    window.fake.script([
        text_event("Half"),
        Step::Hold,
        text_event(&" more".repeat(20_000)),
        Step::Hold,
    ]);
    let answering = window.say(None, "Tell me").await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    window.app.core.lock().histories.kept.fill_the_disk();
    window.fake.release();
    let answer = window.ended(&answering).await;
    assert_eq!(answer.status, MessageStatus::Interrupted);
    assert_eq!(answer.error.unwrap().key, "disk-full");
    assert_eq!(text_of(&answer.parts), "Half", "what was shown");
    let error = window
        .say(Some(&answering.conversation), &"long ".repeat(20_000))
        .await
        .unwrap_err();
    assert_eq!(error.key, "disk-full");
    window.app.core.lock().histories.kept.clear_the_disk();
    window
        .turn(Some(&answering.conversation), "Go on", "Yes.")
        .await;
    assert_eq!(
        window.asked(),
        ["user: Tell me", "assistant: Half", "user: Go on"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_end_cannot_be_written_has_ended_all_the_same() {
    let home = Home::new();
    let mut window = home.open().await;
    let answering = half_an_answer(&mut window).await;
    let id = answering.conversation.as_str();
    window.app.core.lock().histories.kept.freeze_the_disk(true);
    window.fake.release();
    let answer = window.ended(&answering).await;
    assert_eq!(answer.status, MessageStatus::Interrupted);
    let told = window.next(|what| match what {
        EventKind::ConversationChanged { conversation } => Some(conversation.answering),
        _ => None,
    });
    assert!(!told.await, "one can write on");
    assert!(!window.snapshot().await.conversations[0].answering);
    let opened = window.open(id).await;
    assert!(!opened.summary.answering);
    assert_eq!(opened.messages[1].status, MessageStatus::Interrupted);
    window.stop(id).await; // nothing is being made: no failure
    let error = window.say(Some(id), "Go on").await.unwrap_err();
    assert_eq!(error.key, "history-read-only", "and not already-answering");

    window.app.core.lock().histories.kept.freeze_the_disk(false);
    window.turn(Some(id), "Go on", "Yes.").await;
    assert_eq!(
        window.asked(),
        ["user: Tell me", "assistant: Half of", "user: Go on"]
    );
}
