//! `olmo`: the first OLMo, as its own repositories lay it out and as those for transformers do.
//! Norms by mean and variance without weights, and some keep q, k and v within bounds.
//!
//! GGUF's converter permutes the rows of q and k so that neighbours turn together.

use super::decoder::{Decoder, Sizes};
use super::facts::Facts;
use super::names::Names;
use super::{
    Activation, Architecture, Feed, Gated, Layer, Mixer, Norm, NormKind, Norms, Pairs, Residual,
    Rows, rope,
};
use formats::keys::{FEED, Fact, HIDDEN, LAYER_EPS};
use protocol::AppError;

const CLIP: Fact = Fact {
    gguf: "attention.clamp_kqv",
    config: &["clip_qkv"],
};
const BOTH_WIDTHS: Fact = Fact {
    gguf: "",
    config: &["mlp_hidden_size"],
};
const RATIO: Fact = Fact {
    gguf: "",
    config: &["mlp_ratio"],
};
/// A tensor that only the original layout has.
const ORIGINAL: &str = "model.transformer.wte.weight";

/// What q, k and v are kept within. Errors: `model-damaged`.
pub(super) fn clip(facts: &Facts<'_>) -> Result<Option<f32>, AppError> {
    let clip = facts.float(&CLIP)?.filter(|clip| *clip > 0.0);
    Ok(clip.map(|clip| clip as f32))
}

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let sizes = Sizes::of(facts)?;
    let original = facts.has(ORIGINAL);
    let norm = facts
        .config("layer_norm_type")
        .and_then(|kind| kind.as_str());
    if norm.is_some_and(|kind| kind != "default" && kind != "low_precision") {
        return Err(facts.unknown("norms of another kind"));
    }
    let decoder = Decoder {
        facts,
        sizes,
        names: if original {
            Names::folder(
                "model.transformer.",
                "blocks",
                &[
                    ("token_embd", "wte"),
                    ("output", "model.transformer.ff_out"),
                    ("attn_output", "attn_out"),
                ],
            )
        } else {
            facts.names(&[])
        },
        width: width(facts)?,
        eps: facts.float(&LAYER_EPS)?.unwrap_or(1e-5),
        activation: facts.activation(&["hidden_act"], Activation::Silu)?,
        rope: rope::of(facts, sizes.head_dim, Pairs::Neighbours)?,
    };
    let norm = Norm {
        kind: NormKind::Layer,
        size: sizes.hidden,
        weight: None,
        bias: None,
        eps: decoder.eps as f32,
        plus_one: false,
    };
    let around = || Norms {
        before: Some(norm.clone()),
        after: None,
    };
    let clip = clip(facts)?;
    let mut layers = Vec::new();
    for index in 0..sizes.layers {
        let mut layer = Layer {
            residual: Residual::Serial {
                mixer: around(),
                feed: around(),
            },
            ..decoder.layer(index)
        };
        if original {
            fuse(&decoder, index, &mut layer);
        }
        let Mixer::Attention(attention) = &mut layer.mixer;
        attention.clip = clip;
        layers.push(layer);
    }
    decoder.architecture("olmo", layers, norm)
}

/// The width of a feed; the original layout counts gate and up together.
fn width(facts: &Facts<'_>) -> Result<usize, AppError> {
    if let Some(both) = facts.optional(&BOTH_WIDTHS)? {
        return Ok(both / 2);
    }
    match facts.optional(&FEED)? {
        Some(width) => Ok(width),
        None => Ok(facts.size(&RATIO)? * facts.size(&HIDDEN)? / 2),
    }
}

/// The original layout has q, k and v in one tensor, and up and gate, in this order, in another.
fn fuse(decoder: &Decoder<'_>, index: usize, layer: &mut Layer) {
    let Sizes {
        hidden,
        heads,
        kv_heads,
        head_dim,
        ..
    } = decoder.sizes;
    let (wide, narrow) = (heads * head_dim, kv_heads * head_dim);
    let Mixer::Attention(attention) = &mut layer.mixer;
    let fused = decoder.matrix(index, "att_proj", wide + 2 * narrow, hidden);
    attention.q = fused.part(Rows::from(0, wide));
    attention.k = fused.part(Rows::from(wide, narrow));
    attention.v = fused.part(Rows::from(wide + narrow, narrow));
    let width = decoder.width;
    let fused = decoder.matrix(index, "ff_proj", 2 * width, hidden);
    layer.feed = Feed::Gated(Gated {
        activation: decoder.activation,
        up: fused.part(Rows::from(0, width)),
        gate: fused.part(Rows::from(width, width)),
        down: decoder.matrix(index, "ff_out", hidden, width),
    });
}
