//! Sixteen rows read at once: bytes of a row become a lane.
#![allow(unsafe_code)] // loads through pointers, in bounds by the lengths asserted beside them

use crate::panel::{Lines, ROWS};
use std::arch::x86_64::*;
use std::ops::Range;

/// A part of sixteen rows.
pub(super) struct Rows<'a> {
    lines: &'a Lines<'a>,
    from: usize,
    length: usize,
    ahead: usize,
}

impl<'a> Rows<'a> {
    /// Bytes `part` of each row. What lies `ahead` bytes after them is what is read next.
    #[inline]
    pub fn of(lines: &'a Lines<'a>, part: Range<usize>, ahead: usize) -> Rows<'a> {
        assert!(part.start <= part.end && part.end <= lines.length());
        Rows {
            lines,
            from: part.start,
            length: part.len(),
            ahead,
        }
    }

    /// Where a row's part begins; its bytes are `length`, by the assertion above.
    #[inline]
    fn start(&self, row: usize) -> *const u8 {
        self.lines.get(row).as_ptr().wrapping_add(self.from)
    }

    /// Bytes of each row.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Asks for what lies ahead of a row. Where there is nothing, nothing happens.
    #[inline]
    pub fn fetch(&self, row: usize) {
        let ahead = self.start(row).wrapping_add(self.ahead);
        for at in (0..self.length).step_by(64) {
            // SAFETY: a hint, which never fails, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(at).cast()) };
        }
    }

    /// 16 bytes of each row, in fours.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn four(&self, at: usize) -> [__m512i; 4] {
        assert!(at + 16 <= self.length);
        let mut r = [_mm512_setzero_si512(); 4];
        for (i, lanes) in r.iter_mut().enumerate() {
            // SAFETY: 16 bytes of each row, by the assertion.
            let [a, b, c, d] = unsafe {
                [
                    _mm_loadu_si128(self.start(i).add(at).cast()),
                    _mm_loadu_si128(self.start(4 + i).add(at).cast()),
                    _mm_loadu_si128(self.start(8 + i).add(at).cast()),
                    _mm_loadu_si128(self.start(12 + i).add(at).cast()),
                ]
            };
            // Loads that go to all parts of a register and are kept in one need no shuffle.
            let first = _mm512_castsi128_si512(a);
            let two = _mm512_mask_broadcast_i32x4(first, 0x00f0, b);
            let three = _mm512_mask_broadcast_i32x4(two, 0x0f00, c);
            *lanes = _mm512_mask_broadcast_i32x4(three, 0xf000, d);
        }
        let (a, b) = (
            _mm512_unpacklo_epi32(r[0], r[1]),
            _mm512_unpackhi_epi32(r[0], r[1]),
        );
        let (c, d) = (
            _mm512_unpacklo_epi32(r[2], r[3]),
            _mm512_unpackhi_epi32(r[2], r[3]),
        );
        [
            _mm512_unpacklo_epi64(a, c),
            _mm512_unpackhi_epi64(a, c),
            _mm512_unpacklo_epi64(b, d),
            _mm512_unpackhi_epi64(b, d),
        ]
    }

    /// 32 bytes of each row, in fours.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn eight(&self, at: usize) -> [__m512i; 8] {
        assert!(at + 32 <= self.length);
        let mut r = [_mm512_setzero_si512(); 8];
        for (i, lanes) in r.iter_mut().enumerate() {
            let row = if i < 4 { i } else { i + 4 };
            // SAFETY: 32 bytes of each row, by the assertion.
            unsafe {
                let low = _mm256_loadu_si256(self.start(row).add(at).cast());
                let high = _mm256_loadu_si256(self.start(row + 4).add(at).cast());
                *lanes = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high);
            }
        }
        let mut pairs = r;
        for i in 0..4 {
            pairs[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
            pairs[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
        }
        let mut fours = r;
        for i in 0..2 {
            fours[4 * i] = _mm512_unpacklo_epi64(pairs[4 * i], pairs[4 * i + 2]);
            fours[4 * i + 1] = _mm512_unpackhi_epi64(pairs[4 * i], pairs[4 * i + 2]);
            fours[4 * i + 2] = _mm512_unpacklo_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
            fours[4 * i + 3] = _mm512_unpackhi_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
        }
        let mut out = r;
        for j in 0..4 {
            out[j] = _mm512_shuffle_i32x4::<0x88>(fours[j], fours[4 + j]);
            out[4 + j] = _mm512_shuffle_i32x4::<0xdd>(fours[j], fours[4 + j]);
        }
        out
    }

    /// 64 bytes of each row, in fours.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn sixteen(&self, at: usize) -> [__m512i; ROWS] {
        assert!(at + 64 <= self.length);
        let mut r = [_mm512_setzero_si512(); ROWS];
        for (row, lanes) in r.iter_mut().enumerate() {
            // SAFETY: 64 bytes of each row, by the assertion.
            *lanes = unsafe { _mm512_loadu_si512(self.start(row).add(at).cast()) };
        }
        transposed(r)
    }

    /// Two bytes of each row, as a number.
    #[inline]
    pub fn pair(&self, at: usize) -> [u16; ROWS] {
        assert!(at + 2 <= self.length);
        let mut all = [0; ROWS];
        for (row, one) in all.iter_mut().enumerate() {
            // SAFETY: two bytes of each row, by the assertion.
            *one = unsafe { self.start(row).add(at).cast::<u16>().read_unaligned() };
        }
        all
    }

    /// Four bytes of each row, as a number.
    #[inline]
    pub fn word(&self, at: usize) -> [u32; ROWS] {
        assert!(at + 4 <= self.length);
        let mut all = [0; ROWS];
        for (row, one) in all.iter_mut().enumerate() {
            // SAFETY: four bytes of each row, by the assertion.
            *one = unsafe { self.start(row).add(at).cast::<u32>().read_unaligned() };
        }
        all
    }

    /// A byte of each row.
    #[inline]
    pub fn byte(&self, at: usize) -> [u8; ROWS] {
        assert!(at < self.length);
        let mut all = [0; ROWS];
        for (row, one) in all.iter_mut().enumerate() {
            // SAFETY: a byte of each row, by the assertion.
            *one = unsafe { self.start(row).add(at).read() };
        }
        all
    }
}

/// Half-floats as numbers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn halves(bits: &[u16; ROWS]) -> __m512 {
    // SAFETY: 32 bytes are read.
    _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(bits.as_ptr().cast()) })
}

/// The numbers in the lower and the upper half of each lane.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn two_halves(lanes: __m512i) -> [__m512; 2] {
    [
        _mm512_cvtph_ps(_mm512_cvtepi32_epi16(lanes)),
        _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(lanes))),
    ]
}

/// Numbers as lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn words(words: &[u32; ROWS]) -> __m512i {
    // SAFETY: 64 bytes are read.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

/// Lanes into a row of a panel.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn put(place: &mut [u8; 4 * ROWS], lanes: __m512i) {
    // SAFETY: 64 bytes are written.
    unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), lanes) }
}

/// Numbers into a row of a panel.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn put_numbers(place: &mut [f32; ROWS], lanes: __m512) {
    // SAFETY: sixteen numbers are written.
    unsafe { _mm512_storeu_ps(place.as_mut_ptr(), lanes) }
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
