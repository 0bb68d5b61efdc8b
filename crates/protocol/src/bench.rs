//! What timed runs are about: how long they took, and what they are held against.

use crate::EngineFacts;
use serde::{Deserialize, Serialize};

/// A timed run of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Benched {
    /// Milliseconds to read the prompt, the logits after it included.
    pub prefill_ms: f64,
    /// Milliseconds to make the tokens: one for each length that was asked for.
    pub decode_ms: Vec<f64>,
    /// Bytes that the process holds now, the mapped weights included.
    pub resident_memory_bytes: u64,
    /// Most bytes that it has held.
    pub peak_memory_bytes: u64,
    /// What a token costs; None where nobody has reckoned it.
    pub cost: Option<TokenCost>,
    /// What computed.
    pub engine: EngineFacts,
}

/// What a model asks of a machine for each token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenCost {
    /// Bytes of weights that are read to make a token: of experts those that are chosen, of an
    /// embedding nothing worth counting.
    pub weight_bytes: f64,
    /// Multiply-adds with weights that are whole numbers, all layers.
    pub integer: f64,
    /// Multiply-adds with weights that are fractions, all layers.
    pub float: f64,
    /// As `integer`, for the logits: of a prompt only after its last token.
    pub output_integer: f64,
    /// As `float`, for the logits.
    pub output_float: f64,
    /// What attention costs, by how far it reaches.
    pub reaches: Vec<Reach>,
}

/// What the attention of some layers costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// Tokens that a token sees at most, itself included; None: all before it.
    pub window: Option<u32>,
    /// Bytes of keys and values of one token, of all these layers.
    pub bytes: f64,
    /// Multiply-adds for each token that is seen.
    pub multiply_adds: f64,
}

/// What a machine can do at most in a second, with so many threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ceilings {
    /// Bytes read from memory.
    pub read_bytes: f64,
    /// Multiply-adds of 8-bit whole numbers.
    pub integer: f64,
    /// Multiply-adds of 32-bit fractions.
    pub float: f64,
}
