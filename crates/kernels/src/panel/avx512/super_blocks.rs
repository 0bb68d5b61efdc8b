//! Types whose blocks have 256 weights: one block is a span.

use super::blocks::{nibbles, table};
use super::rows::{Rows, halves, put, put_numbers, two_halves, words};
use crate::block::grid;
use crate::panel::{Panel, ROWS};
use std::arch::x86_64::*;

/// Byte `N` of each lane, as a number.
#[inline]
#[target_feature(enable = "avx512f")]
fn byte<const SHIFT: u32>(lanes: __m512i) -> __m512 {
    _mm512_cvtepi32_ps(_mm512_and_si512(
        _mm512_srli_epi32::<SHIFT>(lanes),
        _mm512_set1_epi32(255),
    ))
}

/// The four bytes of each lane as numbers, times a number of each lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn put_bytes(places: &mut [[f32; ROWS]; 4], lanes: __m512i, times: __m512) {
    put_numbers(&mut places[0], _mm512_mul_ps(times, byte::<0>(lanes)));
    put_numbers(&mut places[1], _mm512_mul_ps(times, byte::<8>(lanes)));
    put_numbers(&mut places[2], _mm512_mul_ps(times, byte::<16>(lanes)));
    put_numbers(&mut places[3], _mm512_mul_ps(times, byte::<24>(lanes)));
}

/// As [`put_bytes`], of bytes with a sign.
#[inline]
#[target_feature(enable = "avx512f")]
fn put_signed(places: &mut [[f32; ROWS]; 4], lanes: __m512i, times: __m512) {
    let shifted = [
        _mm512_slli_epi32::<24>(lanes),
        _mm512_slli_epi32::<16>(lanes),
        _mm512_slli_epi32::<8>(lanes),
        lanes,
    ];
    for (place, lanes) in places.iter_mut().zip(shifted) {
        let number = _mm512_cvtepi32_ps(_mm512_srai_epi32::<24>(lanes));
        put_numbers(place, _mm512_mul_ps(times, number));
    }
}

/// `lanes` where `mask` has bits, in each lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn masked(lanes: __m512i, mask: i32) -> __m512i {
    _mm512_and_si512(lanes, _mm512_set1_epi32(mask))
}

/// The two upper bits of each byte, as its fifth and sixth.
#[inline]
#[target_feature(enable = "avx512f")]
fn upper(lanes: __m512i) -> __m512i {
    _mm512_slli_epi32::<4>(masked(_mm512_srli_epi32::<6>(lanes), 0x0303_0303))
}

/// The eight 6-bit scales and minima of Q4_K and Q5_K, packed behind the block's two halves.
#[inline]
#[target_feature(enable = "avx512f")]
fn six_bit_scales(rows: &Rows<'_>, panel: &mut Panel) {
    let [both, a, b, c] = rows.four(0);
    let [scale, minimum] = two_halves(both);
    let less = _mm512_sub_ps(_mm512_setzero_ps(), minimum);
    let scales = [
        masked(a, 0x3f3f_3f3f),
        _mm512_or_si512(masked(c, 0x0f0f_0f0f), upper(a)),
    ];
    let minima = [
        masked(b, 0x3f3f_3f3f),
        _mm512_or_si512(masked(_mm512_srli_epi32::<4>(c), 0x0f0f_0f0f), upper(b)),
    ];
    for ((places, lanes), (less_places, minima)) in (panel.scales.as_chunks_mut::<4>().0.iter_mut())
        .zip(scales)
        .zip(panel.offsets.as_chunks_mut::<4>().0.iter_mut().zip(minima))
    {
        put_bytes(places, lanes, scale);
        put_bytes(less_places, minima, less);
    }
}

/// Q4_K.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn four_bits(rows: &Rows<'_>, panel: &mut Panel) {
    six_bit_scales(rows, panel);
    for (part, quants) in panel.quants.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        for quarter in 0..4 {
            rows.fetch(8 * part + 2 * quarter);
            rows.fetch(8 * part + 2 * quarter + 1);
            let four = rows.four(16 + 64 * part + 16 * quarter);
            let at = quarter / 2 * 16 + quarter % 2 * 4;
            for k in 0..4 {
                let [low, high] = nibbles(four[k]);
                put(&mut quants[at + k], low);
                put(&mut quants[at + 8 + k], high);
            }
        }
    }
}

/// Q5_K.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn five_bits(rows: &Rows<'_>, panel: &mut Panel) {
    six_bit_scales(rows, panel);
    let fifths = rows.eight(16);
    let sixteen = _mm512_set1_epi8(16);
    for (part, quants) in panel.quants.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        for (k, lanes) in rows.sixteen(48 + 64 * part).into_iter().enumerate() {
            let (pair, at) = (2 * part + k / 8, k / 8 * 16 + k % 8);
            if k.is_multiple_of(2) {
                rows.fetch(8 * part + k / 2);
            }
            for (half, lanes) in nibbles(lanes).into_iter().enumerate() {
                let bit = _mm512_set1_epi8((1u8 << (2 * pair + half)) as i8);
                let set = _mm512_test_epi8_mask(fifths[k % 8], bit);
                let with = _mm512_mask_add_epi8(lanes, set, lanes, sixteen);
                put(&mut quants[at + 8 * half], with);
            }
        }
    }
}

