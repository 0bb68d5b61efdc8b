//! Weights as the numbers that they stand for.

use crate::block::{BlockType, GROUP, UnpackedRow, looked_up};
use crate::half;
use crate::plain;

/// Weights unpacked at once: a whole number of every type's blocks.
const AT_ONCE: usize = 256;

/// The numbers that whole blocks of weights stand for, to the last bit as ggml's
/// `dequantize_row_*` reckons them. Returns false, with `out` untouched, where `bytes` are not
/// the blocks of `out.len()` weights.
pub fn dequantize(kind: BlockType, bytes: &[u8], out: &mut [f32]) -> bool {
    if kind.row_bytes(out.len()) != Some(bytes.len()) {
        return false;
    }
    if kind.is_plain() {
        plain::widen(kind, bytes, out, half::to_numbers);
        return true;
    }
    let mut unpacked = UnpackedRow::new(AT_ONCE);
    let some = AT_ONCE / kind.weights() * kind.bytes();
    for (bytes, out) in bytes.chunks(some).zip(out.chunks_mut(AT_ONCE)) {
        unpacked.unpack(kind, bytes, half::to_f32, looked_up);
        let groups = out.chunks_mut(GROUP).zip(unpacked.quants.chunks(GROUP));
        let scales = unpacked.scales.iter().zip(&unpacked.offsets);
        for ((out, quants), (scale, offset)) in groups.zip(scales) {
            for (out, quant) in out.iter_mut().zip(quants) {
                *out = scale * f32::from(*quant);
                if kind.has_offsets() {
                    *out += offset;
                }
            }
        }
    }
    true
}
