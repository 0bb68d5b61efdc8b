//! Types whose blocks have 32 weights.

use super::rows::{Rows, halves, put, put_numbers, two_halves, words};
use crate::block::grid;
use crate::panel::{Panel, ROWS};
use std::arch::x86_64::*;

/// Low and high halves of bytes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn nibbles(lanes: __m512i) -> [__m512i; 2] {
    let low = _mm512_set1_epi8(15);
    [
        _mm512_and_si512(lanes, low),
        _mm512_and_si512(_mm512_srli_epi32::<4>(lanes), low),
    ]
}

/// Where each block begins, and the panel's rows of its quants. Asks for the next ones on the
/// way: a few at a time, since many at once would hold up what is read.
#[inline(always)]
fn each<'a>(
    rows: &'a Rows<'_>,
    bytes: usize,
    quants: &'a mut [[u8; 4 * ROWS]],
) -> impl Iterator<Item = (usize, &'a mut [[u8; 4 * ROWS]; 8])> {
    let blocks = rows.length() / bytes;
    let quants = quants.as_chunks_mut::<8>().0.iter_mut().take(blocks);
    let places = (0..).step_by(bytes).zip(quants);
    places.inspect(move |(at, _)| {
        let row = at / bytes * 2 % ROWS;
        rows.fetch(row);
        rows.fetch(row + 1);
    })
}

/// The first scale of each block, `from` bytes after its beginning.
#[inline]
#[target_feature(enable = "avx512f")]
fn numbers(rows: &Rows<'_>, bytes: usize, from: usize, places: &mut [[f32; ROWS]]) {
    for (at, place) in places.iter_mut().take(rows.length() / bytes).enumerate() {
        put_numbers(place, halves(&rows.pair(at * bytes + from)));
    }
}

/// Scale and minimum of each block, with which it begins.
#[inline]
#[target_feature(enable = "avx512f")]
fn pairs_of_numbers(rows: &Rows<'_>, bytes: usize, panel: &mut Panel) {
    let places = panel.scales.iter_mut().zip(&mut panel.offsets);
    for (at, (scale, minimum)) in places.take(rows.length() / bytes).enumerate() {
        let [low, high] = two_halves(words(&rows.word(at * bytes)));
        put_numbers(scale, low);
        put_numbers(minimum, high);
    }
}

/// Q4_0.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn four_bits(rows: &Rows<'_>, panel: &mut Panel) {
    let up = _mm512_set1_epi8(120);
    for (at, quants) in each(rows, 18, &mut panel.quants) {
        for (k, lanes) in rows.four(at + 2).into_iter().enumerate() {
            let [low, high] = nibbles(lanes);
            put(&mut quants[k], _mm512_add_epi8(low, up));
            put(&mut quants[4 + k], _mm512_add_epi8(high, up));
        }
    }
    numbers(rows, 18, 0, &mut panel.scales);
}

/// Q4_1.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn four_bits_and_minimum(rows: &Rows<'_>, panel: &mut Panel) {
    for (at, quants) in each(rows, 20, &mut panel.quants) {
        for (k, lanes) in rows.four(at + 4).into_iter().enumerate() {
            let [low, high] = nibbles(lanes);
            put(&mut quants[k], low);
            put(&mut quants[4 + k], high);
        }
    }
    pairs_of_numbers(rows, 20, panel);
}

/// Adds 16 to each of four quants of a row whose bit is set among bits `4 * k` to `4 * k + 3` of
/// the row's fifth bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn with_fifth(quants: __m512i, fifths: __m512i, k: usize) -> __m512i {
    let bits = if k.is_multiple_of(2) {
        0x0804_0201
    } else {
        0x8040_2010_u32 as i32
    };
    // Each lane's byte with those bits, four times.
    let byte = (k / 2) as i32;
    let all = byte | byte << 8 | byte << 16 | byte << 24;
    let places = _mm512_add_epi8(
        _mm512_set4_epi32(0x0c0c_0c0c, 0x0808_0808, 0x0404_0404, 0),
        _mm512_set1_epi32(all),
    );
    let spread = _mm512_shuffle_epi8(fifths, places);
    let set = _mm512_test_epi8_mask(spread, _mm512_set1_epi32(bits));
    _mm512_mask_add_epi8(quants, set, quants, _mm512_set1_epi8(16))
}

/// Q5_0.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn five_bits(rows: &Rows<'_>, panel: &mut Panel) {
    let up = _mm512_set1_epi8(112);
    for (at, quants) in each(rows, 22, &mut panel.quants) {
        let fifths = words(&rows.word(at + 2));
        for (k, lanes) in rows.four(at + 6).into_iter().enumerate() {
            let [low, high] = nibbles(lanes);
            put(
                &mut quants[k],
                _mm512_add_epi8(with_fifth(low, fifths, k), up),
            );
            put(
                &mut quants[4 + k],
                _mm512_add_epi8(with_fifth(high, fifths, 4 + k), up),
            );
        }
    }
    numbers(rows, 22, 0, &mut panel.scales);
}

/// Q5_1.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn five_bits_and_minimum(rows: &Rows<'_>, panel: &mut Panel) {
    for (at, quants) in each(rows, 24, &mut panel.quants) {
        let fifths = words(&rows.word(at + 4));
        for (k, lanes) in rows.four(at + 8).into_iter().enumerate() {
            let [low, high] = nibbles(lanes);
            put(&mut quants[k], with_fifth(low, fifths, k));
            put(&mut quants[4 + k], with_fifth(high, fifths, 4 + k));
        }
    }
    pairs_of_numbers(rows, 24, panel);
}

/// Q8_0.
#[target_feature(enable = "avx512f")]
pub(super) fn eight_bits(rows: &Rows<'_>, panel: &mut Panel) {
    let sign = _mm512_set1_epi8(-128);
    for (at, quants) in each(rows, 34, &mut panel.quants) {
        for (place, lanes) in quants.iter_mut().zip(rows.eight(at + 2)) {
            put(place, _mm512_xor_si512(lanes, sign));
        }
    }
    numbers(rows, 34, 0, &mut panel.scales);
}

/// The sixteen values that four bits stand for, 128 more, in each 128 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn table(values: &[i8; 16]) -> __m512i {
    // SAFETY: sixteen bytes are read.
    #[allow(unsafe_code)]
    let values = unsafe { _mm_loadu_si128(values.as_ptr().cast()) };
    _mm512_xor_si512(_mm512_broadcast_i32x4(values), _mm512_set1_epi8(-128))
}

/// The nibbles of 16 bytes a block, looked up.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn by_table(rows: &Rows<'_>, bytes: usize, from: usize, values: &[i8; 16], panel: &mut Panel) {
    let table = table(values);
    for (at, quants) in each(rows, bytes, &mut panel.quants) {
        for (k, lanes) in rows.four(at + from).into_iter().enumerate() {
            let [low, high] = nibbles(lanes);
            put(&mut quants[k], _mm512_shuffle_epi8(table, low));
            put(&mut quants[4 + k], _mm512_shuffle_epi8(table, high));
        }
    }
}

/// IQ4_NL.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn looked_up(rows: &Rows<'_>, panel: &mut Panel) {
    by_table(rows, 18, 2, &grid::FOUR_BITS, panel);
    numbers(rows, 18, 0, &mut panel.scales);
}

/// MXFP4.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn floats(rows: &Rows<'_>, panel: &mut Panel) {
    by_table(rows, 17, 1, &grid::FP4, panel);
    for (at, place) in panel.scales.iter_mut().take(rows.length() / 17).enumerate() {
        *place = rows.byte(at * 17).map(grid::power_of_two);
    }
}
