//! The types whose weights are looked up: four or eight at once in a grid, with signs of their
//! own, or one by one in a row of sixteen values.
//!
//! Layouts: `block_iq*` and `block_mxfp4` of ggml's `ggml-common.h`.

use super::grids;

/// The values of IQ4_NL and IQ4_XS, which lie closer where weights are more.
pub(crate) const FOUR_BITS: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];
/// Twice the values of a 4-bit float, E2M1 of the Open Compute Project's microscaling formats.
pub(crate) const FP4: [i8; 16] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/// Eight times a weight's -1, 0 or 1, so that the eighth that is added or taken away is whole.
static IQ1: [[i8; 8]; 2048] = entries(&grids::IQ1, &[-8, 0, 8]);
static IQ2_XXS: [[i8; 8]; 256] = entries(&grids::IQ2_XXS, &IQ2);
static IQ2_XS: [[i8; 8]; 512] = entries(&grids::IQ2_XS, &IQ2);
static IQ2_S: [[i8; 8]; 1024] = entries(&grids::IQ2_S, &IQ2);
static IQ3_XXS: [[i8; 4]; 256] = entries(&grids::IQ3_XXS, &[4, 12, 20, 28, 36, 44, 52, 62]);
static IQ3_S: [[i8; 4]; 512] = entries(&grids::IQ3_S, &[1, 3, 5, 7, 9, 11, 13, 15]);
const IQ2: [i8; 3] = [8, 25, 43];

/// The entries of a packed grid: the places of `N` weights in 16 bits, as values.
const fn entries<const N: usize, const ENTRIES: usize>(
    packed: &[u16; ENTRIES],
    values: &[i8],
) -> [[i8; N]; ENTRIES] {
    let bits = if values.len() > 4 { 3 } else { 2 };
    let mut entries = [[0; N]; ENTRIES];
    let mut entry = 0;
    while entry < ENTRIES {
        let mut weight = 0;
        while weight < N {
            let place = packed[entry] as usize >> (bits * weight) & ((1 << bits) - 1);
            entries[entry][weight] = values[place];
            weight += 1;
        }
        entry += 1;
    }
    entries
}

/// `2^(exponent - 128)`: half the scale of a microscaling block, for values that are doubled.
#[inline(always)]
pub(crate) fn power_of_two(exponent: u8) -> f32 {
    match exponent {
        0 | 1 => f32::from_bits(0x0020_0000 << exponent),
        _ => f32::from_bits(u32::from(exponent - 1) << 23),
    }
}

/// Puts the entries of a grid to their quants; a set bit makes a weight negative.
#[inline(always)]
fn put<const N: usize>(quants: &mut [i8], entry: [i8; N], signs: u8) {
    for (i, (quant, value)) in quants.iter_mut().zip(entry).enumerate() {
        *quant = if signs >> i & 1 == 1 { -value } else { value };
    }
}

/// Eight signs of which seven are stored: the number of negative ones is even.
#[inline(always)]
fn even(signs: u32) -> u8 {
    let signs = (signs & 127) as u8;
    signs | (signs.count_ones() as u8 & 1) << 7
}

#[inline(always)]
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

#[inline(always)]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Half a byte: the lower one of an even place.
#[inline(always)]
fn nibble(bytes: &[u8], place: usize) -> u8 {
    bytes[place / 2] >> (4 * (place % 2)) & 15
}

/// f16 scale, 32 low bytes of entries, 8 times 16 bits: their high bits, a scale, and whether an
/// eighth is taken away.
#[inline(always)]
pub(super) fn iq1_s(block: &[u8; 50], scale: f32, quants: &mut [i8; 256], scales: &mut [f32; 16]) {
    for part in 0..8 {
        let high = u16_at(block, 34 + 2 * part);
        let step = f32::from(2 * (high >> 12 & 7) + 1);
        scales[2 * part..2 * part + 2].fill(scale * step / 8.0);
        for l in 0..4 {
            let low = u16::from(block[2 + 4 * part + l]);
            let entry = IQ1[usize::from(low | (high >> (3 * l) & 7) << 8)];
            put_iq1(&mut quants[32 * part + 8 * l..], entry, high >> 15 == 1);
        }
    }
}

#[inline(always)]
fn put_iq1(quants: &mut [i8], entry: [i8; 8], less: bool) {
    let delta = if less { -1 } else { 1 };
    for (quant, value) in quants.iter_mut().zip(entry) {
        *quant = value + delta;
    }
}

/// The half-float that is spread over the highest bits of four scales.
#[inline(always)]
pub(super) fn iq1_m_scale(block: &[u8; 56]) -> u16 {
    let high = |i: usize| u16_at(block, 48 + 2 * i) & 0xf000;
    high(0) >> 12 | high(1) >> 8 | high(2) >> 4 | high(3)
}

