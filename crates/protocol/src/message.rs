//! What is said: roles, the typed parts of a message, and messages as a model reads them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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

/// One typed part of a message. A message is a list of parts, so that attachments, images and tool
/// calls join as further variants without touching the messages already stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum Part {
    /// What a model thought before it answered: at most one of these, and before the text.
    Reasoning {
        /// UTF-8, in markdown, without the marks that a model puts around it.
        text: String,
        /// How long it took so far, in milliseconds.
        #[ts(type = "number")]
        duration_ms: u64,
        /// Whether it came to its end: what the model writes next is the answer.
        ended: bool,
    },
    /// Words, in markdown where a model wrote them.
    Text {
        /// UTF-8.
        text: String,
    },
}

/// A message of a chat as a model reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptMessage {
    /// Who speaks.
    pub role: Role,
    /// The words.
    pub content: String,
    /// What a model thought before them. Most templates leave it out of a prompt.
    #[serde(
        default,
        rename = "reasoning_content",
        skip_serializing_if = "Option::is_none"
    )]
    pub reasoning: Option<String>,
}

impl PromptMessage {
    /// Words alone.
    pub fn new(role: Role, content: impl Into<String>) -> PromptMessage {
        PromptMessage {
            role,
            content: content.into(),
            reasoning: None,
        }
    }
}

/// How a model's conversations are written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptForm {
    /// A Jinja template.
    pub source: String,
    /// Passages that end an answer and are no part of it.
    pub stops: Vec<String>,
}

/// All that a chat template is given. Also what `parley render` is given: its MESSAGES.json holds
/// `messages`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TemplateInput {
    /// Objects with `role`, `content` and what else templates read, such as `reasoning_content`,
    /// `tool_calls` and `name`.
    pub messages: Vec<Value>,
    /// What the model may call, as JSON schemas.
    #[serde(default)]
    pub tools: Vec<Value>,
    /// Further variables, such as `enable_thinking`.
    #[serde(default)]
    pub variables: Map<String, Value>,
    /// Whether the opening of the model's answer comes at the end.
    pub add_generation_prompt: bool,
}

impl TemplateInput {
    /// A chat's, without tools.
    pub fn of(messages: &[PromptMessage], add_generation_prompt: bool) -> TemplateInput {
        let messages = messages.iter().map(|message| {
            // Plain data with names for keys: it is always an object.
            let mut object = serde_json::to_value(message).unwrap_or_default();
            if let Some(reasoning) = &message.reasoning {
                // What gpt-oss calls it.
                object["thinking"] = reasoning.as_str().into();
            }
            object
        });
        TemplateInput {
            messages: messages.collect(),
            add_generation_prompt,
            ..TemplateInput::default()
        }
    }

    /// Sets the thinking switch, by all the names that templates have for it.
    pub fn set_thinking(&mut self, on: bool) {
        for name in ["enable_thinking", "thinking"] {
            self.variables.insert(name.to_owned(), Value::Bool(on));
        }
    }
}

/// The words of a message, its text parts joined.
pub fn text_of(parts: &[Part]) -> String {
    let text = parts.iter().map(|part| match part {
        Part::Text { text } => text.as_str(),
        Part::Reasoning { .. } => "",
    });
    text.collect()
}

/// What a model thought before its answer, its reasoning parts joined; empty where it did not.
pub fn reasoning_of(parts: &[Part]) -> String {
    let text = parts.iter().map(|part| match part {
        Part::Reasoning { text, .. } => text.as_str(),
        Part::Text { .. } => "",
    });
    text.collect()
}

/// Bytes of all that is said in a message.
pub fn bytes_of(parts: &[Part]) -> u32 {
    let bytes = parts.iter().map(|part| match part {
        Part::Reasoning { text, .. } | Part::Text { text } => text.len(),
    });
    u32::try_from(bytes.sum::<usize>()).unwrap_or(u32::MAX)
}
