//! `falcon`: Falcon 7B, 40B and 11B, their fine-tunes (OpenAssistant's, GPT4All's), and Falcon-RW.
//! Attention and feed side by side under one norm or two, or one behind the other with ALiBi.
//!
//! q, k and v lie in one tensor: in GGUF all of q, then k, then v; in repositories for each head
//! of keys and values its queries, its key and its value, where there are several. `model_type`
//! and keys have older names too: `RefinedWeb`, `n_head`, `n_head_kv`.

use super::decoder::{Decoder, Sizes};
use super::facts::Facts;
use super::names::Names;
use super::{
    Activation, Architecture, Attention, Feed, Layer, Mixer, Norm, Norms, Pairs, Positions,
    Residual, Rows, rope,
};
use formats::keys::{FEED, Fact, LAYER_EPS};
use protocol::AppError;

const ALIBI: Fact = Fact {
    gguf: "",
    config: &["alibi"],
};
const PARALLEL: Fact = Fact {
    gguf: "",
    config: &["parallel_attn"],
};

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let sizes = Sizes::of(facts)?;
    let width = match facts.optional(&FEED)? {
        Some(width) => width,
        None => 4 * sizes.hidden,
    };
    let decoder = Decoder {
        facts,
        sizes,
        names: match facts.is_gguf() {
            true => Names::gguf(),
            false => Names::folder(
                "transformer.",
                "h",
                &[
                    ("token_embd", "word_embeddings"),
                    ("output_norm", "ln_f"),
                    ("attn_qkv", "self_attention.query_key_value"),
                    ("attn_output", "self_attention.dense"),
                    ("ffn_up", "mlp.dense_h_to_4h"),
                    ("ffn_down", "mlp.dense_4h_to_h"),
                ],
            ),
        },
        width,
        eps: facts.float(&LAYER_EPS)?.unwrap_or(1e-5),
        activation: facts.activation(&["activation"], Activation::Gelu)?,
        rope: rope::of(facts, sizes.head_dim, Pairs::Halves)?,
    };
    let has_alibi = facts.truth(&ALIBI) == Some(true);
    let mut layers = Vec::new();
    for index in 0..sizes.layers {
        let mut attention = attention(&decoder, index);
        if has_alibi {
            attention.positions = Positions::Alibi;
        }
        layers.push(Layer {
            mixer: Mixer::Attention(attention),
            feed: Feed::Plain {
                activation: decoder.activation,
                up: decoder.matrix(index, "ffn_up", width, sizes.hidden),
                down: decoder.matrix(index, "ffn_down", sizes.hidden, width),
            },
            residual: residual(&decoder, index),
        });
    }
    let weight = decoder.names.of_model("output_norm");
    let norm = facts.layer_norm(weight, sizes.hidden, decoder.eps);
    decoder.architecture("falcon", layers, norm)
}

fn attention(decoder: &Decoder<'_>, layer: usize) -> Attention {
    let Sizes {
        hidden,
        heads,
        kv_heads,
        head_dim,
        ..
    } = decoder.sizes;
    let group = heads / kv_heads;
    let fused = decoder.matrix(layer, "attn_qkv", (heads + 2 * kv_heads) * head_dim, hidden);
    let (q, k, v) = if decoder.facts.is_gguf() {
        let (wide, narrow) = (heads * head_dim, kv_heads * head_dim);
        (
            Rows::from(0, wide),
            Rows::from(wide, narrow),
            Rows::from(wide + narrow, narrow),
        )
    } else {
        let of_each = |first: usize, run: usize| Rows {
            first: first * head_dim,
            run: run * head_dim,
            stride: (group + 2) * head_dim,
            count: kv_heads,
        };
        (of_each(0, group), of_each(group, 1), of_each(group + 1, 1))
    };
    Attention {
        q: fused.part(q),
        k: fused.part(k),
        v: fused.part(v),
        ..decoder.attention(layer)
    }
}

fn residual(decoder: &Decoder<'_>, layer: usize) -> Residual {
    let facts = decoder.facts;
    let norm = |part: &str| -> Norm {
        let weight = decoder.weight(layer, part);
        facts.layer_norm(weight, decoder.sizes.hidden, decoder.eps)
    };
    // GGUF calls the feed's norm by the name of the one norm, where there are two.
    let (first, of_two, other) = match facts.is_gguf() {
        true => ("attn_norm", "attn_norm_2", "attn_norm"),
        false => ("input_layernorm", "ln_attn", "ln_mlp"),
    };
    let before = |norm: Norm| Norms {
        before: Some(norm),
        after: None,
    };
    if facts.truth(&PARALLEL) == Some(false) {
        Residual::Serial {
            mixer: before(norm("input_layernorm")),
            feed: before(norm("post_attention_layernorm")),
        }
    } else if facts.has(&decoder.weight(layer, of_two)) {
        Residual::Parallel {
            mixer: norm(of_two),
            feed: Some(norm(other)),
        }
    } else {
        Residual::Parallel {
            mixer: norm(first),
            feed: None,
        }
    }
}
