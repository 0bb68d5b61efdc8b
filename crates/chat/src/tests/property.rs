//! Whatever a person does, in whatever order, a conversation stays one tree with one path.

use super::*;
use std::collections::BTreeSet;

/// A small generator of the xorshift kind: the same seed, the same deeds.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// The path is a chain from a first message; every message on it is among its own siblings, and
/// speakers alternate.
fn check_path(opened: &Conversation) {
    let mut parent: Option<&str> = None;
    for message in &opened.messages {
        assert_eq!(message.parent.as_deref(), parent);
        assert!(message.siblings.contains(&message.id));
        assert_eq!(
            message.siblings.iter().collect::<BTreeSet<_>>().len(),
            message.siblings.len()
        );
        parent = Some(&message.id);
    }
    let answers = opened
        .messages
        .iter()
        .filter(|message| message.role == Role::Assistant)
        .count();
    assert_eq!(answers * 2, opened.messages.len());
    assert_eq!(opened.summary.title, crate::title::of(&texts(opened)[0]));
}

async fn deeds(seed: u64) {
    let home = Home::new();
    let mut window = home.open().await;
    let mut dice = Dice(seed);
    let mut known: Vec<String> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for step in 0..40 {
        let text = format!("message {step}");
        let conversation = (!ids.is_empty()).then(|| ids[dice.below(ids.len())].clone());
        let path = match &conversation {
            Some(id) => window.open(id).await.messages,
            None => Vec::new(),
        };
        window.fake.answer(&[&text]);
        let answering = match (dice.below(8), conversation) {
            (0, _) | (_, None) => window.say(None, &text).await.unwrap(),
            (1 | 2, Some(id)) => window.say(Some(&id), &text).await.unwrap(),
            (3, Some(id)) => {
                // Edit: follow the parent of a person's message.
                let edited = &path[dice.below(path.len() / 2) * 2];
                window
                    .send(
                        Some(&id),
                        Some(edited.parent.as_deref().unwrap_or("")),
                        &text,
                    )
                    .await
                    .unwrap()
            }
            (4, Some(conversation)) => {
                let message = path[dice.below(path.len())].id.clone();
                let again = AnswerAgain {
                    conversation,
                    message,
                    model: None,
                };
                window.app.answer_again(again).await.unwrap()
            }
            (5 | 6, Some(conversation)) => {
                let on_path = &path[dice.below(path.len())];
                let message = on_path.siblings[dice.below(on_path.siblings.len())].clone();
                let chosen = MessageRef {
                    conversation,
                    message: message.clone(),
                };
                let opened = window.app.branch_choose(chosen).await.unwrap();
                check_path(&opened);
                assert!(opened.messages.iter().any(|shown| shown.id == message));
                // The script was not used.
                window.turn(None, "to use it up", "x").await;
                continue;
            }
            (_, Some(id)) => {
                window
                    .app
                    .conversation_delete(ConversationRef { id: id.clone() })
                    .await
                    .unwrap();
                ids.retain(|other| *other != id);
                window.turn(None, "to use it up", "x").await;
                continue;
            }
        };
        window.ended(&answering).await;
        known.push(answering.message.clone());
        if !ids.contains(&answering.conversation) {
            ids.push(answering.conversation.clone());
        }
        let opened = window.open(&answering.conversation).await;
        check_path(&opened);
        assert_eq!(opened.messages.last().unwrap().id, answering.message);
    }
    let before: Vec<_> = {
        let mut all = Vec::new();
        for id in &ids {
            all.push(window.open(id).await.messages);
        }
        all
    };
    drop(window);
    let window = home.open_empty().await;
    for (id, messages) in ids.iter().zip(before) {
        assert_eq!(
            window.open(id).await.messages,
            messages,
            "seed {seed}, after a restart"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_done_the_path_is_consistent() {
    for seed in [1, 20_261_122, 0x9e37_79b9_7f4a_7c15] {
        deeds(seed).await;
    }
}
