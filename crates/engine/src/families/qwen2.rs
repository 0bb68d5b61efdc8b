//! GGUF's `qwen2`: Qwen2, Qwen2.5 and Qwen2.5-Coder. As `llama`, with biases on q, k and v, and
//! with halves of a head turning together.

use super::header::Header;
use super::{Architecture, Mixer, Pairs};
use formats::gguf::Gguf;
use protocol::{AppError, failure};

pub(super) fn describe(gguf: &Gguf) -> Result<Architecture, AppError> {
    let architecture = Header::of(gguf).decoder(Pairs::Halves)?;
    for layer in &architecture.layers {
        let Mixer::Attention(attention) = &layer.mixer;
        for projection in [&attention.q, &attention.k, &attention.v] {
            if projection.bias.is_none() {
                let name = projection.weight.replace(".weight", ".bias");
                return Err(failure::tensor_missing(name));
            }
        }
    }
    Ok(architecture)
}
