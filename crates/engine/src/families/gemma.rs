//! `gemma2` and `gemma3`: Gemma 2 and the language part of Gemma 3. Norms before and behind
//! attention and feed, whose weights are stored less one in repositories; the embedding grown by
//! the root of its width; windows on every second layer, or on five of six, with positions of
//! their own; Gemma 2 bends scores and logits, Gemma 3 norms each head's queries and keys.

use super::decoder::Decoder;
use super::facts::Facts;
use super::{
    Activation, Architecture, Layer, Mixer, Norm, Norms, Pairs, Positions, Residual, Rope, Scaling,
    qwen3, window,
};
use formats::keys::Fact;
use protocol::AppError;

const SCORE_CAP: Fact = Fact {
    gguf: "attn_logit_softcapping",
    config: &["attn_logit_softcapping"],
};
const LOGIT_CAP: Fact = Fact {
    gguf: "final_logit_softcapping",
    config: &["final_logit_softcapping"],
};
const SCALE_SIZE: Fact = Fact {
    gguf: "",
    config: &["query_pre_attn_scalar"],
};
const WINDOW_BASE: Fact = Fact {
    gguf: "rope.freq_base_swa",
    config: &[
        "rope_local_base_freq",
        "rope_parameters.sliding_attention.rope_theta",
    ],
};
const PERIOD: Fact = Fact {
    gguf: "",
    config: &["sliding_window_pattern", "_sliding_window_pattern"],
};
/// Layers of the two 27B models, whose scores are scaled by the stream's share of a head.
const LARGEST_2: usize = 46;
const LARGEST_3: usize = 62;

pub(super) fn describe_2(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    describe(facts, "gemma2", 2, LARGEST_2)
}

pub(super) fn describe_3(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    describe(facts, "gemma3", 6, LARGEST_3)
}

fn describe(
    facts: &Facts<'_>,
    name: &str,
    period: usize,
    largest: usize,
) -> Result<Architecture, AppError> {
    let own = &[
        ("post_attention_norm", "post_attention_layernorm"),
        ("ffn_norm", "pre_feedforward_layernorm"),
        ("post_ffw_norm", "post_feedforward_layernorm"),
    ];
    let mut decoder = Decoder::of(facts, Pairs::Halves, own)?;
    // The older key says `gelu` and means this one.
    decoder.activation = facts.activation(&["hidden_activation"], Activation::GeluTanh)?;
    let sizes = decoder.sizes;
    let one_more = |norm: Norm| Norm {
        plus_one: !facts.is_gguf(),
        ..norm
    };
    let period = facts
        .optional(&PERIOD)?
        .filter(|n| *n > 0)
        .unwrap_or(period);
    let scaled_by = match facts.float(&SCALE_SIZE)?.filter(|size| *size > 0.0) {
        Some(size) => size,
        None if sizes.layers == largest => (sizes.hidden / sizes.heads) as f64,
        None => sizes.head_dim as f64,
    };
    let cap = |fact: &Fact| facts.float(fact).map(|cap| cap.filter(|cap| *cap > 0.0));
    let (score_cap, logit_cap) = (cap(&SCORE_CAP)?, cap(&LOGIT_CAP)?);
    let local = Rope {
        base: facts.float(&WINDOW_BASE)?.unwrap_or(10_000.0),
        scaling: Scaling::None,
        ..decoder.rope.clone()
    };
    let is_third = name == "gemma3";
    let mut layers = Vec::new();
    for index in 0..sizes.layers {
        let around = |before, after| Norms {
            before: Some(one_more(decoder.norm(index, before))),
            after: Some(one_more(decoder.norm(index, after))),
        };
        let mut layer = Layer {
            residual: Residual::Serial {
                mixer: around("attn_norm", "post_attention_norm"),
                feed: around("ffn_norm", "post_ffw_norm"),
            },
            ..decoder.layer(index)
        };
        let Mixer::Attention(attention) = &mut layer.mixer;
        attention.scale = (1.0 / scaled_by.sqrt()) as f32;
        // Gemma 3 has norms in its place, whatever its config says.
        attention.softcap = score_cap.filter(|_| !is_third).map(|cap| cap as f32);
        if is_third {
            qwen3::norm_heads(&decoder, index, attention);
            attention.q_norm = attention.q_norm.take().map(one_more);
            attention.k_norm = attention.k_norm.take().map(one_more);
        }
        attention.window =
            window::of_layer(facts, index, |layer| !(layer + 1).is_multiple_of(period));
        if is_third && attention.window.is_some() {
            attention.positions = Positions::Rope(local.clone());
        }
        layers.push(layer);
    }
    let norm = one_more(decoder.last_norm());
    Ok(Architecture {
        embedding_scale: (sizes.hidden as f32).sqrt(),
        logit_softcap: logit_cap.map(|cap| cap as f32),
        ..decoder.architecture(name, layers, norm)?
    })
}
