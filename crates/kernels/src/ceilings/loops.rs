//! The loops that do nothing but read, or nothing but multiply and add: as many sums side by side
//! as the processor can keep going, none of which waits for another.
#![allow(unsafe_code)] // functions for instructions that the level says are there

use crate::probe::Level;
#[cfg(target_arch = "x86_64")]
use crate::tile::amx;
use std::hint::black_box;

/// Sums side by side: latency of an addition times additions begun at once, and some more.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const SUMS: usize = 16;
/// Words that are read in one round.
const WORDS: usize = 64;

/// Arithmetic on registers.
pub(super) struct Arithmetic {
    /// Does so many rounds.
    pub work: fn(u64),
    /// Multiply-adds of a round.
    pub each: u32,
}

/// Sums words up.
pub(super) fn sum(level: Level) -> fn(&[u64]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        if level >= Level::Avx512Vnni {
            // SAFETY: the level says that the processor has these instructions.
            return |words| unsafe { x86::sum_512(words) };
        }
        if level >= Level::Avx2 {
            // SAFETY: as above.
            return |words| unsafe { x86::sum_256(words) };
        }
    }
    let _ = level;
    |words| plain_sum(words)
}

/// Multiply-adds of bytes.
pub(super) fn integer(level: Level) -> Arithmetic {
    #[cfg(target_arch = "x86_64")]
    {
        if level >= Level::Amx {
            return Arithmetic {
                // SAFETY: the level says that the tiles have been tried.
                work: |rounds| unsafe { amx::rounds(rounds) },
                each: amx::ROUND,
            };
        }
        if level >= Level::Avx512Vnni {
            return Arithmetic {
                // SAFETY: the level says that the processor has these instructions.
                work: |rounds| unsafe { x86::bytes_512(rounds) },
                each: 64 * SUMS as u32,
            };
        }
        if level >= Level::AvxVnni {
            return Arithmetic {
                // SAFETY: as above.
                work: |rounds| unsafe { x86::bytes_256_at_once(rounds) },
                each: 32 * x86::FEWER as u32,
            };
        }
        if level >= Level::Avx2 {
            return Arithmetic {
                // SAFETY: as above.
                work: |rounds| unsafe { x86::bytes_256(rounds) },
                each: 32 * x86::FEWER as u32,
            };
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        if level >= Level::NeonI8mm {
            return Arithmetic {
                // SAFETY: the level says that the processor has these instructions.
                work: |rounds| unsafe { arm::pairs(rounds) },
                each: 32 * SUMS as u32,
            };
        }
        if level >= Level::NeonDotprod {
            return Arithmetic {
                // SAFETY: as above.
                work: |rounds| unsafe { arm::dots(rounds) },
                each: 16 * SUMS as u32,
            };
        }
        if level >= Level::Neon {
            return Arithmetic {
                // SAFETY: as above.
                work: |rounds| unsafe { arm::bytes(rounds) },
                each: 16 * SUMS as u32,
            };
        }
    }
    let _ = level;
    Arithmetic {
        work: plain_integers,
        each: (WORDS / 2) as u32,
    }
}

/// Multiply-adds of f32.
pub(super) fn float(level: Level) -> Arithmetic {
    #[cfg(target_arch = "x86_64")]
    {
        if level >= Level::Avx512Vnni {
            return Arithmetic {
                // SAFETY: the level says that the processor has these instructions.
                work: |rounds| unsafe { x86::floats_512(rounds) },
                each: 16 * SUMS as u32,
            };
        }
        if level >= Level::Avx2 {
            return Arithmetic {
                // SAFETY: as above.
                work: |rounds| unsafe { x86::floats_256(rounds) },
                each: 8 * x86::FEWER as u32,
            };
        }
    }
    #[cfg(target_arch = "aarch64")]
    if level >= Level::Neon {
        return Arithmetic {
            // SAFETY: the level says that the processor has these instructions.
            work: |rounds| unsafe { arm::floats(rounds) },
            each: 4 * SUMS as u32,
        };
    }
    let _ = level;
    Arithmetic {
        work: plain_floats,
        each: (WORDS / 2) as u32,
    }
}

#[inline(always)]
fn plain_sum(words: &[u64]) -> u64 {
    let mut sums = [0u64; WORDS];
    let (rounds, rest) = words.as_chunks::<WORDS>();
    for round in rounds {
        for (sum, word) in sums.iter_mut().zip(round) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.iter().chain(rest).copied().fold(0, u64::wrapping_add)
}

/// As the compiler makes it for a processor of which nothing is known. Each sum times a factor
/// that it cannot see, so that it cannot reckon the end beforehand.
fn plain_integers(rounds: u64) {
    let (mut sums, factor) = ([1i32; WORDS / 2], black_box(3i32));
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.wrapping_mul(factor).wrapping_add(1);
        }
    }
    black_box(sums);
}

