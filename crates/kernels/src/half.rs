//! Numbers of 16 bits.

/// IEEE 754 binary16 to binary32, exactly, in plain Rust.
pub(crate) fn to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        // Subnormal: fraction * 2^-24, exact in f32.
        0 => {
            let magnitude = fraction as f32 / 16_777_216.0;
            f32::from_bits(magnitude.to_bits() | sign)
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

/// The largest half-float.
const LARGEST: f32 = 65504.0;

/// binary32 to binary16, to the nearest and of two equally near ones the even; what is beyond the
/// largest half-float becomes that, with its sign.
pub(crate) fn from_f32(number: f32) -> u16 {
    let bits = number.clamp(-LARGEST, LARGEST).to_bits();
    let (sign, size) = ((bits >> 16) as u16 & 0x8000, bits & 0x7fff_ffff);
    let half = match size {
        // Subnormal, or the smallest normal: in units of 2^-24, rounded by the sum with 2^23.
        0..0x3880_0000 => {
            let units = f32::from_bits(size) * 16_777_216.0 + 8_388_608.0;
            units.to_bits() - 8_388_608f32.to_bits()
        }
        0x3880_0000..=0x7f80_0000 => ((size + 0xfff + (size >> 13 & 1)) >> 13) - (112 << 10),
        _ => 0x7e00 | size >> 13 & 0x3ff,
    };
    sign | half as u16
}

/// [`from_f32`] of each number, as many as both slices hold, by the best that the processor has.
pub(crate) fn narrow(numbers: &[f32], halves: &mut [u16]) {
    match crate::probe() {
        // SAFETY: the probe has seen the instructions.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        level if level >= crate::Level::Avx2 => unsafe { narrow_eights(numbers, halves) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        #[allow(unsafe_code)]
        level if level >= crate::Level::Neon => unsafe { narrow_fours(numbers, halves) },
        _ => narrow_each(numbers, halves),
    }
}

fn narrow_each(numbers: &[f32], halves: &mut [u16]) {
    for (number, half) in numbers.iter().zip(halves) {
        *half = from_f32(*number);
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // loads and stores through pointers
#[target_feature(enable = "avx2,f16c")]
fn narrow_eights(numbers: &[f32], halves: &mut [u16]) {
    use std::arch::x86_64::*;
    let ((numbers, rest), (eights, last)) = (numbers.as_chunks::<8>(), halves.as_chunks_mut::<8>());
    let (largest, least) = (_mm256_set1_ps(LARGEST), _mm256_set1_ps(-LARGEST));
    for (numbers, eight) in numbers.iter().zip(eights) {
        // SAFETY: eight numbers are read and as many halves written; both unaligned.
        unsafe {
            // In this order, what is not a number stays so.
            let numbers = _mm256_min_ps(largest, _mm256_loadu_ps(numbers.as_ptr()));
            let numbers = _mm256_max_ps(least, numbers);
            let halves = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(numbers);
            _mm_storeu_si128(eight.as_mut_ptr().cast(), halves);
        }
    }
    narrow_each(rest, last);
}

#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code)] // loads and stores through pointers
#[target_feature(enable = "neon")]
fn narrow_fours(numbers: &[f32], halves: &mut [u16]) {
    use std::arch::aarch64::*;
    let ((numbers, rest), (fours, last)) = (numbers.as_chunks::<4>(), halves.as_chunks_mut::<4>());
    let (largest, least) = (vdupq_n_f32(LARGEST), vdupq_n_f32(-LARGEST));
    for (numbers, four) in numbers.iter().zip(fours) {
        // SAFETY: four numbers are read and as many halves written; what is not a number stays so.
        unsafe {
            let numbers = vminq_f32(largest, vld1q_f32(numbers.as_ptr()));
            let numbers = vmaxq_f32(least, numbers);
            vst1_u16(four.as_mut_ptr(), crate::neon::narrowed(numbers));
        }
    }
    narrow_each(rest, last);
}

/// The nearest bfloat16, as a number, of two equally near ones the even; for what is a number.
#[inline(always)]
pub(crate) fn to_bf16(number: f32) -> f32 {
    let bits = number.to_bits();
    f32::from_bits(bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

/// Half-floats as numbers, as many as both slices hold.
#[inline(always)]
pub(crate) fn to_numbers(bytes: &[u8], numbers: &mut [f32]) {
    for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *number = to_f32(u16::from_le_bytes(*bytes));
    }
}

/// As [`to_numbers`], with this processor's instructions.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // loads and stores through pointers
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(crate) fn by_eights(bytes: &[u8], numbers: &mut [f32]) {
    use std::arch::x86_64::*;
    let ((bytes, rest), (eights, last)) = (bytes.as_chunks::<16>(), numbers.as_chunks_mut::<8>());
    for (bytes, eight) in bytes.iter().zip(eights) {
        // SAFETY: sixteen bytes are read and eight numbers written; both unaligned.
        unsafe {
            let numbers = _mm256_cvtph_ps(_mm_loadu_si128(bytes.as_ptr().cast()));
            _mm256_storeu_ps(eight.as_mut_ptr(), numbers);
        }
    }
    to_numbers(rest, last);
}

#[cfg(test)]
mod tests {
    use super::{from_f32, narrow, to_bf16, to_f32};

    #[test]
    fn many_at_once_as_one_by_one() {
        let numbers: Vec<f32> = (0..=u32::MAX).step_by(4099).map(f32::from_bits).collect();
        for numbers in [&numbers, &numbers[1..numbers.len() - 2]] {
            let mut halves = vec![0; numbers.len()];
            narrow(numbers, &mut halves);
            for (number, half) in numbers.iter().zip(halves) {
                assert_eq!(half, from_f32(*number), "{number}, {:#x}", number.to_bits());
            }
        }
    }

    #[test]
    fn every_half_comes_back_and_what_lies_between_goes_to_the_nearest() {
        for bits in 0..=u16::MAX {
            let number = to_f32(bits);
            match bits & 0x7fff {
                0..0x7c00 => assert_eq!(from_f32(number), bits, "{bits:#x}"),
                0x7c00 => assert_eq!(from_f32(number), bits - 1, "the largest for infinity"),
                _ => assert_eq!(from_f32(number), bits | 0x200, "{bits:#x}"),
            }
        }
        for bits in 0..0x7bffu16 {
            // Exact in f32: the middle of two neighbours.
            let middle = (to_f32(bits) + to_f32(bits + 1)) / 2.0;
            let next = |step: i32| f32::from_bits((middle.to_bits() as i32 + step) as u32);
            assert_eq!(from_f32(middle), bits + bits % 2, "{bits:#x}");
            assert_eq!(from_f32(next(-1)), bits, "{bits:#x}");
            assert_eq!(from_f32(next(1)), bits + 1, "{bits:#x}");
            assert_eq!(from_f32(-middle), 0x8000 | (bits + bits % 2), "{bits:#x}");
        }
        for (number, rounded) in [
            (1.003, 1.0),
            (1.0 + 1.0 / 256.0, 1.0),
            (1.004, 1.0078125),
            (-1.0 - 3.0 / 256.0, -1.015625),
        ] {
            assert_eq!(to_bf16(number), rounded);
        }
        assert_eq!(from_f32(65520.0), 0x7bff);
        assert_eq!(from_f32(-1e38), 0xfbff);
        assert_eq!(from_f32(1e-30), 0);
    }

    #[test]
    fn known_halves() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(to_f32(bits), value, "{bits:#x}");
        }
        assert!(to_f32(0x7c00).is_infinite());
        assert!(to_f32(0x7e00).is_nan());
    }
}
