//! The block types of ggml as they lie in a file, and how a row of them is unpacked.
//!
//! Layouts: ggml's `ggml-common.h` (blocks) and `dequantize_row_*` (order of elements).

use crate::activations::GROUP;

/// A type of quantised weights. The others go another way (candle's own arithmetic).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockType {
    /// 32 weights: f16 scale, 4 bits less 8.
    Q4_0,
    /// 32 weights: f16 scale and minimum, 4 bits.
    Q4_1,
    /// 32 weights: f16 scale, 5 bits less 16.
    Q5_0,
    /// 32 weights: f16 scale and minimum, 5 bits.
    Q5_1,
    /// 32 weights: f16 scale, 8 bits.
    Q8_0,
    /// 256 weights: eight groups with 6-bit scale and minimum, 4 bits.
    Q4K,
    /// 256 weights: eight groups with 6-bit scale and minimum, 5 bits.
    Q5K,
    /// 256 weights: sixteen groups with 8-bit scale, 6 bits less 32.
    Q6K,
}

impl BlockType {
    /// All of them.
    pub const ALL: [BlockType; 8] = [
        BlockType::Q4_0,
        BlockType::Q4_1,
        BlockType::Q5_0,
        BlockType::Q5_1,
        BlockType::Q8_0,
        BlockType::Q4K,
        BlockType::Q5K,
        BlockType::Q6K,
    ];

    /// Weights in a block.
    pub fn weights(self) -> usize {
        match self {
            BlockType::Q4K | BlockType::Q5K | BlockType::Q6K => 256,
            _ => 32,
        }
    }

    /// Bytes of a block.
    pub fn bytes(self) -> usize {
        match self {
            BlockType::Q4_0 => 18,
            BlockType::Q4_1 => 20,
            BlockType::Q5_0 => 22,
            BlockType::Q5_1 => 24,
            BlockType::Q8_0 => 34,
            BlockType::Q4K => 144,
            BlockType::Q5K => 176,
            BlockType::Q6K => 210,
        }
    }

    /// Bytes of a row; None where the columns are not whole blocks.
    pub fn row_bytes(self, columns: usize) -> Option<usize> {
        columns
            .is_multiple_of(self.weights())
            .then(|| columns / self.weights() * self.bytes())
    }

    /// True where a weight is `scale * quant + offset` and not only `scale * quant`.
    pub(crate) fn has_offsets(self) -> bool {
        matches!(
            self,
            BlockType::Q4_1 | BlockType::Q5_1 | BlockType::Q4K | BlockType::Q5K
        )
    }
}

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

    /// Unpacks a row. `half` reads a half-float: the callers bring the processor's own.
    /// Inlined into each caller, so that the compiler uses the caller's instructions; blocks are
    /// arrays of known length, so that it needs no checks inside of them.
    #[inline(always)]
    pub fn unpack(&mut self, kind: BlockType, row: &[u8], half: impl Fn(u16) -> f32 + Copy) {
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
                let bytes: &[u8; 32] = array(&block[2..]);
                for (quant, byte) in quants.iter_mut().zip(bytes) {
                    *quant = *byte as i8;
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
    for j in 0..16 {
        quants[j] = quant(bytes[j] & 15);
        quants[j + 16] = quant(bytes[j] >> 4);
    }
}

/// As [`nibbles`], with the fifth bits of all 32 in four bytes of their own.
#[inline(always)]
fn fifth_bits(fifths: &[u8; 4], bytes: &[u8; 16], quants: &mut [i8; 32], less: i8) {
    let fifths = u32::from_le_bytes(*fifths);
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