fn plain_floats(rounds: u64) {
    let (mut sums, factor) = ([1f32; WORDS / 2], black_box(0.5f32));
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = *sum * factor + 1.0;
        }
    }
    black_box(sums);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{SUMS, plain_sum};
    use std::arch::x86_64::*;
    use std::hint::black_box;

    /// Sums side by side where there are 16 registers, which hold the factors too.
    pub const FEWER: usize = 12;

    #[target_feature(enable = "avx512f")]
    pub fn sum_512(words: &[u64]) -> u64 {
        plain_sum(words)
    }

    #[target_feature(enable = "avx2")]
    pub fn sum_256(words: &[u64]) -> u64 {
        plain_sum(words)
    }

    #[target_feature(enable = "avx512f,avx512vnni")]
    pub fn bytes_512(rounds: u64) {
        let (a, b) = black_box((_mm512_set1_epi8(3), _mm512_set1_epi8(-5)));
        let mut sums = [_mm512_setzero_si512(); SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, a, b);
            }
        }
        black_box(sums);
    }

    /// Without instructions for it: products of pairs in 16 bits, then their sums in 32.
    #[target_feature(enable = "avx2")]
    pub fn bytes_256(rounds: u64) {
        let (b, ones) = black_box((_mm256_set1_epi8(-5), _mm256_set1_epi16(1)));
        let mut sums = black_box([b; FEWER]);
        for _ in 0..rounds {
            for sum in &mut sums {
                // Of the sum itself: of constants it would be one product, made once.
                let pairs = _mm256_maddubs_epi16(*sum, b);
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx2,avxvnni")]
    pub fn bytes_256_at_once(rounds: u64) {
        let (a, b) = black_box((_mm256_set1_epi8(3), _mm256_set1_epi8(-5)));
        let mut sums = black_box([b; FEWER]);
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm256_dpbusd_avx_epi32(*sum, a, b);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx512f")]
    pub fn floats_512(rounds: u64) {
        let (a, b) = black_box((_mm512_set1_ps(0.5), _mm512_set1_ps(1.0)));
        let mut sums = [b; SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, a, b);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn floats_256(rounds: u64) {
        let (a, b) = black_box((_mm256_set1_ps(0.5), _mm256_set1_ps(1.0)));
        let mut sums = [b; FEWER];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, a, b);
            }
        }
        black_box(sums);
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::SUMS;
    use crate::neon::{dot, two_by_two};
    use std::arch::aarch64::*;
    use std::hint::black_box;

    #[target_feature(enable = "neon,i8mm")]
    pub fn pairs(rounds: u64) {
        let (a, b) = black_box((vdupq_n_s8(3), vdupq_n_s8(-5)));
        let mut sums = [vdupq_n_s32(0); SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = two_by_two(*sum, a, b);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "neon,dotprod")]
    pub fn dots(rounds: u64) {
        let (a, b) = black_box((vdupq_n_s8(3), vdupq_n_s8(-5)));
        let mut sums = [vdupq_n_s32(0); SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = dot::<0>(*sum, a, b);
            }
        }
        black_box(sums);
    }

    /// Without instructions for it: products of pairs in 16 bits, then their sums in 32.
    #[target_feature(enable = "neon")]
    pub fn bytes(rounds: u64) {
        let a = black_box(vdupq_n_s8(-5));
        let mut sums = black_box([vdupq_n_s32(3); SUMS]);
        for _ in 0..rounds {
            for sum in &mut sums {
                // Of the sum itself: of constants it would be one product, made once.
                let b = vreinterpretq_s8_s32(*sum);
                let pairs = vmull_s8(vget_low_s8(a), vget_low_s8(b));
                *sum = vpadalq_s16(*sum, vmlal_high_s8(pairs, a, b));
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "neon")]
    pub fn floats(rounds: u64) {
        let (a, b) = black_box((vdupq_n_f32(0.5), vdupq_n_f32(1.0)));
        let mut sums = [b; SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = vfmaq_f32(*sum, a, b);
            }
        }
        black_box(sums);
    }
}