/// Q6_K.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn six_bits(rows: &Rows<'_>, panel: &mut Panel) {
    let scale = halves(&rows.pair(208));
    let steps = rows.four(192);
    for (places, lanes) in panel.scales.as_chunks_mut::<4>().0.iter_mut().zip(steps) {
        put_signed(places, lanes, scale);
    }
    let (up, two) = (_mm512_set1_epi8(96), _mm512_set1_epi8(0x30));
    let high = rows.sixteen(128);
    for (half, quants) in panel.quants.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let lanes = rows.sixteen(64 * half);
        for (k, high) in high[8 * half..8 * half + 8].iter().enumerate() {
            rows.fetch(8 * half + k);
            let [a, c] = nibbles(lanes[k]);
            let [b, d] = nibbles(lanes[k + 8]);
            let upper = [
                _mm512_slli_epi32::<4>(*high),
                _mm512_slli_epi32::<2>(*high),
                *high,
                _mm512_srli_epi32::<2>(*high),
            ];
            for (part, (low, upper)) in [a, b, c, d].into_iter().zip(upper).enumerate() {
                let whole = _mm512_or_si512(low, _mm512_and_si512(upper, two));
                put(&mut quants[8 * part + k], _mm512_add_epi8(whole, up));
            }
        }
    }
}

/// Q2_K.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn two_bits(rows: &Rows<'_>, panel: &mut Panel) {
    let [scale, minimum] = two_halves(words(&rows.word(80)));
    let less = _mm512_sub_ps(_mm512_setzero_ps(), minimum);
    for (at, lanes) in rows.four(0).into_iter().enumerate() {
        let [low, high] = nibbles(lanes);
        put_bytes(&mut panel.scales.as_chunks_mut::<4>().0[at], low, scale);
        put_bytes(&mut panel.offsets.as_chunks_mut::<4>().0[at], high, less);
    }
    for (k, lanes) in rows.sixteen(16).into_iter().enumerate() {
        let at = k / 8 * 32 + k % 8;
        rows.fetch(k);
        for (part, lanes) in two_bits_of(lanes).into_iter().enumerate() {
            put(&mut panel.quants[at + 8 * part], lanes);
        }
    }
}

/// The four times two bits of each byte, the lowest first.
#[inline]
#[target_feature(enable = "avx512f")]
fn two_bits_of(lanes: __m512i) -> [__m512i; 4] {
    [
        masked(lanes, 0x0303_0303),
        masked(_mm512_srli_epi32::<2>(lanes), 0x0303_0303),
        masked(_mm512_srli_epi32::<4>(lanes), 0x0303_0303),
        masked(_mm512_srli_epi32::<6>(lanes), 0x0303_0303),
    ]
}

/// Q3_K.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn three_bits(rows: &Rows<'_>, panel: &mut Panel) {
    let scale = halves(&rows.pair(108));
    let packed = [
        words(&rows.word(96)),
        words(&rows.word(100)),
        words(&rows.word(104)),
    ];
    let low = [
        masked(packed[0], 0x0f0f_0f0f),
        masked(packed[1], 0x0f0f_0f0f),
        masked(_mm512_srli_epi32::<4>(packed[0]), 0x0f0f_0f0f),
        masked(_mm512_srli_epi32::<4>(packed[1]), 0x0f0f_0f0f),
    ];
    for (at, (low, high)) in low.into_iter().zip(two_bits_of(packed[2])).enumerate() {
        let whole = _mm512_or_si512(low, _mm512_slli_epi32::<4>(high));
        let signed = _mm512_sub_epi8(whole, _mm512_set1_epi8(32));
        put_signed(&mut panel.scales.as_chunks_mut::<4>().0[at], signed, scale);
    }
    let (up, four) = (_mm512_set1_epi8(124), _mm512_set1_epi8(4));
    let mask = rows.eight(0);
    for (k, lanes) in rows.sixteen(32).into_iter().enumerate() {
        let at = k / 8 * 32 + k % 8;
        rows.fetch(k);
        for (part, lanes) in two_bits_of(lanes).into_iter().enumerate() {
            let bit = _mm512_set1_epi8((1u8 << (k / 8 * 4 + part)) as i8);
            let set = _mm512_test_epi8_mask(mask[k % 8], bit);
            let less = _mm512_add_epi8(lanes, up);
            put(
                &mut panel.quants[at + 8 * part],
                _mm512_mask_add_epi8(less, set, less, four),
            );
        }
    }
}

/// IQ4_XS.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn looked_up(rows: &Rows<'_>, panel: &mut Panel) {
    let [scale, _] = two_halves(words(&rows.word(0)));
    let (high, low) = (words(&rows.word(0)), words(&rows.word(4)));
    for (part, place) in panel.scales.iter_mut().take(8).enumerate() {
        let low = _mm512_srl_epi32(low, _mm_cvtsi32_si128(4 * part as i32));
        let high = _mm512_srl_epi32(high, _mm_cvtsi32_si128(16 + 2 * part as i32));
        let upper = _mm512_slli_epi32::<4>(masked(high, 3));
        let step = _mm512_or_si512(masked(low, 15), upper);
        let step = _mm512_cvtepi32_ps(_mm512_sub_epi32(step, _mm512_set1_epi32(32)));
        put_numbers(place, _mm512_mul_ps(scale, step));
    }
    let table = table(&grid::FOUR_BITS);
    for (part, quants) in panel.quants.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        for (k, lanes) in rows.sixteen(8 + 64 * part).into_iter().enumerate() {
            let at = k / 4 * 8 + k % 4;
            if k.is_multiple_of(2) {
                rows.fetch(8 * part + k / 2);
            }
            let [low, high] = nibbles(lanes);
            put(&mut quants[at], _mm512_shuffle_epi8(table, low));
            put(&mut quants[at + 4], _mm512_shuffle_epi8(table, high));
        }
    }
}
