//! What is said: roles, the typed parts of a message, and messages as a model reads them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Role {
    /// Standing instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The name that chat templates and databases use.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// One typed part of a message. A message is a list of parts, so that reasoning, attachments,
/// images and tool calls join as further variants without touching the messages already stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum Part {
    /// Words, in markdown where a model wrote them.
    Text {
        /// UTF-8.
        text: String,
    },
}

/// A message as a model reads it. Also the form of `parley render`'s MESSAGES.json.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptMessage {
    /// Who speaks.
    pub role: Role,
    /// The words.
    pub content: String,
}

/// The words of a message, its text parts joined.
pub fn text_of(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|Part::Text { text }| text.as_str())
        .collect()
}
