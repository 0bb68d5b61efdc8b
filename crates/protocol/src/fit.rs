//! Whether a model fits this machine, and how that was reckoned.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a model needs of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Fit {
    /// The verdict.
    pub fits: Fits,
    /// Bytes of the weights.
    #[ts(type = "number")]
    pub weight_bytes: u64,
    /// Bytes of the keys and values at `context` tokens; 0 where the model's shape is not known.
    #[ts(type = "number")]
    pub kv_bytes: u64,
    /// Bytes for what a step computes.
    #[ts(type = "number")]
    pub overhead_bytes: u64,
    /// Bytes that models may use here.
    #[ts(type = "number")]
    pub memory_bytes: u64,
    /// Tokens of context that this is reckoned for.
    pub context: u32,
    /// About how many tokens are written a second: the memory's speed over the bytes that a token reads.
    /// None where the speed was not measured.
    pub tokens_per_second: Option<f32>,
    /// Bytes a second that this machine reads, as measured.
    #[ts(type = "number | null")]
    pub bandwidth: Option<u64>,
    /// Bytes that one token reads.
    #[ts(type = "number")]
    pub token_bytes: u64,
    /// Whether the size of the weights is an estimate from their number and type.
    pub estimated: bool,
}

/// Whether it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Fits {
    /// With room to spare.
    Well,
    /// It takes more than nine tenths of what models may use.
    Tight,
    /// It does not.
    No,
}
