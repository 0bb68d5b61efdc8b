//! `phi3`: Phi-3, Phi-3.5 and Phi-4. As `llama`, with q, k and v in one tensor and gate and up in
//! another; some turn a part of each head only, and reach far by LongRoPE.

use super::decoder::{Decoder, Sizes};
use super::facts::Facts;
use super::{Architecture, Feed, Gated, Pairs, Rows, window};
use protocol::AppError;

pub(super) fn describe(facts: &Facts<'_>) -> Result<Architecture, AppError> {
    let own = &[
        ("attn_qkv", "self_attn.qkv_proj"),
        ("ffn_up", "mlp.gate_up_proj"),
    ];
    let decoder = Decoder::of(facts, Pairs::Halves, own)?;
    let seen = window::width(facts);
    let Sizes {
        hidden,
        heads,
        kv_heads,
        head_dim,
        ..
    } = decoder.sizes;
    let (wide, narrow, width) = (heads * head_dim, kv_heads * head_dim, decoder.width);
    decoder.with_layers("phi3", |layer, attention, feed| {
        attention.window = seen;
        let fused = decoder.matrix(layer, "attn_qkv", wide + 2 * narrow, hidden);
        attention.q = fused.part(Rows::from(0, wide));
        attention.k = fused.part(Rows::from(wide, narrow));
        attention.v = fused.part(Rows::from(wide + narrow, narrow));
        let fused = decoder.matrix(layer, "ffn_up", 2 * width, hidden);
        *feed = Feed::Gated(Gated {
            activation: decoder.activation,
            gate: fused.part(Rows::from(0, width)),
            up: fused.part(Rows::from(width, width)),
            down: decoder.matrix(layer, "ffn_down", hidden, width),
        });
        Ok(())
    })
}
