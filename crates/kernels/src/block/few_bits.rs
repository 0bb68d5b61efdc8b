//! Quants of two bits and less, as 256 of them lie in a block.

/// Each 32 bytes hold 128 quants: the lowest bits those of the first 32.
#[inline(always)]
pub(super) fn two_bits(bytes: &[u8; 64], quants: &mut [i8; 256]) {
    for (bytes, quants) in bytes.chunks_exact(32).zip(quants.chunks_exact_mut(128)) {
        for (part, quants) in quants.chunks_exact_mut(32).enumerate() {
            for (quant, byte) in quants.iter_mut().zip(bytes) {
                *quant = (byte >> (2 * part) & 3) as i8;
            }
        }
    }
}

/// As [`two_bits`], less four where the mask's bit is not set: bit `i` of the 32 bytes is for the
/// `i`th 32 quants.
#[inline(always)]
pub(super) fn two_bits_and_mask(bytes: &[u8; 64], mask: &[u8; 32], quants: &mut [i8; 256]) {
    two_bits(bytes, quants);
    for (part, quants) in quants.chunks_exact_mut(32).enumerate() {
        for (quant, mask) in quants.iter_mut().zip(mask) {
            *quant -= 4 - (mask >> part & 1) as i8 * 4;
        }
    }
}

/// Five quants from -1 to 1 in each byte, the first of all bytes before the second. A byte is the
/// fraction of 256 whose digits to the base three are the quants plus one, rounded up.
#[inline(always)]
pub(super) fn ternary_five(bytes: &[u8], quants: &mut [i8]) {
    for (quants, power) in quants.chunks_exact_mut(bytes.len()).zip([1, 3, 9, 27, 81]) {
        ternary(bytes, power, quants);
    }
}

/// As [`ternary_five`], with four quants in each byte.
#[inline(always)]
pub(super) fn ternary_four(bytes: &[u8; 4], quants: &mut [i8]) {
    for (quants, power) in quants.chunks_exact_mut(4).zip([1, 3, 9, 27]) {
        ternary(bytes, power, quants);
    }
}

#[inline(always)]
fn ternary(bytes: &[u8], power: u8, quants: &mut [i8]) {
    for (quant, byte) in quants.iter_mut().zip(bytes) {
        let fraction = byte.wrapping_mul(power);
        *quant = ((u16::from(fraction) * 3) >> 8) as i8 - 1;
    }
}
