//! Other processes on the same history: what they change is told here too.

use crate::{
    app,
    state::{Core, State, becomes_true},
    store::{Foreign, setting},
};
use protocol::{AppError, EventKind};
use std::{sync::Arc, time::Duration};

/// How often the history is looked at for changes by others, while anybody listens.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks until the app closes.
pub(crate) async fn watch(core: Arc<Core>) {
    let mut closing = core.closing.subscribe();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = becomes_true(&mut closing) => return,
        }
        // What cannot be read now is looked for again.
        let _ = app::with(&core, |core, state| match state.events.receiver_count() {
            0 => Ok(()),
            _ => state.tell_foreign(core),
        })
        .await;
    }
}

impl State {
    /// Tells what other processes changed since the last look.
    pub(crate) fn tell_foreign(&mut self, core: &Core) -> Result<(), AppError> {
        let _ = self.settle(); // tried again with the next look
        for conversation in self.histories.kept.end_orphans()? {
            self.tell(EventKind::PathChanged {
                conversation: conversation.clone(),
            });
            self.tell_conversation(&conversation)?;
        }
        let foreign = self.histories.kept.foreign()?;
        if foreign.is_empty() {
            return self.tell_foreign_settings(core);
        }
        for change in foreign {
            match change {
                Foreign::Deleted(id) => {
                    if let Some(making) = self.answers.remove(&id) {
                        making.stop.send_replace(true);
                    }
                    core.forget_reading(&id);
                    self.tell(EventKind::ConversationDeleted { id });
                }
                Foreign::Changed(id) => {
                    // Deleted in this very moment: the next look tells that.
                    if self.tell_conversation(&id).is_ok() {
                        self.tell(EventKind::PathChanged { conversation: id });
                    }
                }
            }
        }
        self.tell_foreign_settings(core)
    }

    fn tell_foreign_settings(&mut self, core: &Core) -> Result<(), AppError> {
        let settings = self.histories.kept.read(setting::read)?;
        if settings != self.settings {
            core.tell_reading(&settings, Some(&self.settings));
            self.settings = settings.clone();
            self.tell(EventKind::SettingsChanged { settings });
        }
        Ok(())
    }
}
