//! `gpt-oss`: OpenAI's open models. Biases everywhere, a sink beside each head's scores, a window
//! on every second layer, and experts whose gate and up are interleaved in repositories, there as
//! MXFP4 in two tensors of bytes or as plain numbers column after column.

use super::decoder::Decoder;
use super::facts::Facts;
use super::{
    Activation, Architecture, Experts, Feed, Form, Gated, Mixer, Norms, Pairs, Projection,
    Residual, Rows, Scaling, experts, window,
};
use formats::keys::{EXPERT_FEED, FEED, Fact};
use protocol::AppError;

const LIMIT: Fact = Fact {
    gguf: "",
    config: &["swiglu_limit"],
};

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let own = &[
        ("ffn_gate_inp", "mlp.router"),
        ("post_attention_norm", "post_attention_layernorm"),
    ];
    let mut decoder = Decoder::of(facts, Pairs::Halves, own)?;
    decoder.activation = Activation::ClampedSwiglu {
        limit: facts.float(&LIMIT)?.unwrap_or(7.0) as f32,
    };
    // The published code does not round, and GGUF does not say so.
    if let Scaling::Yarn { rounded, .. } = &mut decoder.rope.scaling
        && facts.is_gguf()
    {
        *rounded = false;
    }
    let mut layers = Vec::new();
    for index in 0..decoder.sizes.layers {
        let mut layer = decoder.layer(index);
        let Mixer::Attention(attention) = &mut layer.mixer;
        attention.sinks = Some(match facts.is_gguf() {
            true => decoder.weight(index, "attn_sinks"),
            false => decoder.names.stem(index, "self_attn.sinks"),
        });
        attention.window = window::of_layer(facts, index, |layer| layer.is_multiple_of(2));
        layer.feed = Feed::Experts(experts_of(&decoder, index)?);
        let before = |part| Norms {
            before: Some(decoder.norm(index, part)),
            after: None,
        };
        layer.residual = Residual::Serial {
            mixer: before("attn_norm"),
            feed: before("post_attention_norm"),
        };
        layers.push(layer);
    }
    decoder.architecture("gpt-oss", layers, decoder.last_norm())
}

fn experts_of(decoder: &Decoder<'_>, layer: usize) -> Result<Experts, AppError> {
    let facts = decoder.facts;
    let (count, used) = experts::count(decoder)?;
    let (hidden, width) = (
        decoder.sizes.hidden,
        match facts.optional(&EXPERT_FEED)? {
            Some(width) => width,
            None => facts.size(&FEED)?,
        },
    );
    let stacked = |part: &str, rows: usize, columns: usize| {
        let stem = decoder.names.stem(layer, part);
        let (weight, bias, form) = if facts.is_gguf() {
            (
                format!("{stem}.weight"),
                format!("{stem}.bias"),
                Form::Plain,
            )
        } else if facts.has(&format!("{stem}_blocks")) {
            (stem.clone(), format!("{stem}_bias"), Form::Mxfp4Apart)
        } else {
            (stem.clone(), format!("{stem}_bias"), Form::Transposed)
        };
        Projection {
            shape: vec![count, rows, columns],
            bias: Some((bias, vec![count, rows])),
            form,
            ..facts.projection(weight, count * rows, columns)
        }
    };
    let one: Box<dyn Fn(usize) -> Gated> = if facts.is_gguf() {
        let gate = stacked("ffn_gate_exps", width, hidden);
        let up = stacked("ffn_up_exps", width, hidden);
        let down = stacked("ffn_down_exps", hidden, width);
        Box::new(move |expert| Gated {
            activation: decoder.activation,
            gate: gate.part(Rows::from(expert * width, width)),
            up: up.part(Rows::from(expert * width, width)),
            down: down.part(Rows::from(expert * hidden, hidden)),
        })
    } else {
        let both = stacked("mlp.experts.gate_up_proj", 2 * width, hidden);
        let down = stacked("mlp.experts.down_proj", hidden, width);
        let every_second = move |expert: usize, from: usize| Rows {
            first: 2 * expert * width + from,
            run: 1,
            stride: 2,
            count: width,
        };
        Box::new(move |expert| Gated {
            activation: decoder.activation,
            gate: both.part(every_second(expert, 0)),
            up: both.part(every_second(expert, 1)),
            down: down.part(Rows::from(expert * hidden, hidden)),
        })
    };
    Ok(Experts {
        router: decoder.matrix(layer, "ffn_gate_inp", count, hidden),
        experts: (0..count).map(one).collect(),
        used,
        normalised: true,
    })
}
