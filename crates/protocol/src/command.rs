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
    /// Whether a new conversation is a temporary one: see [`ConversationSummary::temporary`].
    #[serde(default)]
    pub temporary: bool,
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

/// Names a model of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ModelRef {
    /// Its id.
    pub model: ModelId,
}

/// What the whole machine and Parley's part of it are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Machine {
    /// Bytes of memory of the machine.
    #[ts(type = "number")]
    pub memory_bytes: u64,
    /// Of these in use, by all programs.
    #[ts(type = "number")]
    pub memory_used_bytes: u64,
    /// Of these held by Parley: window, page and workers.
    #[ts(type = "number")]
    pub parley_bytes: u64,
    /// How busy all cores together are, from 0 to 1, since the last time this was asked.
    pub cpu: f32,
    /// Parley's part of that.
    pub parley_cpu: f32,
}

/// For a report of a trouble: text for people and for the tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Diagnostics {
    /// Versions, hardware, the last failures. In English; nothing that was said, no token, and
    /// the home folder as `~`.
    pub text: String,
    /// The folder of the logs.
    pub logs: String,
}

/// Asks what model would serve a person better than the starter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BetterModelAsked {
    /// The person's language.
    pub language: crate::Language,
}

/// The answer to [`BetterModelAsked`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BetterModelFound {
    /// None: nothing larger than the starter fits into this machine's memory.
    pub better: Option<BetterModel>,
}

/// A model that fits this machine and speaks the person's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BetterModel {
    /// For people.
    pub name: String,
    /// Such as `Qwen/Qwen2.5-7B-Instruct-GGUF`, on the hub.
    pub repository: String,
    /// The file, or the first of its files.
    pub file: String,
    /// To fetch.
    #[ts(type = "number")]
    pub bytes: u64,
    /// SPDX identifier.
    pub licence: String,
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
