//! Sixteen rows read at once: bytes of a row become a lane.
#![allow(unsafe_code)] // loads through pointers, in bounds by the lengths asserted beside them

use crate::panel::{Lines, ROWS};
use std::arch::x86_64::*;

/// The bytes of sixteen rows, all equally long.
pub(super) struct Rows {
    starts: [*const u8; ROWS],
    length: usize,
}

impl Rows {
    pub fn of(lines: &Lines<'_>) -> Rows {
        let length = lines[0].len();
        assert!(lines.iter().all(|line| line.len() == length));
        Rows {
            starts: lines.map(<[u8]>::as_ptr),
            length,
        }
    }

    /// Bytes of each row.
    pub fn length(&self) -> usize {
        self.length
    }

    /// 16 bytes of each row, in fours.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn four(&self, at: usize) -> [__m512i; 4] {
        assert!(at + 16 <= self.length);
        let r: [__m512i; 4] = std::array::from_fn(|i| {
            // SAFETY: 16 bytes of each row, by the assertion.
            unsafe {
                let load = |row: usize| _mm_loadu_si128(self.starts[row].add(at).cast());
                let r = _mm512_castsi128_si512(load(i));
                let r = _mm512_inserti32x4::<1>(r, load(4 + i));
                let r = _mm512_inserti32x4::<2>(r, load(8 + i));
                _mm512_inserti32x4::<3>(r, load(12 + i))
            }
        });
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
        let r: [__m512i; 8] = std::array::from_fn(|i| {
            let row = if i < 4 { i } else { i + 4 };
            // SAFETY: 32 bytes of each row, by the assertion.
            unsafe {
                let load = |row: usize| _mm256_loadu_si256(self.starts[row].add(at).cast());
                _mm512_inserti64x4::<1>(_mm512_castsi256_si512(load(row)), load(row + 4))
            }
        });
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
        transposed(std::array::from_fn(|row| {
            // SAFETY: 64 bytes of each row, by the assertion.
            unsafe { _mm512_loadu_si512(self.starts[row].add(at).cast()) }
        }))
    }

    /// Two bytes of each row, as a number.
    #[inline]
    pub fn pair(&self, at: usize) -> [u16; ROWS] {
        assert!(at + 2 <= self.length);
        // SAFETY: two bytes of each row, by the assertion.
        self.starts
            .map(|start| unsafe { start.add(at).cast::<u16>().read_unaligned() })
    }

    /// Four bytes of each row, as a number.
    #[inline]
    pub fn word(&self, at: usize) -> [u32; ROWS] {
        assert!(at + 4 <= self.length);
        // SAFETY: four bytes of each row, by the assertion.
        self.starts
            .map(|start| unsafe { start.add(at).cast::<u32>().read_unaligned() })
    }

    /// A byte of each row.
    #[inline]
    pub fn byte(&self, at: usize) -> [u8; ROWS] {
        assert!(at < self.length);
        // SAFETY: a byte of each row, by the assertion.
        self.starts.map(|start| unsafe { start.add(at).read() })
    }
}

/// Half-floats as numbers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn halves(bits: &[u16; ROWS]) -> __m512 {
    // SAFETY: 32 bytes are read.
    _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(bits.as_ptr().cast()) })
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
