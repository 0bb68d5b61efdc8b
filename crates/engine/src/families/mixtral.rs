//! `mixtral`: Mixtral 8x7B and 8x22B, in GGUF under `llama` with experts. As `llama`, and of each
//! layer's experts a token is given to the two that its router likes best.

use super::decoder::Decoder;
use super::experts::{self, Called};
use super::facts::Facts;
use super::{Architecture, Feed, Pairs, window};
use protocol::AppError;

const CALLED: Called = Called {
    before: "block_sparse_moe.experts",
    gate: "w1",
    up: "w3",
    down: "w2",
};

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let own = &[("ffn_gate_inp", "block_sparse_moe.gate")];
    let decoder = Decoder::of(facts, Pairs::Neighbours, own)?;
    let width = window::width(facts);
    decoder.with_layers("mixtral", |layer, attention, feed| {
        attention.window = width;
        let experts = experts::of(&decoder, layer, decoder.width, true, &CALLED)?;
        *feed = Feed::Experts(experts);
        Ok(())
    })
}
