//! The receipt under every answer: all that is needed to say how it was made, and to make it again.

use crate::{Limits, ModelId, Sampling, Source, StopReason};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How an answer was made. Stored as JSON with the answer, from the first day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Receipt {
    /// Version of this form: 1.
    pub version: u32,
    /// The model that answered.
    pub model: ReceiptModel,
    /// Hex sha256 of the chat template's source.
    pub template_sha256: String,
    /// Hex sha256 of the rendered prompt's UTF-8 text.
    pub prompt_sha256: String,
    /// Ids of the stored messages that the prompt was rendered from, oldest first.
    pub messages: Vec<String>,
    /// The sampling as it was, with the seed that was used.
    pub sampling: Sampling,
    /// The limits as they were.
    pub limits: Limits,
    /// Tokens of the prompt, and of the answer's `continued_bytes`.
    pub prompt_tokens: u32,
    /// Of these, tokens whose keys and values were still there from the turn before.
    pub reused_tokens: u32,
    /// Oldest messages left out because the context is too short for all.
    pub cut_messages: u32,
    /// The tokens of those.
    pub cut_tokens: u32,
    /// Tokens of the answer and its reasoning, but for those of `continued_bytes`.
    pub answer_tokens: u32,
    /// Of these, tokens of reasoning.
    #[serde(default)]
    pub reasoning_tokens: u32,
    /// Tokens that were proposed before they were chosen, so that several were read in one step.
    #[serde(default)]
    pub drafted_tokens: u32,
    /// Of those, tokens that were then chosen; the answer is the same without.
    #[serde(default)]
    pub accepted_tokens: u32,
    /// The name of the smaller model that proposed some of them, where one did.
    #[serde(default)]
    pub draft: Option<String>,
    /// Bytes of the answer's text and reasoning that stood there already when it was made to go on after a
    /// stop; what made those is not known any more. 0 for an answer made at once.
    #[serde(default)]
    pub continued_bytes: u32,
    /// Longest context in tokens that the model was loaded with.
    pub context: u32,
    /// Why it ended; None where the process died first.
    pub stop: Option<StopReason>,
    /// What computed it.
    pub engine: EngineFacts,
    /// How long it took.
    pub times: Times,
}

/// The model of a receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReceiptModel {
    /// Its identity at the time.
    pub id: ModelId,
    /// Its name for people.
    pub name: String,
    /// Where it came from.
    pub source: Source,
    /// Such as `llama`.
    pub architecture: String,
    /// Such as `Q4_1`.
    pub quantisation: String,
}

/// What computed an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EngineFacts {
    /// Parley's version.
    pub version: String,
    /// `candle` or `cpu`.
    pub executor: String,
    /// The kernels chosen on this machine, such as `avx512-vnni`.
    pub kernels: String,
    /// Such as `cpu`, with the processor's name where known.
    pub device: String,
    /// Threads that computed.
    pub threads: u32,
}

/// Times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Times {
    /// Waiting for its turn.
    pub queued_ms: f64,
    /// Loading the model, 0 where it was in memory.
    pub load_ms: f64,
    /// Reading the prompt.
    pub prefill_ms: f64,
    /// From the request to the first text or reasoning, all of the above included.
    pub first_token_ms: f64,
    /// Making the answer's tokens after the first.
    pub decode_ms: f64,
}

impl Receipt {
    /// Tokens per second of the answer after its first token; None for answers of one token.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let made = self.answer_tokens.checked_sub(1).filter(|n| *n > 0)?;
        (self.times.decode_ms > 0.0).then(|| f64::from(made) * 1000.0 / self.times.decode_ms)
    }
}
