//! What a block is known by: what computed it, and all tokens from the first to its last.

use super::BLOCK;
use crate::weights::Weights;
use formats::Checkpoint;
use kernels::KvShape;
use protocol::AppError;
use protocol::failure;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::time::UNIX_EPOCH;

/// Changes when the same model computes other keys and values, or stores them otherwise.
const FORM: u32 = 1;
/// Places of a tensor that are looked at, and bytes at each.
const SAMPLES: u64 = 16;
const SAMPLE: u64 = 64;

/// A block's.
pub(super) type Key = [u8; 32];

/// Everything but the tokens that keys and values hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(Key);

impl Identity {
    #[cfg(test)]
    pub fn of_test(byte: u8) -> Identity {
        Identity([byte; 32])
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As a folder is named.
    pub(super) fn name(&self) -> String {
        hex(&self.0[..16])
    }
}

/// Reckons the identity of a loaded model: its files' lengths and dates, samples of every tensor
/// (so that another file in the same place is another model, whatever its date says), and
/// `facts`: what it computes and by what. Reads no more than a page for each sample.
///
/// Errors: `model-gone`.
pub(crate) fn identity(
    checkpoint: &Checkpoint,
    weights: &Weights,
    shapes: &[KvShape],
    facts: &str,
) -> Result<Identity, AppError> {
    let mut seen = Sha256::new();
    seen.update(format!(
        "{FORM} {} {} {facts} {shapes:?}",
        env!("CARGO_PKG_VERSION"),
        cfg!(target_endian = "big")
    ));
    for part in &checkpoint.files {
        let gone = |error| failure::model_gone(checkpoint.name(), &part.path).detail(error);
        let modified = std::fs::metadata(&part.path).and_then(|metadata| metadata.modified());
        let since = modified.map_err(gone)?.duration_since(UNIX_EPOCH);
        seen.update(part.bytes.to_le_bytes());
        seen.update(since.unwrap_or_default().as_nanos().to_le_bytes());
    }
    for tensor in &checkpoint.tensors {
        let (name, shape, kind) = (&tensor.name, &tensor.shape, tensor.kind);
        seen.update(format!("{name} {shape:?} {kind:?}"));
        let last = tensor.bytes.saturating_sub(SAMPLE);
        for sample in 0..SAMPLES {
            let from = last / SAMPLES * sample + last % SAMPLES * sample / SAMPLES;
            let bytes = SAMPLE.min(tensor.bytes - from);
            seen.update(weights.bytes(tensor.part, tensor.offset + from, bytes));
        }
    }
    Ok(Identity(seen.finalize().into()))
}

/// The keys of the whole blocks of `ids`, in order: each follows from the one before and its own
/// tokens.
pub(super) fn of<'a>(identity: &Identity, ids: &'a [u32]) -> impl Iterator<Item = Key> + 'a {
    let (blocks, _) = ids.as_chunks::<BLOCK>();
    let mut key = identity.0;
    blocks.iter().map(move |ids| {
        let mut all = Sha256::new();
        all.update(key);
        for id in ids {
            all.update(id.to_le_bytes());
        }
        key = all.finalize().into();
        key
    })
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