/// 32 low bytes of entries, 32 half bytes: their high bits and whether an eighth is taken away,
/// four times 16 bits of scales.
#[inline(always)]
pub(super) fn iq1_m(block: &[u8; 56], scale: f32, quants: &mut [i8; 256], scales: &mut [f32; 16]) {
    for (group, place) in scales.iter_mut().enumerate() {
        let step = u16_at(block, 48 + 2 * (group / 4)) >> (3 * (group % 4)) & 7;
        *place = scale * f32::from(2 * step + 1) / 8.0;
    }
    for i in 0..32 {
        let high = nibble(&block[32..48], i);
        let entry = IQ1[usize::from(block[i]) | usize::from(high & 7) << 8];
        put_iq1(&mut quants[8 * i..], entry, high & 8 != 0);
    }
}

/// f16 scale, eight times 8 bytes: four entries, their signs by seven bits, a scale.
#[inline(always)]
pub(super) fn iq2_xxs(
    block: &[u8; 66],
    scale: f32,
    quants: &mut [i8; 256],
    scales: &mut [f32; 16],
) {
    for part in 0..8 {
        let at = 2 + 8 * part;
        let signs = u32_at(block, at + 4);
        let step = (signs >> 28) as f32;
        scales[2 * part..2 * part + 2].fill(scale * (0.5 + step) * 0.25);
        for l in 0..4 {
            let entry = IQ2_XXS[usize::from(block[at + l])];
            put(
                &mut quants[32 * part + 8 * l..],
                entry,
                even(signs >> (7 * l)),
            );
        }
    }
}

/// f16 scale, 32 times 16 bits: an entry and seven signs; sixteen scales of four bits.
#[inline(always)]
pub(super) fn iq2_xs(block: &[u8; 74], scale: f32, quants: &mut [i8; 256], scales: &mut [f32; 16]) {
    iq2_scales(&block[66..], scale, scales);
    for i in 0..32 {
        let both = u16_at(block, 2 + 2 * i);
        let entry = IQ2_XS[usize::from(both & 511)];
        put(&mut quants[8 * i..], entry, even(u32::from(both >> 9)));
    }
}

/// f16 scale, 32 low bytes of entries, 32 bytes of signs, 8 bytes of entries' high bits, sixteen
/// scales of four bits.
#[inline(always)]
pub(super) fn iq2_s(block: &[u8; 82], scale: f32, quants: &mut [i8; 256], scales: &mut [f32; 16]) {
    iq2_scales(&block[74..], scale, scales);
    for i in 0..32 {
        let high = block[66 + i / 4] >> (2 * (i % 4)) & 3;
        let entry = IQ2_S[usize::from(block[2 + i]) | usize::from(high) << 8];
        put(&mut quants[8 * i..], entry, block[34 + i]);
    }
}

#[inline(always)]
fn iq2_scales(packed: &[u8], scale: f32, scales: &mut [f32; 16]) {
    for (group, place) in scales.iter_mut().enumerate() {
        *place = scale * (0.5 + f32::from(nibble(packed, group))) * 0.25;
    }
}

/// f16 scale, 64 entries, eight times 32 bits: their signs by seven bits, a scale.
#[inline(always)]
pub(super) fn iq3_xxs(
    block: &[u8; 98],
    scale: f32,
    quants: &mut [i8; 256],
    scales: &mut [f32; 16],
) {
    for part in 0..8 {
        let signs = u32_at(block, 66 + 4 * part);
        let step = (signs >> 28) as f32;
        scales[2 * part..2 * part + 2].fill(scale * (0.5 + step) * 0.5);
        for l in 0..4 {
            let (at, signs) = (8 * part + 2 * l, even(signs >> (7 * l)));
            let [one, two] = [block[2 + at], block[3 + at]].map(|i| IQ3_XXS[usize::from(i)]);
            put(&mut quants[4 * at..4 * at + 4], one, signs);
            put(&mut quants[4 * at + 4..], two, signs >> 4);
        }
    }
}

/// f16 scale, 64 low bytes of entries, 8 bytes of their ninth bits, 32 bytes of signs, eight
/// scales of four bits.
#[inline(always)]
pub(super) fn iq3_s(block: &[u8; 110], scale: f32, quants: &mut [i8; 256], scales: &mut [f32; 16]) {
    for part in 0..8 {
        let step = f32::from(1 + 2 * nibble(&block[106..], part));
        scales[2 * part..2 * part + 2].fill(scale * step);
    }
    for i in 0..64 {
        let ninth = block[66 + i / 8] >> (i % 8) & 1;
        let entry = IQ3_S[usize::from(block[2 + i]) | usize::from(ninth) << 8];
        put(
            &mut quants[4 * i..],
            entry,
            block[74 + i / 2] >> (4 * (i % 2)),
        );
    }
}
