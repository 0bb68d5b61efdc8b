//! Events: their numbers, and that nothing is told before it is committed.

use super::*;
use runtime::fake::Step;

#[tokio::test(flavor = "multi_thread")]
async fn numbers_rise_by_one_and_rebuild_what_is_stored() {
    let home = Home::new();
    let mut window = home.open().await;
    let from = window.snapshot().await.seq;
    let pieces: Vec<String> = (0..200).map(|number| format!("{number} ")).collect();
    let steps = pieces
        .iter()
        .flat_map(|piece| [text_event(piece), Step::Wait(Duration::from_millis(2))]);
    window
        .fake
        .script(steps.chain([Step::Stop(StopReason::EndOfTurn)]));
    let answering = window.say(None, "Count").await.unwrap();
    let (mut seq, mut shown) = (None, String::new());
    loop {
        let event = window.events.recv().await.unwrap();
        assert!(seq.is_none_or(|last: u64| event.seq == last + 1));
        seq = Some(event.seq);
        if event.seq <= from {
            continue;
        }
        match event.what {
            EventKind::MessageText { message, text, .. } => {
                assert_eq!(message, answering.message);
                shown += &text;
                // Committed before it is told.
                let stored = window.open(&answering.conversation).await;
                assert!(texts(&stored)[1].starts_with(&shown));
            }
            EventKind::MessageChanged { message }
                if message.status == MessageStatus::Complete && message.role == Role::Assistant =>
            {
                assert_eq!(text_of(&message.parts), shown);
                break;
            }
            _ => {}
        }
    }
    assert_eq!(shown, pieces.concat());
    // A window that opens now applies nothing that is in what it read.
    let opened = window.open(&answering.conversation).await;
    assert!(opened.seq >= seq.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_known_whether_an_answer_is_being_made() {
    let home = Home::new();
    let mut window = home.open().await;
    let mut answering = window.app.answering();
    assert!(!*answering.borrow_and_update());
    let long = [text_event("On and on"), Step::Wait(Duration::from_secs(60))];
    window.fake.script(long);
    let turn = window.say(None, "Go on").await.unwrap();
    assert!(*answering.borrow_and_update());
    let conversation = ConversationRef {
        id: turn.conversation.clone(),
    };
    window.app.answer_stop(conversation).await.unwrap();
    let end = tokio::time::timeout(Duration::from_secs(5), answering.wait_for(|any| !any));
    end.await.expect("it ends").unwrap();
    window.ended(&turn).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_is_told_step_by_step() {
    let home = Home::new();
    let mut window = home.open().await;
    let steps = [
        GenerationEvent::Queued,
        GenerationEvent::Loading { fraction: 0.5 },
        GenerationEvent::Loading { fraction: 1.0 },
        GenerationEvent::Prefill { read: 9, total: 9 },
        GenerationEvent::Text { text: "Hi".into() },
    ];
    window.fake.script(
        steps
            .into_iter()
            .map(Step::Event)
            .chain([Step::Stop(StopReason::Length)]),
    );
    let answering = window.say(None, "Hello").await.unwrap();
    let mut stages = Vec::new();
    window
        .next(|what| match what {
            EventKind::AnswerProgress { stage, .. } => {
                stages.push(stage);
                None
            }
            EventKind::MessageText { .. } => Some(()),
            _ => None,
        })
        .await;
    let expected = [
        AnswerStage::Queued,
        AnswerStage::Loading { fraction: 1.0 },
        AnswerStage::Reading { read: 9, total: 9 },
    ];
    // The half comes where it is not too soon after the queue.
    stages.retain(|stage| *stage != AnswerStage::Loading { fraction: 0.5 });
    assert_eq!(stages, expected);
    assert_eq!(
        window.ended(&answering).await.status,
        MessageStatus::Complete
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_conversation_ends_its_answer_without_a_trace() {
    let home = Home::new();
    let mut window = home.open().await;
    window
        .fake
        .script([text_event("A"), Step::Hold, text_event("B")]);
    let answering = window.say(None, "Hello").await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    let id = answering.conversation.clone();
    window
        .app
        .conversation_delete(ConversationRef { id: id.clone() })
        .await
        .unwrap();
    window
        .next(|what| match what {
            EventKind::ConversationDeleted { id: gone } => (gone == id).then_some(()),
            _ => None,
        })
        .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(window.fake.stopped(), 1);
    assert!(window.snapshot().await.conversations.is_empty());
    while let Ok(event) = window.events.try_recv() {
        assert!(
            matches!(event.what, EventKind::ModelsChanged { .. }),
            "{event:?}"
        );
    }
    let error = window
        .app
        .conversation_delete(ConversationRef { id })
        .await
        .unwrap_err();
    assert_eq!(error.key, "conversation-unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_told_as_they_come_and_load() {
    let home = Home::new();
    let mut window = home.open().await;
    let alpha = window.model("Alpha").await;
    window
        .app
        .model_choose(ModelChoose {
            conversation: None,
            model: alpha.clone(),
        })
        .await
        .unwrap();
    window
        .next(|what| match what {
            EventKind::ModelsChanged { models, .. } => models
                .iter()
                .any(|model| {
                    model.name == "Alpha" && matches!(model.state, ModelState::Loaded { .. })
                })
                .then_some(()),
            _ => None,
        })
        .await;
    let settings = Settings {
        theme: Theme::Dark,
        ..window.snapshot().await.settings
    };
    // Its file may have been hashed meanwhile.
    let hub = &window.app.core.hub;
    let now = settings.model.as_ref().map(|id| hub.current_id(id));
    assert_eq!(now, Some(hub.current_id(&alpha)));
    window.app.settings_change(settings.clone()).await.unwrap();
    window
        .next(|what| match what {
            EventKind::SettingsChanged { settings: told } if told == settings => Some(()),
            _ => None,
        })
        .await;
}
