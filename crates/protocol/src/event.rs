//! What the chat core tells every window, in order.

use crate::{AppError, ConversationSummary, Downloads, LibraryWork, Message, ModelEntry, Settings};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One event. Numbers rise by one within a process; a gap means: take a new snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Event {
    /// Its number, from 1.
    #[ts(type = "number")]
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum EventKind {
    /// A conversation is new, or its title, model, date or state changed.
    ConversationChanged {
        /// How it stands now.
        conversation: ConversationSummary,
    },
    /// A conversation is gone.
    ConversationDeleted {
        /// Its id.
        id: String,
    },
    /// A message is new, or changed other than by more text.
    MessageChanged {
        /// How it stands now. It is on the active path of its conversation.
        message: Box<Message>,
    },
    /// The active path changed (another branch was chosen): open the conversation anew.
    PathChanged {
        /// The conversation.
        conversation: String,
    },
    /// More at the end of a message's reasoning part, which begins with this where there is none.
    /// Committed before it is told.
    MessageReasoning {
        /// Its conversation.
        conversation: String,
        /// The message.
        message: String,
        /// What comes next; may be empty.
        text: String,
        /// How long it took so far, in milliseconds.
        #[ts(type = "number")]
        duration_ms: u64,
        /// Whether it came to its end.
        ended: bool,
    },
    /// More text at the end of a message's last text part. Committed before it is told.
    MessageText {
        /// Its conversation.
        conversation: String,
        /// The message.
        message: String,
        /// What comes next.
        text: String,
    },
    /// How far an answer is that shows no text yet.
    AnswerProgress {
        /// Its conversation.
        conversation: String,
        /// The message.
        message: String,
        /// What it waits for.
        stage: AnswerStage,
    },
    /// The library or what is in memory changed.
    ModelsChanged {
        /// All models.
        models: Vec<ModelEntry>,
        /// The memory.
        memory: MemoryUse,
    },
    /// The downloads changed.
    DownloadsChanged {
        /// All of them.
        downloads: Downloads,
    },
    /// How far a move or a check of the library is, or how it ended.
    LibraryWorkChanged {
        /// As it stands now.
        work: LibraryWork,
    },
    /// Something that a person should know of was found, as in a snapshot's `troubles`.
    Trouble {
        /// The sentence for the person.
        error: AppError,
    },
    /// The settings changed.
    SettingsChanged {
        /// As they are now.
        settings: Settings,
    },
}

/// What an answer without text waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "stage", rename_all = "snake_case")]
#[ts(export)]
pub enum AnswerStage {
    /// Its turn.
    Queued,
    /// The model, on its way into memory.
    Loading {
        /// From 0 to 1.
        fraction: f32,
    },
    /// The reading of the prompt.
    Reading {
        /// Tokens read so far.
        read: u32,
        /// Tokens to read.
        total: u32,
    },
}

/// The memory of the machine, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MemoryUse {
    /// What models may use altogether.
    #[ts(type = "number")]
    pub total: u64,
    /// What loaded models hold.
    #[ts(type = "number")]
    pub models: u64,
    /// What is free for another model.
    #[ts(type = "number")]
    pub free: u64,
}
