//! Packing with 256-bit instructions.
#![allow(unsafe_code)] // loads and stores through pointers, in bounds by arrays' lengths

use super::{Lines, Panel, ROWS, Unpacked, any};
use crate::block::{BlockType, SPAN};
use std::arch::x86_64::*;
use std::ops::Range;

/// Rows, and groups of four columns, that are exchanged at once.
const SIDE: usize = 8;

/// Every type.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn any(
    kind: BlockType,
    lines: &Lines<'_>,
    part: Range<usize>,
    rows: &mut Unpacked,
    panel: &mut Panel,
) {
    let half = |bits| _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))));
    any::unpack(
        kind,
        lines,
        part,
        rows,
        true,
        half,
        |bytes, values, quants| {
            let low = _mm_set1_epi8(15);
            // SAFETY: sixteen bytes and values are read, and 32 quants written.
            unsafe {
                let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
                let values = _mm_loadu_si128(values.as_ptr().cast());
                let high = _mm_and_si128(_mm_srli_epi16::<4>(bytes), low);
                let (low, high) = (
                    _mm_shuffle_epi8(values, _mm_and_si128(bytes, low)),
                    _mm_shuffle_epi8(values, high),
                );
                _mm_storeu_si128(quants.as_mut_ptr().cast(), low);
                _mm_storeu_si128(quants[16..].as_mut_ptr().cast(), high);
            }
        },
    );
    assert!(rows.iter().all(|row| row.quants.len() == SPAN));
    for from_row in (0..ROWS).step_by(SIDE) {
        for from_four in (0..SPAN / 4).step_by(SIDE) {
            let mut eight = [_mm256_setzero_si256(); SIDE];
            for (lanes, row) in eight.iter_mut().zip(&rows[from_row..]) {
                // SAFETY: 32 bytes from `4 * from_four`, which is at most SPAN - 32.
                *lanes =
                    unsafe { _mm256_loadu_si256(row.quants.as_ptr().add(4 * from_four).cast()) };
            }
            for (four, lanes) in transposed(eight).into_iter().enumerate() {
                let place = &mut panel.quants[from_four + four][4 * from_row..];
                // SAFETY: 32 bytes of the 64, from 0 or 32.
                unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), lanes) };
            }
        }
    }
    any::scales(kind, rows, panel);
}

/// Lane `i` of row `j` becomes lane `j` of row `i`.
#[inline]
#[target_feature(enable = "avx2")]
fn transposed(r: [__m256i; SIDE]) -> [__m256i; SIDE] {
    let mut pairs = r;
    for i in 0..SIDE / 2 {
        pairs[2 * i] = _mm256_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    let [a0, a1, b0, b1, c0, c1, d0, d1] = pairs;
    let upper = [
        _mm256_unpacklo_epi64(a0, b0),
        _mm256_unpackhi_epi64(a0, b0),
        _mm256_unpacklo_epi64(a1, b1),
        _mm256_unpackhi_epi64(a1, b1),
    ];
    let lower = [
        _mm256_unpacklo_epi64(c0, d0),
        _mm256_unpackhi_epi64(c0, d0),
        _mm256_unpacklo_epi64(c1, d1),
        _mm256_unpackhi_epi64(c1, d1),
    ];
    let mut out = [_mm256_setzero_si256(); SIDE];
    for i in 0..4 {
        out[i] = _mm256_permute2x128_si256::<0x20>(upper[i], lower[i]);
        out[i + 4] = _mm256_permute2x128_si256::<0x31>(upper[i], lower[i]);
    }
    out
}
