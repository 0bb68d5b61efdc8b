//! The two histories of a process: the one on disk, and one in memory for temporary conversations,
//! which ends with the process. Which of them a conversation is in is decided here and nowhere else.

use crate::store::{
    Store, conversation,
    usage::{self, Usage},
};
use protocol::{AppError, ConversationSummary, KvOwner};
use std::collections::HashSet;

/// Both histories.
pub(crate) struct Histories {
    /// The one on disk, of all processes.
    pub(crate) kept: Store,
    temporary: Store,
    /// Temporary conversations that were ever begun here. Deleted ones stay, so that an answer
    /// that is still on its way finds no other place.
    begun: HashSet<String>,
}

impl Histories {
    /// Beside the one on disk, an empty one in memory.
    pub(crate) fn new(kept: Store) -> Result<Histories, AppError> {
        Ok(Histories {
            kept,
            temporary: Store::in_memory()?,
            begun: HashSet::new(),
        })
    }

    /// Says that the conversation, which is not there yet, is a temporary one.
    pub(crate) fn begin_temporary(&mut self, conversation: &str) {
        self.begun.insert(conversation.to_owned());
    }

    fn is_temporary(&self, conversation: &str) -> bool {
        self.begun.contains(conversation)
    }

    /// Whose what a model reads of the conversation is: nothing of a temporary one is on the disk.
    pub(crate) fn owner(&self, conversation: &str) -> KvOwner {
        KvOwner {
            conversation: conversation.to_owned(),
            on_disk: !self.is_temporary(conversation),
        }
    }

    /// The history of a conversation.
    pub(crate) fn of(&self, conversation: &str) -> &Store {
        match self.is_temporary(conversation) {
            true => &self.temporary,
            false => &self.kept,
        }
    }

    /// The history of a conversation, to be written.
    pub(crate) fn of_mut(&mut self, conversation: &str) -> &mut Store {
        match self.is_temporary(conversation) {
            true => &mut self.temporary,
            false => &mut self.kept,
        }
    }

    /// What the list shows of a conversation. Errors: `conversation-unknown`.
    pub(crate) fn summary(&self, id: &str) -> Result<ConversationSummary, AppError> {
        let row = self.of(id).read(|c| conversation::get(c, id))?;
        Ok(row.summary(self.is_temporary(id)))
    }

    /// Which models are used where, in both.
    pub(crate) fn usage(&self) -> Result<Usage, AppError> {
        let mut usage = self.kept.read(usage::read)?;
        usage.add(self.temporary.read(usage::read)?);
        Ok(usage)
    }

    /// All conversations of both, last used first.
    pub(crate) fn conversations(&self) -> Result<Vec<ConversationSummary>, AppError> {
        let mut all = Vec::new();
        for (store, temporary) in [(&self.kept, false), (&self.temporary, true)] {
            let rows = store.read(conversation::all)?;
            all.extend(rows.iter().map(|row| row.summary(temporary)));
        }
        all.sort_by(|a, b| (b.updated_at, &b.id).cmp(&(a.updated_at, &a.id)));
        Ok(all)
    }
}
