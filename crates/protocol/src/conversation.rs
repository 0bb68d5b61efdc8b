//! Conversations as the window and the command line see them.

use crate::{AppError, ModelId, Part, Receipt, Role};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A conversation in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConversationSummary {
    /// UUID v7.
    pub id: String,
    /// The person's name for it, or the first words said.
    pub title: String,
    /// The model chosen for the next answer; None: the one last chosen anywhere.
    pub model: Option<ModelId>,
    /// Milliseconds since 1970, UTC.
    #[ts(type = "number")]
    pub created_at: i64,
    /// When something was last said. Milliseconds since 1970, UTC.
    #[ts(type = "number")]
    pub updated_at: i64,
    /// True while an answer is being made.
    pub answering: bool,
    /// Kept in memory only: gone with the process, never on the disk.
    pub temporary: bool,
}

/// An opened conversation: its active path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Conversation {
    /// What the list shows.
    pub summary: ConversationSummary,
    /// Standing instructions for the model; empty where there are none.
    pub system: String,
    /// From the first message to the leaf.
    pub messages: Vec<Message>,
    /// The state is as of this event: apply only events with a higher number.
    #[ts(type = "number")]
    pub seq: u64,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Message {
    /// UUID v7.
    pub id: String,
    /// Its conversation.
    pub conversation: String,
    /// The message it answers or follows; None for a first message.
    pub parent: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub parts: Vec<Part>,
    /// Which model wrote it; None for people's messages.
    pub author: Option<Author>,
    /// How it stands.
    pub status: MessageStatus,
    /// Why it failed or was interrupted.
    pub error: Option<AppError>,
    /// How it was made; None for people's messages and while it is being made.
    pub receipt: Option<Receipt>,
    /// Ids of all messages with the same parent, this one among them, oldest first.
    pub siblings: Vec<String>,
    /// Milliseconds since 1970, UTC.
    #[ts(type = "number")]
    pub created_at: i64,
}

/// The model that wrote a message, as it was called then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Author {
    /// Its identity.
    pub model: ModelId,
    /// Its name for people.
    pub name: String,
    /// Such as `Q4_1`.
    pub quantisation: String,
}

/// How a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MessageStatus {
    /// Whole.
    Complete,
    /// Being made.
    Streaming,
    /// Ended by the person; what was written is kept.
    Stopped,
    /// A process died in the middle; what was written is kept.
    Interrupted,
    /// The model could not answer; `error` says why.
    Failed,
}
