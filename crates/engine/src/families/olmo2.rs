//! `olmo2` and `olmo3`: OLMo 2 and Olmo 3, both `olmo2` in GGUF. The norms stand behind attention
//! and feed, there is one over all heads' queries and one over all their keys, and Olmo 3 sees a
//! window on three of four layers, where positions are never stretched.

use super::decoder::Decoder;
use super::facts::Facts;
use super::{
    Architecture, Attention, Mixer, Norms, Pairs, Positions, Residual, Rope, Scaling, window,
};
use protocol::AppError;

/// Norms over the width of all heads, before positions.
pub(super) fn norm_all_heads(decoder: &Decoder<'_>, layer: usize, attention: &mut Attention) {
    let norm = |part: &str, size: usize| {
        let weight = decoder.weight(layer, part);
        Some(decoder.facts.rms(weight, size, decoder.eps))
    };
    attention.q_norm = norm("attn_q_norm", attention.heads * attention.head_dim);
    attention.k_norm = norm("attn_k_norm", attention.kv_heads * attention.head_dim);
}

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let own = &[
        ("post_attention_norm", "post_attention_layernorm"),
        ("post_ffw_norm", "post_feedforward_layernorm"),
    ];
    let decoder = Decoder::of(facts, Pairs::Halves, own)?;
    let mut layers = Vec::new();
    for index in 0..decoder.sizes.layers {
        let mut layer = decoder.layer(index);
        let Mixer::Attention(attention) = &mut layer.mixer;
        norm_all_heads(&decoder, index, attention);
        attention.window = window::of_layer(facts, index, |layer| !(layer + 1).is_multiple_of(4));
        if attention.window.is_some() {
            attention.positions = Positions::Rope(Rope {
                scaling: Scaling::None,
                ..decoder.rope.clone()
            });
        }
        let after = |part| Norms {
            before: None,
            after: Some(decoder.norm(index, part)),
        };
        layer.residual = Residual::Serial {
            mixer: after("post_attention_norm"),
            feed: after("post_ffw_norm"),
        };
        layers.push(layer);
    }
    let name = if window::width(facts).is_some() {
        "olmo3"
    } else {
        "olmo2"
    };
    decoder.architecture(name, layers, decoder.last_norm())
}
