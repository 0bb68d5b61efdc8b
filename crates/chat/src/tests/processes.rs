//! Two processes on one history.

use super::*;
use runtime::fake::Step;

#[tokio::test(flavor = "multi_thread")]
async fn two_on_one_history_see_each_other() {
    let home = Home::new();
    let mut one = home.open().await;
    let mut two = home.open_empty().await;
    let answer = one.turn(None, "Hello", "Hi.").await;
    let id = answer.conversation.clone();
    let told = two.next(|what| match what {
        EventKind::PathChanged { conversation } => Some(conversation),
        _ => None,
    });
    assert_eq!(told.await, id);
    assert_eq!(texts(&two.open(&id).await), ["Hello", "Hi."]);
    two.app
        .conversation_delete(ConversationRef { id: id.clone() })
        .await
        .unwrap();
    one.next(|what| match what {
        EventKind::ConversationDeleted { id: gone } => (gone == id).then_some(()),
        _ => None,
    })
    .await;
    let settings = Settings {
        language: Some(Language::ZhHant),
        ..Settings::default()
    };
    two.app.settings_change(settings.clone()).await.unwrap();
    one.next(|what| match what {
        EventKind::SettingsChanged { settings: told } => (told == settings).then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_elsewhere_is_respected_and_can_be_stopped() {
    let home = Home::new();
    let mut one = home.open().await;
    let mut two = home.open_empty().await;
    let steps = (0..100).flat_map(|_| [text_event("word "), Step::Wait(Duration::from_millis(50))]);
    one.fake.script(steps);
    let answering = one.say(None, "Hello").await.unwrap();
    let id = answering.conversation.clone();
    one.next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    assert_eq!(
        two.say(Some(&id), "Me too").await.unwrap_err().key,
        "already-answering"
    );
    assert!(two.snapshot().await.conversations[0].answering);
    two.stop(&id).await;
    let ended = two.ended(&answering).await;
    assert_eq!(ended.status, MessageStatus::Stopped);
    for _ in 0..100 {
        if one.fake.stopped() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(one.fake.stopped(), 1, "the one that made it let go");
    let opened = one.open(&id).await;
    assert_eq!(opened.messages[1], ended);
    assert!(!opened.summary.answering);
    two.turn(Some(&id), "Go on", "Yes.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_lose_nothing() {
    let home = Home::new();
    let (one, two) = (home.open().await, home.open_empty().await);
    let mut saying = tokio::task::JoinSet::new();
    for number in 0..40 {
        let window = if number % 2 == 0 { &one } else { &two };
        window.fake.answer(&["ok ", "then"]);
        let app = window.app.clone();
        let (conversation, parent, model) = (None, None, None);
        saying.spawn(async move {
            let text = format!("number {number}");
            app.message_send(MessageSend {
                conversation,
                parent,
                text,
                model,
                temporary: false,
            })
            .await
            .unwrap()
        });
    }
    let answerings = saying.join_all().await;
    for _ in 0..250 {
        if one
            .snapshot()
            .await
            .conversations
            .iter()
            .all(|conversation| !conversation.answering)
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(two.snapshot().await.conversations.len(), 40);
    for answering in answerings {
        let opened = one.open(&answering.conversation).await;
        assert_eq!(texts(&opened)[1], "ok then");
        assert_eq!(opened.messages[1].status, MessageStatus::Complete);
    }
}
