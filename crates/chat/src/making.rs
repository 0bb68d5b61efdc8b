//! The answers in the making by this process, by conversation, and whether there are any.

use std::collections::HashMap;
use tokio::sync::watch;

/// An answer in the making.
pub(crate) struct Making {
    pub(crate) message: String,
    /// Set to true to stop it.
    pub(crate) stop: watch::Sender<bool>,
}

/// All of them: at most one a conversation.
#[derive(Default)]
pub(crate) struct Answers {
    making: HashMap<String, Making>,
    any: watch::Sender<bool>,
}

impl Answers {
    pub(crate) fn insert(&mut self, conversation: String, making: Making) {
        self.making.insert(conversation, making);
        self.tell();
    }

    pub(crate) fn remove(&mut self, conversation: &str) -> Option<Making> {
        let removed = self.making.remove(conversation);
        self.tell();
        removed
    }

    pub(crate) fn get(&self, conversation: &str) -> Option<&Making> {
        self.making.get(conversation)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.making.is_empty()
    }

    /// Whether there are any, now and from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.any.subscribe()
    }

    fn tell(&self) {
        let any = !self.is_empty();
        self.any
            .send_if_modified(|told| std::mem::replace(told, any) != any);
    }
}
