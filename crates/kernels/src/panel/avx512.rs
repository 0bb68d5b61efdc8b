//! Packing with 512-bit instructions.
#![allow(unsafe_code)] // loads and stores through pointers, in bounds by lengths asserted beside

use super::{Lines, Panel, ROWS, Unpacked, any};
use crate::block::{BlockType, SPAN};
use std::arch::x86_64::*;

/// The types that have a way of their own. False where a type has none.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
pub(super) fn pack(_kind: BlockType, _lines: &Lines<'_>, _panel: &mut Panel) -> bool {
    false
}

/// Every type.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
pub(super) fn any(kind: BlockType, lines: &Lines<'_>, rows: &mut Unpacked, panel: &mut Panel) {
    any::unpack(kind, lines, rows, |bits| {
        _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
    });
    assert!(rows.iter().all(|row| row.quants.len() == SPAN));
    for (at, places) in panel
        .quants
        .as_chunks_mut::<ROWS>()
        .0
        .iter_mut()
        .enumerate()
    {
        let sixteen = std::array::from_fn(|row| {
            // SAFETY: 64 bytes from `64 * at`, of SPAN.
            unsafe { _mm512_loadu_si512(rows[row].quants.as_ptr().add(64 * at).cast()) }
        });
        for (place, lanes) in places.iter_mut().zip(transposed(sixteen)) {
            // SAFETY: 64 bytes, aligned as the panel is.
            unsafe { _mm512_store_si512(place.as_mut_ptr().cast(), lanes) };
        }
    }
    any::scales(kind, rows, panel);
}

/// Lane `i` of row `j` becomes lane `j` of row `i`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn transposed(r: [__m512i; ROWS]) -> [__m512i; ROWS] {
    let mut pairs = r;
    for i in 0..8 {
        pairs[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    // In `fours[4 * i + j]`, the 128 bits number `k` hold column `4 * k + j` of four rows.
    let mut fours = r;
    for i in 0..4 {
        let [a, b, c, d] = [
            pairs[4 * i],
            pairs[4 * i + 1],
            pairs[4 * i + 2],
            pairs[4 * i + 3],
        ];
        fours[4 * i] = _mm512_unpacklo_epi64(a, c);
        fours[4 * i + 1] = _mm512_unpackhi_epi64(a, c);
        fours[4 * i + 2] = _mm512_unpacklo_epi64(b, d);
        fours[4 * i + 3] = _mm512_unpackhi_epi64(b, d);
    }
    let mut out = r;
    for j in 0..4 {
        let [a, b, c, d] = [fours[j], fours[4 + j], fours[8 + j], fours[12 + j]];
        let (even, odd) = (
            _mm512_shuffle_i32x4::<0x88>(a, b),
            _mm512_shuffle_i32x4::<0xdd>(a, b),
        );
        let (even_below, odd_below) = (
            _mm512_shuffle_i32x4::<0x88>(c, d),
            _mm512_shuffle_i32x4::<0xdd>(c, d),
        );
        out[j] = _mm512_shuffle_i32x4::<0x88>(even, even_below);
        out[4 + j] = _mm512_shuffle_i32x4::<0x88>(odd, odd_below);
        out[8 + j] = _mm512_shuffle_i32x4::<0xdd>(even, even_below);
        out[12 + j] = _mm512_shuffle_i32x4::<0xdd>(odd, odd_below);
    }
    out
}
