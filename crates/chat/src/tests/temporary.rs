//! Temporary conversations: like others, and never on the disk.

use super::*;
use runtime::fake::Step;
use std::path::Path;

/// What is said and answered, so that it can be looked for.
const CANARY: &str = "xylophon-quagga-7719";

impl Window {
    async fn whisper(&self, text: &str) -> Answering {
        let request = MessageSend {
            conversation: None,
            parent: None,
            text: text.to_owned(),
            model: None,
            temporary: true,
        };
        self.app.message_send(request).await.unwrap()
    }
}

/// The files of a folder in which the bytes of `text` are, and how many files there are.
fn files_with(folder: &Path, text: &str) -> (Vec<std::path::PathBuf>, usize) {
    let (mut found, mut looked) = (Vec::new(), 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            looked += 1;
            let bytes = std::fs::read(&path).unwrap();
            if bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
            {
                found.push(path);
            }
        }
    }
    (found, looked)
}

/// Everything that can be done to a conversation. Its answers stay in the making at the end.
async fn whole_life(window: &mut Window, begun: Answering, canary: &str) -> String {
    let id = begun.conversation.clone();
    window.ended(&begun).await;
    assert_eq!(window.open(&id).await.summary.title, canary);
    window
        .turn(Some(&id), &format!("more {canary}"), canary)
        .await;
    // Stopped, and gone on.
    window.fake.script([text_event(canary), Step::Hold]);
    let stopped = window.say(Some(&id), "stop").await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    window.stop(&id).await;
    assert_eq!(window.ended(&stopped).await.status, MessageStatus::Stopped);
    window.fake.answer(&[" on ", canary]);
    let reference = MessageRef {
        conversation: id.clone(),
        message: stopped.message.clone(),
    };
    window.app.answer_continue(reference.clone()).await.unwrap();
    let whole = window.ended(&stopped).await;
    assert_eq!(text_of(&whole.parts), format!("{canary} on {canary}"));
    // Asked again, and paged back.
    window.fake.answer(&["again ", canary]);
    let again = AnswerAgain {
        conversation: id.clone(),
        message: stopped.message.clone(),
        model: None,
    };
    let again = window.app.answer_again(again).await.unwrap();
    window.ended(&again).await;
    let opened = window.app.branch_choose(reference).await.unwrap();
    assert_eq!(opened.messages.last().unwrap().id, stopped.message);
    assert_eq!(opened.messages.last().unwrap().siblings.len(), 2);
    // Named, and given another model.
    let title = format!("named {canary}");
    let rename = ConversationRename {
        id: id.clone(),
        title: title.clone(),
    };
    window.app.conversation_rename(rename).await.unwrap();
    let model = window.model("Beta").await;
    let choose = ModelChoose {
        conversation: Some(id.clone()),
        model: model.clone(),
    };
    window.app.model_choose(choose).await.unwrap();
    let next = window.app.next_model(Some(id.clone())).await.unwrap();
    assert_eq!(next.id, model);
    // A failure, whose details may say anything.
    let error = failure::template_failed(canary).detail(canary);
    window.fake.script([Step::Fail(error)]);
    let failed = window.say(Some(&id), canary).await.unwrap();
    assert_eq!(window.ended(&failed).await.status, MessageStatus::Failed);
    let core = &window.app.core;
    core.lock().tell_foreign(core).unwrap();
    window.app.core.lock().renew_ids().unwrap();
    let snapshot = window.snapshot().await;
    let summary = snapshot.conversations.iter().find(|c| c.id == id).unwrap();
    assert_eq!(summary.title, title);
    // One that is being made.
    window.fake.script([text_event(canary), Step::Hold]);
    window.say(Some(&id), canary).await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_reaches_the_disk() {
    let home = Home::new();
    let mut window = home.open().await;
    window.fake.answer(&["I say ", CANARY]);
    let begun = window.whisper(CANARY).await;
    let id = whole_life(&mut window, begun, CANARY).await;
    let (found, looked) = files_with(home.folder.path(), CANARY);
    assert!(found.is_empty() && looked >= 5, "{found:?} of {looked}");
    // Nor its id, its title, its title's beginning.
    assert!(files_with(home.folder.path(), &id).0.is_empty());
    assert!(files_with(home.folder.path(), &CANARY[..9]).0.is_empty());

    // The same in a conversation that is kept is found: the looking would have found it.
    window.fake.answer(&["I say ", "kept-canary-4402"]);
    let begun = window.say(None, "kept-canary-4402").await.unwrap();
    let kept = whole_life(&mut window, begun, "kept-canary-4402").await;
    assert!(
        !files_with(home.folder.path(), "kept-canary-4402")
            .0
            .is_empty()
    );
    assert!(!files_with(home.folder.path(), &kept).0.is_empty());

    // Answers in the making are waited for, and afterwards all is as if it had never been.
    window.app.close().await;
    assert!(window.app.core.lock().answers.is_empty());
    let told = window.open(&id).await.messages.pop().unwrap();
    assert_eq!(told.status, MessageStatus::Interrupted);
    drop(window);
    assert!(files_with(home.folder.path(), CANARY).0.is_empty());
    let window = home.open_empty().await;
    let ids: Vec<_> = window
        .snapshot()
        .await
        .conversations
        .into_iter()
        .map(|c| c.id)
        .collect();
    assert_eq!(ids, [kept]);
    let error = window.app.conversation_open(ConversationRef { id }).await;
    assert_eq!(error.unwrap_err().key, "conversation-unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_listed_among_the_others_and_can_be_deleted() {
    let home = Home::new();
    let mut window = home.open().await;
    let mut other = home.open_empty().await;
    let first = window.turn(None, "First", "ok").await;
    window.fake.answer(&["ok"]);
    let second = window.whisper("Second").await;
    let told = window.next(|what| match what {
        EventKind::ConversationChanged { conversation } => {
            (conversation.id == second.conversation).then_some(conversation.temporary)
        }
        _ => None,
    });
    assert!(told.await);
    window.ended(&second).await;
    let third = window.turn(None, "Third", "ok").await;
    let listed: Vec<_> = window
        .snapshot()
        .await
        .conversations
        .into_iter()
        .map(|c| (c.id, c.temporary))
        .collect();
    let expected = [
        (third.conversation, false),
        (second.conversation.clone(), true),
        (first.conversation, false),
    ];
    assert_eq!(listed, expected);
    assert!(window.open(&second.conversation).await.summary.temporary);
    // Another process has no part in it.
    assert_eq!(other.snapshot().await.conversations.len(), 2);
    other.turn(None, "Fourth", "ok").await;
    // Deleted while it is answered: the answer finds no other place.
    window.fake.script([
        text_event(CANARY),
        Step::Hold,
        text_event(CANARY),
        Step::Hold,
    ]);
    let id = second.conversation.clone();
    window.say(Some(&id), "Go on").await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    window
        .app
        .conversation_delete(ConversationRef { id: id.clone() })
        .await
        .unwrap();
    window.fake.release();
    let error = window.say(Some(&id), "Still there?").await.unwrap_err();
    assert_eq!(error.key, "conversation-unknown");
    window.app.close().await;
    assert!(files_with(home.folder.path(), CANARY).0.is_empty());
    assert_eq!(window.snapshot().await.conversations.len(), 3);
}
