//! Answers that go on after a stop: the same message, by the same model, from its last word.

use crate::{
    App,
    state::now,
    store::{
        conversation,
        message::{self, MessageRow},
        tree,
    },
    turns,
};
use protocol::*;

impl App {
    /// Lets the last answer of a conversation go on, where it was stopped, interrupted or cut short:
    /// by the model that wrote it, sampled as before. Errors: `cannot-continue`,
    /// `already-answering`, `conversation-unknown`, `message-unknown`, `model-unknown`, and the
    /// history's.
    pub async fn answer_continue(&self, request: MessageRef) -> Result<Answering, AppError> {
        self.with(move |core, state| {
            let MessageRef {
                conversation: id,
                message,
            } = request;
            state.idle(Some(&id))?;
            // Another process ended it, and the task that made it here has not seen that yet.
            if let Some(making) = state.answers.get(&id).filter(|m| m.message == message) {
                making.stop.send_replace(true);
                return Err(failure::already_answering());
            }
            let store = state.histories.of_mut(&id);
            let author = store.read(|c| Ok(message::get(c, &id, &message)?.author))?;
            let author = author.ok_or_else(failure::cannot_continue)?;
            let model = state
                .hub
                .resolve(&author.model)
                .map_err(|error| failure::model_unknown(author.name).detail(error))?;
            let run = store.run().to_owned();
            let (row, prompt) = store.write(|writing| {
                let before = conversation::get(writing, &id)?;
                let row = message::get(writing, &id, &message)?;
                // Another process may have begun since it was looked at.
                if before.answering {
                    return Err(failure::already_answering().into());
                }
                if before.leaf.as_deref() != Some(&message) || !is_unfinished(&row) {
                    return Err(failure::cannot_continue().into());
                }
                message::go_on(writing, &message, &run)?;
                conversation::set_updated(writing, &id, now())?;
                writing.touch(&id);
                let path = tree::path(writing, row.parent.as_deref())?;
                Ok((row, crate::prompt::of(&before.system, &path)))
            })?;
            state.tell_conversation(&id)?;
            state.tell_message(&id, &message)?;
            let (mut sampling, limits) = match row.receipt {
                Some(receipt) => (receipt.sampling, receipt.limits),
                None => Default::default(),
            };
            // Its numbers were drawn already.
            sampling.seed = None;
            let request = GenerateRequest {
                model: model.id,
                messages: prompt.messages.clone(),
                continued: row.parts,
                sampling,
                limits,
                owner: Some(state.histories.owner(&id)),
            };
            let answering = Answering {
                conversation: id,
                message,
            };
            Ok(turns::set_to_work(core, state, answering, request, prompt))
        })
        .await
    }
}

/// Whether an answer ended before its model said that it is whole.
fn is_unfinished(row: &MessageRow) -> bool {
    match row.status {
        MessageStatus::Stopped | MessageStatus::Interrupted => true,
        MessageStatus::Failed => bytes_of(&row.parts) > 0,
        MessageStatus::Complete => row.receipt.as_ref().is_some_and(|receipt| {
            matches!(receipt.stop, Some(StopReason::Length | StopReason::Context))
        }),
        MessageStatus::Streaming => false,
    }
}
