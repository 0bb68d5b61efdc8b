//! Keys and values in ggml's q8_0: a number is its quant times the scale of its block.
//!
//! As `quantize_row_q8_0_ref` in ggml's `ggml-quants.c`, but that quants are chosen for the scale as
//! it is stored, not for what was rounded to it, so that no number is further off than half a scale.

use super::{LANES, lay};
use crate::half;
use crate::steps::by_level;

/// Numbers that share a scale.
pub(crate) const BLOCK: usize = 32;
/// The largest quant.
const MOST: f32 = 127.0;
/// Added and taken away again, it rounds what is smaller than 2^22 to the nearest whole number, of
/// two equally near ones to the even.
const ROUNDS: f32 = 12_582_912.0;

/// Lays a head's keys of a position among the quants and scales of its part of a page.
pub(super) fn keys(position: usize, keys: &[f32], quants: &mut [i8], scales: &mut [u16]) {
    let blocks = keys.as_chunks().0;
    let mut slots = lay::slots(position, keys.len(), quants);
    for (keys, scale) in blocks
        .iter()
        .zip(lay::slots(position, blocks.len(), scales))
    {
        let mut ready = [0; BLOCK];
        quantise(crate::probe(), keys, &mut ready, scale);
        for (quant, slot) in ready.iter().zip(&mut slots) {
            *slot = *quant;
        }
    }
}

/// As [`keys`], of values.
pub(super) fn values(position: usize, values: &[f32], quants: &mut [i8], scales: &mut [u16]) {
    let blocks = values.as_chunks().0;
    let quants = quants
        .as_chunks_mut()
        .0
        .iter_mut()
        .skip(position * blocks.len());
    let scales = scales.iter_mut().skip(position * blocks.len());
    for (values, (quants, scale)) in blocks.iter().zip(quants.zip(scales)) {
        quantise(crate::probe(), values, quants, scale);
    }
}

by_level! {
    /// A block of numbers. One that is not a number makes all of them such; what is beyond 127 of
    /// the largest half-float becomes that.
    fn quantise(numbers: &[f32; BLOCK], quants: &mut [i8; BLOCK], scale: &mut u16) {
        // Sizes are ordered as their bits are, and what is not a number is above them all.
        let sizes = numbers.iter().map(|number| number.to_bits() & 0x7fff_ffff);
        let largest = f32::from_bits(sizes.fold(0, u32::max));
        *scale = half::from_f32(largest / MOST);
        let stored = half::to_f32(*scale);
        let share = if stored > 0.0 { 1.0 / stored } else { 0.0 };
        for (number, quant) in numbers.iter().zip(quants) {
            let size = (number * share).clamp(-MOST, MOST);
            *quant = ((size + ROUNDS) - ROUNDS) as i8;
        }
    }
}

const _: () = assert!(BLOCK.is_multiple_of(LANES));
