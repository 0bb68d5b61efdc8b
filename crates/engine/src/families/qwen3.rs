//! `qwen3` and `qwen3moe`: Qwen3, dense and with experts, and distills on them. As `llama`, with a
//! norm of each head's queries and keys.

use super::decoder::Decoder;
use super::experts::{self, Called};
use super::facts::Facts;
use super::{Architecture, Attention, Feed, Pairs, window};
use formats::keys::{EXPERT_FEED, Fact};
use protocol::AppError;

const NORMALISED: Fact = Fact {
    gguf: "expert_weights_norm",
    config: &["norm_topk_prob"],
};
const STEP: Fact = Fact {
    gguf: "",
    config: &["decoder_sparse_step"],
};

const CALLED: Called = Called {
    before: "mlp.experts",
    gate: "gate_proj",
    up: "up_proj",
    down: "down_proj",
};

/// Norms of one head's width, before positions.
pub(super) fn norm_heads(decoder: &Decoder<'_>, layer: usize, attention: &mut Attention) {
    let norm = |part: &str| {
        let weight = decoder.weight(layer, part);
        let norm = decoder
            .facts
            .rms(weight, decoder.sizes.head_dim, decoder.eps);
        Some(norm)
    };
    attention.q_norm = norm("attn_q_norm");
    attention.k_norm = norm("attn_k_norm");
}

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let first = window::first_layer(facts)?;
    let decoder = Decoder::of(facts, Pairs::Halves, &[])?;
    decoder.with_layers("qwen3", |layer, attention, _| {
        norm_heads(&decoder, layer, attention);
        attention.window = window::of_layer(facts, layer, |layer| layer >= first);
        Ok(())
    })
}

pub(super) fn describe_moe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let decoder = Decoder::of(facts, Pairs::Halves, &[])?;
    let width = facts.size(&EXPERT_FEED)?;
    // Files do not say it; every published model does it.
    let normalised = facts.truth(&NORMALISED).unwrap_or(facts.is_gguf());
    let step = facts.optional(&STEP)?.unwrap_or(1).max(1);
    let dense = facts
        .config("mlp_only_layers")
        .and_then(|list| list.as_array());
    let is_dense = |layer: usize| {
        let listed =
            dense.is_some_and(|list| list.iter().any(|one| one.as_u64() == Some(layer as u64)));
        listed || !(layer + 1).is_multiple_of(step)
    };
    decoder.with_layers("qwen3moe", |layer, attention, feed| {
        norm_heads(&decoder, layer, attention);
        attention.window = window::of_layer(facts, layer, |_| true);
        if !is_dense(layer) {
            let experts = experts::of(&decoder, layer, width, normalised, &CALLED)?;
            *feed = Feed::Experts(experts);
        }
        Ok(())
    })
}
