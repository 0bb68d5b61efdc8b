//! Commands on conversations and settings.

use crate::{
    App, messages,
    state::State,
    store::{
        Store, conversation,
        message::{self, Ending},
        setting,
    },
    title,
};
use protocol::*;

impl App {
    /// All that a window needs to begin. The model that it would talk with is brought into
    /// memory meanwhile.
    pub async fn snapshot(&self, _: Nothing) -> Result<Snapshot, AppError> {
        self.with(|core, state| {
            let Models { models, memory } = core.models();
            let snapshot = Snapshot {
                seq: state.seq,
                conversations: state.conversations()?,
                models,
                memory,
                settings: state.settings.clone(),
                troubles: state.troubles.clone(),
                system_language: messages::system(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            };
            if let Ok(model) = state.model_for(None, None) {
                drop(core.engine.preload(model.id));
            }
            Ok(snapshot)
        })
        .await
    }

    /// A conversation with its active path. Errors: `conversation-unknown`.
    pub async fn conversation_open(
        &self,
        request: ConversationRef,
    ) -> Result<Conversation, AppError> {
        self.with(move |_, state| state.conversation(&request.id))
            .await
    }

    /// Names a conversation; an empty title gives back the first words said.
    /// Errors: `conversation-unknown`.
    pub async fn conversation_rename(
        &self,
        request: ConversationRename,
    ) -> Result<Nothing, AppError> {
        self.with(move |_, state| {
            let ConversationRename { id, title } = request;
            let title = title::line(&title);
            state.histories.of_mut(&id).write(|writing| {
                conversation::get(writing, &id)?;
                writing.touch(&id);
                conversation::set_title(writing, &id, &title, !title.is_empty())?;
                Store::retitle(writing, &id)
            })?;
            state.tell_conversation(&id)?;
            Ok(Nothing {})
        })
        .await
    }

    /// Deletes a conversation; an answer in the making there ends.
    /// Errors: `conversation-unknown`.
    pub async fn conversation_delete(&self, request: ConversationRef) -> Result<Nothing, AppError> {
        self.with(move |core, state| {
            let store = state.histories.of_mut(&request.id);
            store.write(|writing| conversation::delete(writing, &request.id))?;
            store.forget(&request.id);
            // Its task finds the row gone; this only makes it look at once.
            if let Some(making) = state.answers.remove(&request.id) {
                making.stop.send_replace(true);
            }
            core.forget_reading(&request.id);
            state.tell(EventKind::ConversationDeleted { id: request.id });
            Ok(Nothing {})
        })
        .await
    }

    /// Ends the answer that is being made in a conversation; what was written is kept. Where
    /// none is being made, nothing happens. Errors: `conversation-unknown`.
    pub async fn answer_stop(&self, request: ConversationRef) -> Result<Nothing, AppError> {
        self.with(move |_, state| {
            let id = request.id;
            if let Some(making) = state.answers.get(&id) {
                making.stop.send_replace(true);
                return Ok(Nothing {});
            }
            let _ = state.settle();
            if state.summary(&id)?.answering {
                stop_elsewhere(state, &id)?;
            }
            Ok(Nothing {})
        })
        .await
    }

    /// Changes the settings. Returns them.
    pub async fn settings_change(&self, request: Settings) -> Result<Settings, AppError> {
        self.with(move |core, state| {
            let before = state.settings.clone();
            state.change_settings(request)?;
            core.tell_reading(&state.settings, Some(&before));
            if state.settings.library != before.library {
                core.put_downloads(&state.settings);
            }
            if state.settings.network != before.network {
                core.network.set(state.settings.network.clone());
            }
            Ok(state.settings.clone())
        })
        .await
    }
}

impl State {
    /// Writes the settings and tells.
    pub(crate) fn change_settings(&mut self, settings: Settings) -> Result<(), AppError> {
        if settings != self.settings {
            self.histories
                .kept
                .write(|writing| setting::write(writing, &settings))?;
            self.settings = settings.clone();
            self.tell(EventKind::SettingsChanged { settings });
        }
        Ok(())
    }
}

/// Ends an answer that another process is making: that one finds its row ended, and lets go.
fn stop_elsewhere(state: &mut State, id: &str) -> Result<(), AppError> {
    let ending = Ending {
        status: MessageStatus::Stopped,
        error: None,
        receipt: None,
    };
    let ended = state.histories.of_mut(id).write(|writing| {
        let mut ended = Vec::new();
        for (message, conversation, run) in message::streaming(writing)? {
            if conversation == id && message::end(writing, &message, &run, &ending)? {
                writing.touch(id);
                ended.push(message);
            }
        }
        Ok(ended)
    })?;
    for message in ended {
        state.tell_message(id, &message)?;
    }
    state.tell_conversation(id)
}
