//! A row of blocks unpacked to 8-bit quants with a scale for each 16, as the dot products want it.
//!
//! Order of elements: ggml's `dequantize_row_*` in `ggml-quants.c`.

use super::BlockType;
use super::few_bits::{ternary_five, ternary_four, two_bits, two_bits_and_mask};
use super::grid;

/// Columns that share one scale of the unpacked weights: the finest of all block types.
pub(crate) const GROUP: usize = 16;

/// A row of weights unpacked: weight `i` is `scales[i/16] * quants[i] + offsets[i/16]`.
/// Slices are padded as the activations are; the padding stays zero.
pub(crate) struct UnpackedRow {
    pub quants: Vec<i8>,
    pub scales: Vec<f32>,
    pub offsets: Vec<f32>,
}

impl UnpackedRow {
    pub fn new(padded: usize) -> UnpackedRow {
        UnpackedRow {
            quants: vec![0; padded],
            scales: vec![0.0; padded / GROUP],
            offsets: vec![0.0; padded / GROUP],
        }
    }

    /// Unpacks a row. `half` reads a half-float and `look_up` does as [`looked_up`]: the callers
    /// bring the processor's own.
    /// Inlined into each caller, so that the compiler uses the caller's instructions; blocks are
    /// arrays of known length, so that it needs no checks inside of them.
    #[inline(always)]
    pub fn unpack(
        &mut self,
        kind: BlockType,
        row: &[u8],
        half: impl Fn(u16) -> f32 + Copy,
        look_up: impl Fn(&[u8; 16], &[i8; 16], &mut [i8; 32]) + Copy,
    ) {
        let at = |bytes: &[u8], i: usize| half(u16::from_le_bytes([bytes[i], bytes[i + 1]]));
        match kind {
            BlockType::Q4_0 => self.each::<18, 32, 2>(row, |block, quants, scales, _| {
                nibbles(array(&block[2..]), quants, |q| q as i8 - 8);
                *scales = [at(block, 0); 2];
            }),
            BlockType::Q4_1 => self.each::<20, 32, 2>(row, |block, quants, scales, offsets| {
                nibbles(array(&block[4..]), quants, |q| q as i8);
                *scales = [at(block, 0); 2];
                *offsets = [at(block, 2); 2];
            }),
            BlockType::Q5_0 => self.each::<22, 32, 2>(row, |block, quants, scales, _| {
                fifth_bits(array(&block[2..]), array(&block[6..]), quants, 16);
                *scales = [at(block, 0); 2];
            }),
            BlockType::Q5_1 => self.each::<24, 32, 2>(row, |block, quants, scales, offsets| {
                fifth_bits(array(&block[4..]), array(&block[8..]), quants, 0);
                *scales = [at(block, 0); 2];
                *offsets = [at(block, 2); 2];
            }),
            BlockType::Q8_0 => self.each::<34, 32, 2>(row, |block, quants, scales, _| {
                // Copied first: as far as the compiler knows, the quants may lie upon the bytes.
                let bytes: [u8; 32] = *array(&block[2..]);
                for j in 0..32 {
                    quants[j] = bytes[j] as i8;
                }
                *scales = [at(block, 0); 2];
            }),
            BlockType::Q4K => self.each::<144, 256, 16>(row, |block, quants, scales, offsets| {
                six_bit_scales(
                    at(block, 0),
                    at(block, 2),
                    array(&block[4..]),
                    scales,
                    offsets,
                );
                for pair in 0..4 {
                    for l in 0..32 {
                        let byte = block[16 + 32 * pair + l];
                        quants[64 * pair + l] = (byte & 15) as i8;
                        quants[64 * pair + 32 + l] = (byte >> 4) as i8;
                    }
                }
            }),
            BlockType::Q5K => self.each::<176, 256, 16>(row, |block, quants, scales, offsets| {
                six_bit_scales(
                    at(block, 0),
                    at(block, 2),
                    array(&block[4..]),
                    scales,
                    offsets,
                );
                for pair in 0..4 {
                    for l in 0..32 {
                        let (fifth, byte) = (block[16 + l], block[48 + 32 * pair + l]);
                        quants[64 * pair + l] =
                            ((byte & 15) | ((fifth >> (2 * pair)) & 1) << 4) as i8;
                        quants[64 * pair + 32 + l] =
                            ((byte >> 4) | ((fifth >> (2 * pair + 1)) & 1) << 4) as i8;
                    }
                }
            }),
            BlockType::Q6K => self.each::<210, 256, 16>(row, |block, quants, scales, _| {
                for (place, step) in scales.iter_mut().zip(array::<16>(&block[192..])) {
                    *place = at(block, 208) * f32::from(*step as i8);
                }
                for half in 0..2 {
                    let quants = &mut quants[128 * half..128 * (half + 1)];
                    let low_bits: &[u8; 64] = array(&block[64 * half..]);
                    let high_bits: &[u8; 32] = array(&block[128 + 32 * half..]);
                    for l in 0..32 {
                        let (a, b, h) = (low_bits[l], low_bits[l + 32], high_bits[l]);
                        quants[l] = ((a & 15) | (h & 3) << 4) as i8 - 32;
                        quants[l + 32] = ((b & 15) | ((h >> 2) & 3) << 4) as i8 - 32;
                        quants[l + 64] = ((a >> 4) | ((h >> 4) & 3) << 4) as i8 - 32;
                        quants[l + 96] = ((b >> 4) | (h >> 6) << 4) as i8 - 32;
                    }
                }
            }),
            BlockType::Q2K => self.each::<84, 256, 16>(row, |block, quants, scales, offsets| {
                two_bits(array(&block[16..]), quants);
                for (group, packed) in array::<16>(block).iter().enumerate() {
                    scales[group] = at(block, 80) * f32::from(packed & 15);
                    offsets[group] = -(at(block, 82) * f32::from(packed >> 4));
                }
            }),
            BlockType::Q3K => self.each::<110, 256, 16>(row, |block, quants, scales, _| {
                two_bits_and_mask(array(&block[32..]), array(block), quants);
                let packed: &[u8; 12] = array(&block[96..]);
                for (group, scale) in scales.iter_mut().enumerate() {
                    let low = packed[group % 8] >> (4 * (group / 8)) & 15;
                    let high = packed[8 + group % 4] >> (2 * (group / 4)) & 3;
                    *scale = at(block, 108) * f32::from((low | high << 4) as i8 - 32);
                }
            }),
            BlockType::TQ1_0 => self.each::<54, 256, 16>(row, |block, quants, scales, _| {
                ternary_five(&block[..32], &mut quants[..160]);
                ternary_five(&block[32..48], &mut quants[160..240]);
                ternary_four(array(&block[48..]), &mut quants[240..]);
                *scales = [at(block, 52); 16];
            }),
            BlockType::TQ2_0 => self.each::<66, 256, 16>(row, |block, quants, scales, _| {
                two_bits(array(block), quants);
                quants.iter_mut().for_each(|quant| *quant -= 1);
                *scales = [at(block, 64); 16];
            }),
            BlockType::IQ4NL => self.each::<18, 32, 2>(row, |block, quants, scales, _| {
                look_up(array(&block[2..]), &grid::FOUR_BITS, quants);
                *scales = [at(block, 0); 2];
            }),
            BlockType::MXFP4 => self.each::<17, 32, 2>(row, |block, quants, scales, _| {
                look_up(array(&block[1..]), &grid::FP4, quants);
                *scales = [grid::power_of_two(block[0]); 2];
            }),
            BlockType::IQ4XS => self.each::<136, 256, 16>(row, |block, quants, scales, _| {
                let high = u16::from_le_bytes([block[2], block[3]]);
                let (quants, _) = quants.as_chunks_mut::<32>();
                for (part, quants) in quants.iter_mut().enumerate() {
                    let low = block[4 + part / 2] >> (4 * (part % 2)) & 15;
                    let step = low as i8 + ((high >> (2 * part) & 3) << 4) as i8 - 32;
                    scales[2 * part..2 * part + 2].fill(at(block, 0) * f32::from(step));
                    look_up(array(&block[8 + 16 * part..]), &grid::FOUR_BITS, quants);
                }
            }),
            BlockType::IQ1S => self.each::<50, 256, 16>(row, |block, quants, scales, _| {
                grid::iq1_s(block, at(block, 0), quants, scales);
            }),
            BlockType::IQ1M => self.each::<56, 256, 16>(row, |block, quants, scales, _| {
                grid::iq1_m(block, half(grid::iq1_m_scale(block)), quants, scales);
            }),
            BlockType::IQ2XXS => self.each::<66, 256, 16>(row, |block, quants, scales, _| {
                grid::iq2_xxs(block, at(block, 0), quants, scales);
            }),
            BlockType::IQ2XS => self.each::<74, 256, 16>(row, |block, quants, scales, _| {
                grid::iq2_xs(block, at(block, 0), quants, scales);
            }),
            BlockType::IQ2S => self.each::<82, 256, 16>(row, |block, quants, scales, _| {
                grid::iq2_s(block, at(block, 0), quants, scales);
            }),
            BlockType::IQ3XXS => self.each::<98, 256, 16>(row, |block, quants, scales, _| {
                grid::iq3_xxs(block, at(block, 0), quants, scales);
            }),
            BlockType::IQ3S => self.each::<110, 256, 16>(row, |block, quants, scales, _| {
                grid::iq3_s(block, at(block, 0), quants, scales);
            }),
            // Plain numbers are multiplied as they are.
            BlockType::F32 | BlockType::F16 | BlockType::BF16 => {}
        }
    }

