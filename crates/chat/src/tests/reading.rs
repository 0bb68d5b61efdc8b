//! What is kept of what models have read: whose it is, and when it goes.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_goes_with_its_conversation() {
    let home = Home::new();
    let mut window = home.open().await;
    let mut kept = Vec::new();
    for text in ["one", "two"] {
        window.fake.answer(&["Yes."]);
        let begun = window.say(None, text).await.unwrap();
        window.ended(&begun).await;
        kept.push(begun.conversation);
    }
    window.fake.answer(&["Yes."]);
    let passing = MessageSend {
        conversation: None,
        parent: None,
        text: "passing".into(),
        model: None,
        temporary: true,
    };
    let passing = window.app.message_send(passing).await.unwrap();
    window.ended(&passing).await;
    let owners: Vec<KvOwner> = window
        .fake
        .requests()
        .into_iter()
        .map(|request| request.owner.unwrap())
        .collect();
    let expected = [
        (&kept[0], true),
        (&kept[1], true),
        (&passing.conversation, false),
    ];
    assert_eq!(owners.len(), expected.len());
    for (owner, (conversation, on_disk)) in owners.iter().zip(expected) {
        assert_eq!(
            (&owner.conversation, owner.on_disk),
            (conversation, on_disk)
        );
    }
    assert_eq!(window.fake.kept_conversations(), kept);
    let gone = ConversationRef {
        id: kept[0].clone(),
    };
    window.app.conversation_delete(gone).await.unwrap();
    assert_eq!(window.fake.kept_conversations(), kept[1..]);
    // What a killed process left, or a history that was lost.
    crate::reading::forget_orphans(&window.app.core);
    assert_eq!(window.fake.kept_conversations(), kept[1..]);
    let core = &window.app.core;
    let deleted = core
        .lock()
        .histories
        .kept
        .write(|writing| crate::store::conversation::delete(writing, &kept[1]));
    deleted.unwrap();
    crate::reading::forget_orphans(core);
    assert!(window.fake.kept_conversations().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_says_how_much_may_be_kept_and_sees_it_go() {
    let home = Home::new();
    let mut window = home.open().await;
    window.turn(None, "one", "Yes.").await;
    let now = window.app.kept(Nothing {}).await.unwrap();
    assert_eq!((now.bytes, now.most), (1_000_000, now.usual));
    let settings = Settings {
        kept_bytes: Some(5_000_000_000),
        kv_type: KvType::Q8_0,
        ..window.snapshot().await.settings
    };
    window.app.settings_change(settings.clone()).await.unwrap();
    assert_eq!(
        window.app.kept(Nothing {}).await.unwrap().most,
        5_000_000_000
    );
    let now = window.app.kept_clear(Nothing {}).await.unwrap();
    assert_eq!((now.bytes, now.most), (0, 5_000_000_000));
    // It is as it was set at the next start.
    drop(window);
    let window = home.open_empty().await;
    assert_eq!(window.snapshot().await.settings, settings);
    assert_eq!(
        window.app.kept(Nothing {}).await.unwrap().most,
        5_000_000_000
    );
}
