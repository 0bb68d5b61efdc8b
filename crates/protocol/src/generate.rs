//! Asking a model for an answer, and what comes back while it is made.

use crate::{KvOwner, ModelId, Part, PromptMessage, Receipt};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How the next token is chosen. The defaults are [`Sampling::default`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct Sampling {
    /// 0 is greedy; 1 leaves the model's probabilities as they are.
    pub temperature: f32,
    /// Only the k likeliest tokens; 0 is no limit.
    pub top_k: u32,
    /// Only the likeliest tokens that together reach this probability; 1 is no limit.
    pub top_p: f32,
    /// Only tokens at least this fraction as likely as the likeliest; 0 is no limit.
    pub min_p: f32,
    /// Divides (or multiplies, where negative) the logits of tokens seen of late; 1 is off.
    pub repeat_penalty: f32,
    /// How many of the last tokens the penalties look at.
    pub repeat_last_n: u32,
    /// Subtracted once from the logit of every token seen of late; 0 is off.
    pub presence_penalty: f32,
    /// Subtracted for each time a token was seen of late; 0 is off.
    pub frequency_penalty: f32,
    /// The same seed from a fresh session gives the same answer. None: a new one is drawn, and
    /// the receipt says which. Under 2^53, so that every reader of JSON keeps it exact.
    #[ts(type = "number | null")]
    pub seed: Option<u64>,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling {
            temperature: 0.7,
            top_k: 40,
            top_p: 0.95,
            min_p: 0.05,
            repeat_penalty: 1.0, // a penalty also punishes the words of the question, and code
            repeat_last_n: 64,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            seed: None,
        }
    }
}

/// How far an answer may go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct Limits {
    /// Most tokens of the answer; None: until the model ends or the context is full.
    pub max_tokens: Option<u32>,
}

/// A request for one answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateRequest {
    /// Which model; a provisional id is as good as the final one.
    pub model: ModelId,
    /// The conversation so far, system message first where there is one, a user message last.
    pub messages: Vec<PromptMessage>,
    /// The beginning of the answer, where it goes on after a stop; it is read, not written
    /// again, and not told again. Empty for a new answer.
    #[serde(default)]
    pub continued: Vec<Part>,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// How far it may go.
    pub limits: Limits,
    /// Whose what the model reads and writes is kept as, so that it is not read again; None: in
    /// memory only, and nobody's.
    #[serde(default)]
    pub owner: Option<KvOwner>,
}

/// What happens while an answer is made, in this order; `Reasoning` and `Text` any number of times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum GenerationEvent {
    /// Waiting for its turn.
    Queued,
    /// The model is on its way into memory.
    Loading {
        /// From 0 to 1.
        fraction: f32,
    },
    /// The prompt is being read.
    Prefill {
        /// Tokens read so far, reused ones included.
        read: u32,
        /// Tokens to read.
        total: u32,
    },
    /// More of what the model thinks before it answers: whole characters only.
    Reasoning {
        /// What comes next; empty where it only ends.
        text: String,
        /// Whether it ends here: what comes next is the answer, or another thought.
        ended: bool,
    },
    /// More of the answer: whole characters only.
    Text {
        /// What comes next, never empty.
        text: String,
    },
    /// The answer is whole; nothing comes after. (A failure comes as an error instead.)
    Stopped(Box<Answered>),
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum StopReason {
    /// The model said its end-of-turn token.
    EndOfTurn,
    /// `max_tokens` was reached.
    Length,
    /// The context is full.
    Context,
    /// The person stopped it.
    Cancelled,
}

/// What is known of an answer when it has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Why it ended.
    pub reason: StopReason,
    /// How it was made. `messages` is filled in by the chat core, which knows their ids.
    pub receipt: Receipt,
}
