//! What is kept of what models have read of the conversations: how much, and until when.

use crate::{App, state::Core, store::conversation};
use protocol::*;
use runtime::{KvWish, Telling};
use std::sync::Arc;

impl App {
    /// What kept reading takes on the disk.
    pub async fn kept(&self, _: Nothing) -> Result<KvUse, AppError> {
        told(self.core.engine.kept(KvWish::Look)).await
    }

    /// Removes all kept reading: the next answer in each conversation reads it again.
    pub async fn kept_clear(&self, _: Nothing) -> Result<KvUse, AppError> {
        told(self.core.engine.kept(KvWish::Clear)).await
    }
}

async fn told(telling: Telling<KvUse>) -> Result<KvUse, AppError> {
    let ended = || failure::internal().detail("the engine has ended");
    telling.await.ok_or_else(ended)
}

impl Core {
    /// Says how much may be kept and in what, as the person set it, where that is another than
    /// `before`.
    pub(crate) fn tell_reading(&self, settings: &Settings, before: Option<&Settings>) {
        if before.is_none_or(|before| before.kv_type != settings.kv_type) {
            drop(self.engine.kept(KvWish::Type(settings.kv_type)));
        }
        if before.is_some_and(|before| before.kept_bytes == settings.kept_bytes) {
            return;
        }
        drop(self.engine.kept(KvWish::Most(settings.kept_bytes)));
    }

    /// Forgets what was read of a conversation that is gone for good.
    pub(crate) fn forget_reading(&self, conversation: &str) {
        drop(self.engine.kept(KvWish::Forget(conversation.to_owned())));
    }
}

/// Forgets what is kept of conversations that are not there any more: deleted by a process that
/// was killed before it could say so, or lost with a history.
pub(crate) fn forget_orphans(core: &Arc<Core>) {
    let weak = Arc::downgrade(core);
    let is_there = move |id: &str| {
        let Some(core) = weak.upgrade() else {
            return true;
        };
        let state = core.lock();
        let found = state.histories.of(id).read(|c| conversation::get(c, id));
        // Where the history cannot be read now, nothing is known.
        !found.is_err_and(|error| error.key == failure::conversation_unknown(id).key)
    };
    drop(core.engine.kept(KvWish::Retain(Box::new(is_there))));
}