    /// Calls `unpack` with each block and the places of its quants, scales and offsets.
    #[inline(always)]
    fn each<const BYTES: usize, const WEIGHTS: usize, const GROUPS: usize>(
        &mut self,
        row: &[u8],
        unpack: impl Fn(&[u8; BYTES], &mut [i8; WEIGHTS], &mut [f32; GROUPS], &mut [f32; GROUPS]),
    ) {
        let (quants, _) = self.quants.as_chunks_mut::<WEIGHTS>();
        let (scales, _) = self.scales.as_chunks_mut::<GROUPS>();
        let (offsets, _) = self.offsets.as_chunks_mut::<GROUPS>();
        let (blocks, _) = row.as_chunks::<BYTES>();
        for (((block, quants), scales), offsets) in
            blocks.iter().zip(quants).zip(scales).zip(offsets)
        {
            unpack(block, quants, scales, offsets);
        }
    }
}

/// The first `N` bytes.
#[inline(always)]
fn array<const N: usize>(bytes: &[u8]) -> &[u8; N] {
    #[expect(
        clippy::expect_used,
        reason = "every caller names a part of a block that is longer"
    )]
    bytes
        .first_chunk()
        .expect("a block is as long as its type says")
}

/// Sixteen bytes to 32 quants: low halves first, then high halves.
#[inline(always)]
fn nibbles(bytes: &[u8; 16], quants: &mut [i8; 32], quant: impl Fn(u8) -> i8) {
    let bytes = *bytes;
    for j in 0..16 {
        quants[j] = quant(bytes[j] & 15);
        quants[j + 16] = quant(bytes[j] >> 4);
    }
}

