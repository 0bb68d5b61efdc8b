//! `olmoe`: OLMoE, whose experts' weights are those of a softmax over all of them. As `llama`, with
//! a norm over all heads' queries and one over all their keys.

use super::decoder::Decoder;
use super::experts::{self, Called};
use super::facts::Facts;
use super::{Architecture, Feed, Pairs, olmo, olmo2};
use formats::keys::Fact;
use protocol::AppError;

const NORMALISED: Fact = Fact {
    gguf: "expert_weights_norm",
    config: &["norm_topk_prob"],
};

const CALLED: Called = Called {
    before: "mlp.experts",
    gate: "gate_proj",
    up: "up_proj",
    down: "down_proj",
};

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let decoder = Decoder::of(facts, Pairs::Halves, &[])?;
    let normalised = facts.truth(&NORMALISED).unwrap_or(false);
    let clip = olmo::clip(facts)?;
    decoder.with_layers("olmoe", |layer, attention, feed| {
        olmo2::norm_all_heads(&decoder, layer, attention);
        attention.clip = clip;
        let experts = experts::of(&decoder, layer, decoder.width, normalised, &CALLED)?;
        *feed = Feed::Experts(experts);
        Ok(())
    })
}
