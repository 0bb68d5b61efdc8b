//! Paging between the branches of a conversation.

use crate::{
    App,
    store::{Store, conversation, tree},
};
use protocol::*;

impl App {
    /// Leads the active path through a message, and below it on as it last went.
    /// Errors: `conversation-unknown`, `message-unknown`.
    pub async fn branch_choose(&self, request: MessageRef) -> Result<Conversation, AppError> {
        self.with(move |_, state| {
            let MessageRef {
                conversation: id,
                message,
            } = request;
            let (before, after) = state.histories.of_mut(&id).write(|writing| {
                let before = conversation::get(writing, &id)?;
                tree::choose(writing, &id, &message)?;
                Store::retitle(writing, &id)?;
                writing.touch(&id);
                Ok((before, conversation::get(writing, &id)?))
            })?;
            if after.leaf != before.leaf {
                state.tell(EventKind::PathChanged {
                    conversation: id.clone(),
                });
            }
            if after.title != before.title {
                state.tell_conversation(&id)?;
            }
            state.conversation(&id)
        })
        .await
    }
}