/// As [`nibbles`], each of which stands for one of sixteen values.
#[inline(always)]
pub(crate) fn looked_up(bytes: &[u8; 16], values: &[i8; 16], quants: &mut [i8; 32]) {
    nibbles(bytes, quants, |nibble| values[usize::from(nibble)]);
}

/// As [`nibbles`], with the fifth bits of all 32 in four bytes of their own.
#[inline(always)]
fn fifth_bits(fifths: &[u8; 4], bytes: &[u8; 16], quants: &mut [i8; 32], less: i8) {
    let (bytes, fifths) = (*bytes, u32::from_le_bytes(*fifths));
    for j in 0..16 {
        quants[j] = ((bytes[j] & 15) | (((fifths >> j) & 1) << 4) as u8) as i8 - less;
        quants[j + 16] = ((bytes[j] >> 4) | (((fifths >> (j + 16)) & 1) << 4) as u8) as i8 - less;
    }
}

/// The eight 6-bit scales and minima of a K block, packed in twelve bytes.
#[inline(always)]
fn six_bit_scales(
    scale: f32,
    minimum: f32,
    packed: &[u8; 12],
    scales: &mut [f32; 16],
    offsets: &mut [f32; 16],
) {
    for j in 0..8 {
        let (step, low) = if j < 4 {
            (packed[j] & 63, packed[j + 4] & 63)
        } else {
            (
                (packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4,
                (packed[j + 4] >> 4) | (packed[j] >> 6) << 4,
            )
        };
        scales[2 * j..2 * j + 2].fill(scale * f32::from(step));
        offsets[2 * j..2 * j + 2].fill(-minimum * f32::from(low));
    }
}
