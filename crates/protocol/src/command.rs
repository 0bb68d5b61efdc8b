//! Requests and replies of the command table (the table itself is `chat`'s).

use crate::{AppError, ConversationSummary, MemoryUse, ModelEntry, ModelId, Settings};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// For commands that need nothing said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Nothing {}

/// All that a window needs to begin; a conversation's messages come by `conversation_open`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Snapshot {
    /// The state is as of this event: apply only events with a higher number.
    #[ts(type = "number")]
    pub seq: u64,
    /// All conversations, last used first.
    pub conversations: Vec<ConversationSummary>,
    /// All models of the library.
    pub models: Vec<ModelEntry>,
    /// The memory.
    pub memory: MemoryUse,
    /// The settings.
    pub settings: Settings,
    /// What a person should know of and nobody asked for: a library or a history that was found
    /// damaged.
    pub troubles: Vec<AppError>,
    /// The language that "as the system" means here.
    pub system_language: crate::Language,
    /// Parley's version.
    pub version: String,
}

/// Names a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConversationRef {
    /// Its id.
    pub id: String,
}

/// Renames a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConversationRename {
    /// Its id.
    pub id: String,
    /// The new title; an empty one gives back the first words said.
    pub title: String,
}

/// Chooses the model of a conversation's next answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ModelChoose {
    /// The conversation; None: for the next new one.
    pub conversation: Option<String>,
    /// The model.
    pub model: ModelId,
}

/// Says something and asks for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MessageSend {
    /// The conversation; None begins a new one.
    pub conversation: Option<String>,
    /// The message that this one follows. None: the end of the active path. To edit a message,
    /// name that message's own parent, or `""` where it was the first.
    pub parent: Option<String>,
    /// The words.
    pub text: String,
    /// The model that answers; None: the conversation's.
    pub model: Option<ModelId>,
}

/// Where an answer is being made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Answering {
    /// The conversation.
    pub conversation: String,
    /// The answer's message.
    pub message: String,
}

/// Names a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MessageRef {
    /// The conversation.
    pub conversation: String,
    /// The message.
    pub message: String,
}

/// Asks for another answer beside one that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AnswerAgain {
    /// The conversation.
    pub conversation: String,
    /// The answer to replace on the active path, or the person's message to answer.
    pub message: String,
    /// The model that answers; None: the conversation's.
    pub model: Option<ModelId>,
}

/// Adds a model file of the person's, in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ModelImport {
    /// Absolute, or relative to where the process was started.
    pub path: String,
}

/// All models and the memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Models {
    /// All models of the library.
    pub models: Vec<ModelEntry>,
    /// The memory.
    pub memory: MemoryUse,
}
