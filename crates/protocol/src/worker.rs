//! The protocol between the runtime and a worker: one JSON line a message over stdin and stdout,
//! at most [`MAX_LINE`] bytes. What is larger goes by file path.

use crate::{
    AppError, Benched, Ceilings, EngineFacts, KvOwner, KvPlace, KvType, Limits, Part, PromptForm,
    PromptMessage, Quantise, Sampling, StopReason, TemplateInput, Times, WeightType,
};
use serde::{Deserialize, Serialize};

/// The version of this protocol; a worker of another version is refused.
pub const WORKER_PROTOCOL: u32 = 7;

/// Longest line in bytes, the newline included.
pub const MAX_LINE: usize = 16 * 1024 * 1024;

/// Most answers that one worker makes at the same time: its arithmetic is then used, and each
/// further one would slow down the others about as much as it waits less.
pub const TOGETHER: usize = 4;

/// Most ids or bytes that one event carries.
pub const MOST_PIECE: usize = 500_000;

/// To a worker. Every answer to it carries the same id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToWorker {
    /// Chosen by the runtime, never used twice in a worker's life; 0 is not used.
    pub id: u64,
    /// What to do.
    #[serde(flatten)]
    pub request: WorkerRequest,
}

/// What a worker is asked. Each ends with one `Done*` or `Failed`, but for `Cancel`, `Threads`,
/// `Keep` and `Forget`, which are not answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum WorkerRequest {
    /// Load the weights: the first request of a worker that generates. `Progress`, then `Loaded`.
    Load {
        /// Absolute path of the (first) file.
        path: String,
        /// Context in tokens; None: what the model was made for, at most [`DEFAULT_CONTEXT`].
        context: Option<u32>,
        /// Threads that compute.
        threads: u32,
        /// What the weights are made smaller to; None: they stay as they are.
        #[serde(default)]
        quantise: Option<Quantise>,
        /// What a person chose in place of the model's own template.
        #[serde(default)]
        form: Option<PromptForm>,
        /// Whether tokens are proposed before they are chosen, so that several are read at once.
        /// Answers are the same either way.
        speculates: bool,
        /// Where what it reads is kept on the disk, so that it is not read again; None: nowhere.
        /// In memory it may take as much as one full context.
        #[serde(default)]
        kv: Option<KvPlace>,
        /// What keys and values are computed with and kept in.
        #[serde(default)]
        kv_type: KvType,
    },
    /// Load a smaller model of the same vocabulary, which proposes tokens for the one that is
    /// loaded; answers go on meanwhile. `Done`.
    Draft {
        /// Its name for people.
        name: String,
        /// Absolute path of its (first) file.
        path: String,
    },
    /// Text to ids, by the tokenizer of a file; no weights needed. `Tokens`..., `Done`.
    Tokenize {
        /// The model file.
        path: String,
        /// The text, byte for byte.
        text: String,
        /// Whether BOS is added and control tokens in the text are recognised.
        special: bool,
    },
    /// Ids to the bytes they stand for; no weights needed. `Bytes`..., `Done`.
    Detokenize {
        /// The model file.
        path: String,
        /// The ids.
        ids: Vec<u32>,
        /// Whether control tokens are written out.
        special: bool,
    },
    /// Messages to the template's exact output; no weights needed. `Rendered`.
    Render {
        /// The model file.
        path: String,
        /// What is rendered.
        conversation: TemplateInput,
        /// By what, in place of the model's own template.
        #[serde(default)]
        form: Option<PromptForm>,
    },
    /// An answer by the loaded model. `Progress`, `Reasoning`..., `Text`..., `Answered`.
    Generate {
        /// The conversation so far.
        messages: Vec<PromptMessage>,
        /// The beginning of the answer, which is to go on; empty for a new one.
        #[serde(default)]
        continued: Vec<Part>,
        /// How tokens are chosen; the seed is set.
        sampling: Sampling,
        /// How far it may go.
        limits: Limits,
        /// Whose keys and values these become; None: nobody's, and in memory only.
        #[serde(default)]
        owner: Option<KvOwner>,
    },
    /// The likeliest next tokens after each of some ids. `Logits` for each, then `Done`.
    Logits {
        /// The ids, from an empty context.
        ids: Vec<u32>,
        /// How many for each position.
        top: u32,
    },
    /// One timed run of the loaded model from an empty context. `Progress`, then `Benched`.
    Bench {
        /// Tokens read.
        prefill: u32,
        /// Tokens made after them: each of these lengths, from the end of the prompt.
        decode: Vec<u32>,
    },
    /// What the machine can do at most. `Ceilings`.
    Ceilings {
        /// Threads that compute.
        threads: u32,
    },
    /// Where keys and values are kept on the disk from now on; None: nowhere.
    Keep {
        /// The place.
        place: Option<KvPlace>,
    },
    /// Write the keys and values that are not on the disk yet. `Done`.
    Save,
    /// Forget the keys and values of a conversation, on the disk too.
    Forget {
        /// Its id; None: all conversations.
        conversation: Option<String>,
    },
    /// Stop what `target` started; that one then ends as cancelled.
    Cancel {
        /// The id of the request to stop.
        target: u64,
    },
    /// Change how many threads compute, from the next step on.
    Threads {
        /// At least 1.
        threads: u32,
    },
}

