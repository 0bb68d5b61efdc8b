//! GGUF's `llama`: Llama 1 to 3, Mistral 7B, SmolLM2, TinyLlama, Vicuna and many others, but not
//! Mixtral, whose files say `llama` too and have experts.
//!
//! The converter permutes the rows of q and k so that neighbours turn together.

use super::header::Header;
use super::{Architecture, Pairs};
use formats::gguf::Gguf;
use protocol::{AppError, failure};

pub(super) fn describe(gguf: &Gguf) -> Result<Architecture, AppError> {
    let header = Header::of(gguf);
    if header.optional("expert_count")?.is_some_and(|n| n > 0) {
        return Err(failure::unknown_architecture(
            "llama with experts (Mixtral)",
        ));
    }
    header.decoder(Pairs::Neighbours)
}