/// The context in tokens that a model is given when nobody asks for another.
pub const DEFAULT_CONTEXT: u32 = 8192;

/// From a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FromWorker {
    /// The request it belongs to; 0 for `Hello`.
    pub id: u64,
    /// What is told.
    #[serde(flatten)]
    pub event: WorkerEvent,
}

/// What a worker tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum WorkerEvent {
    /// The first line of every worker.
    Hello {
        /// [`WORKER_PROTOCOL`] of the worker.
        protocol: u32,
        /// What computes.
        engine: EngineFacts,
    },
    /// How far a load, or the reading of a prompt, is.
    Progress {
        /// Of what.
        stage: WorkerStage,
        /// Bytes (load) or tokens (prefill) done.
        done: u64,
        /// Bytes or tokens in all.
        total: u64,
    },
    /// The model is loaded.
    Loaded(LoadedFacts),
    /// More ids of a text, at most [`MOST_PIECE`]: all of a long text are longer than a line.
    Tokens {
        /// What comes next.
        ids: Vec<u32>,
    },
    /// More of the bytes of ids, at most [`MOST_PIECE`]; a character may be cut in two.
    Bytes {
        /// What comes next.
        #[serde(with = "crate::hex")]
        bytes: Vec<u8>,
    },
    /// A template's output.
    Rendered {
        /// The text.
        text: String,
    },
    /// More of what the model thinks before it answers: whole characters only.
    Reasoning {
        /// What comes next; empty where it only ends.
        text: String,
        /// Whether it ends here.
        ended: bool,
    },
    /// More of an answer: whole characters only.
    Text {
        /// What comes next, never empty.
        text: String,
    },
    /// An answer has ended.
    Answered(WorkerAnswered),
    /// The likeliest tokens after one position.
    Logits {
        /// From 0: what comes after `ids[position]`.
        position: u32,
        /// Token id and logit, likeliest first.
        top: Vec<(u32, f32)>,
    },
    /// A timed run.
    Benched(Benched),
    /// What the machine can do at most.
    Ceilings(Ceilings),
    /// The end of a request that has no result of its own.
    Done,
    /// A request failed; the worker lives on unless it says so by ending.
    Failed {
        /// The sentence for the person.
        error: AppError,
    },
    /// Keys and values were written to the disk, or could not be. Id 0.
    Saved {
        /// Bytes written.
        bytes: u64,
        /// Why it ended early, where it did, for the log.
        #[serde(default)]
        failed: Option<String>,
    },
    /// What the process holds now, in bytes: after a load and after each answer. Id 0.
    Memory {
        /// Resident bytes.
        bytes: u64,
    },
}

/// What `Progress` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerStage {
    /// Loading weights, in bytes.
    Load,
    /// Reading a prompt, in tokens, reused ones included.
    Prefill,
}

/// What is known once a model is loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadedFacts {
    /// Such as `llama`.
    pub architecture: String,
    /// Tokens of context it was loaded with.
    pub context: u32,
    /// Size of the vocabulary.
    pub vocabulary: u32,
    /// Milliseconds.
    pub load_ms: f64,
    /// Hex sha256 of the chat template's source.
    pub template_sha256: String,
    /// What the weights were made smaller to, where they were.
    #[serde(default)]
    pub quantised: Option<WeightType>,
}

/// What a worker knows of an answer when it has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerAnswered {
    /// Why.
    pub reason: StopReason,
    /// Hex sha256 of the chat template's source.
    pub template_sha256: String,
    /// Hex sha256 of the rendered prompt.
    pub prompt_sha256: String,
    /// Tokens of the prompt, and of the beginning of the answer.
    pub prompt_tokens: u32,
    /// Of these, not computed again.
    pub reused_tokens: u32,
    /// Oldest messages left out.
    pub cut_messages: u32,
    /// Their tokens.
    pub cut_tokens: u32,
    /// Tokens of the answer, its reasoning included.
    pub answer_tokens: u32,
    /// Of these, tokens of reasoning.
    pub reasoning_tokens: u32,
    /// Tokens that were proposed before they were chosen, and read at once.
    pub drafted_tokens: u32,
    /// Of those, tokens that were then chosen.
    pub accepted_tokens: u32,
    /// The name of the model that proposed some of them, where one did.
    #[serde(default)]
    pub draft: Option<String>,
    /// Tokens of context.
    pub context: u32,
    /// What computed it.
    pub engine: EngineFacts,
    /// `prefill_ms`, `first_token_ms` (from the worker's receipt of the request) and `decode_ms`.
    pub times: Times,
}
