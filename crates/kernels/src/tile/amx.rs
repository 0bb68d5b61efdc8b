//! With tiles of bytes (AMX): sixteen rows of activations at once.
//!
//! The products of a group of columns are the same integers as everywhere, and are added to the
//! results in the same order, so that the bits are the same. A panel lies as a tile wants it.
//! Source: Intel's Architecture Instruction Set Extensions, chapter 3, and the Linux kernel's
//! Documentation/arch/x86/xstate.rst for the permission.
#![allow(unsafe_code)] // instructions that the standard library does not have yet

mod probe;

use crate::activations::Span;
use crate::block::SPAN;
use crate::panel::{Panel, ROWS};
use std::arch::asm;
use std::arch::x86_64::*;

pub(crate) use probe::usable;

/// Rows of activations of a tile.
pub(super) const TOKENS: usize = 16;

/// The shape of the eight tiles. Four hold sums, `(TOKENS, ROWS)` in 32 bits: upper and lower
/// bytes of two panels. Two hold activations, `(TOKENS, group)`, two weights, `(group / 4, ROWS)`.
#[repr(C, align(64))]
struct Shape {
    palette: u8,
    start: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

impl Shape {
    const fn of(group: u16) -> Shape {
        let (sums, x, w) = (64, group, 64);
        let fours = (group / 4) as u8;
        Shape {
            palette: 1,
            start: 0,
            reserved: [0; 14],
            row_bytes: [sums, sums, sums, sums, x, x, w, w, 0, 0, 0, 0, 0, 0, 0, 0],
            rows: [16, 16, 16, 16, 16, 16, fours, fours, 0, 0, 0, 0, 0, 0, 0, 0],
        }
    }
}

/// What the tiles give back.
#[repr(C, align(64))]
struct Sums([[[i32; ROWS]; TOKENS]; 4]);

/// As [`super::multiply`], for two panels and as many whole tiles of activations as there are.
/// Gives how many rows of activations those are.
///
/// # Safety
/// [`usable`] has said so.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
pub(super) unsafe fn multiply<const GROUP: usize, const OFFSETS: bool>(
    groups: usize,
    panels: [&Panel; 2],
    activations: &[Span],
    sums: &mut [[f32; ROWS]],
) -> usize {
    assert!(groups * GROUP <= SPAN && sums.len() == 2 * activations.len());
    let (tiles, _) = activations.as_chunks::<TOKENS>();
    if tiles.is_empty() {
        return 0;
    }
    let shape = const { Shape::of(GROUP as u16) };
    // SAFETY: the caller's promise; all 64 bytes of the shape are read, and live.
    unsafe { asm!("ldtilecfg [{0}]", in(reg) &raw const shape, options(nostack)) };
    let mut whole = Sums([[[0; ROWS]; TOKENS]; 4]);
    for (tile, sums) in tiles.iter().zip(sums.chunks_exact_mut(2 * TOKENS)) {
        for group in 0..groups {
            // SAFETY: the tiles are shaped; the group's columns are within the spans and panels.
            unsafe { products::<GROUP>(group, panels, tile, &mut whole) };
            add::<GROUP, OFFSETS>(group, panels, tile, &whole, sums);
        }
    }
    // SAFETY: the caller's promise.
    unsafe { asm!("tilerelease", options(nostack, nomem)) };
    tiles.len() * TOKENS
}

/// Multiply-adds of a round of [`rounds`].
pub(crate) const ROUND: u32 = 4 * 16 * 16 * 64;

/// Does nothing but multiply whole tiles, four side by side as [`multiply`] has them: what the
/// tiles can do at most.
///
/// # Safety
/// [`usable`] has said so.
pub(crate) unsafe fn rounds(rounds: u64) {
    let shape = const { Shape::of(64) };
    // SAFETY: the caller's promise; all 64 bytes of the shape are read, and live. Shaping the
    // tiles makes them zero.
    unsafe { asm!("ldtilecfg [{0}]", in(reg) &raw const shape, options(nostack)) };
    for _ in 0..rounds {
        // SAFETY: the tiles are shaped, and nothing else uses them.
        unsafe {
            asm!(
                "tdpbsud tmm0, tmm4, tmm6",
                "tdpbsud tmm2, tmm4, tmm7",
                "tdpbsud tmm1, tmm5, tmm6",
                "tdpbsud tmm3, tmm5, tmm7",
                options(nostack, nomem),
            );
        }
    }
    // SAFETY: the caller's promise.
    unsafe { asm!("tilerelease", options(nostack, nomem)) };
}

/// The products of one group of columns.
///
/// # Safety
/// The tiles have the shape of the group, which is one of a span's.
#[inline]
unsafe fn products<const GROUP: usize>(
    group: usize,
    panels: [&Panel; 2],
    tile: &[Span; TOKENS],
    whole: &mut Sums,
) {
    let [upper, lower] = &tile[0].codes;
    let fours = group * GROUP / 4;
    // SAFETY: sixteen rows of activations lie a span apart, and GROUP bytes of each are read; of
    // a panel GROUP / 4 rows of 64 bytes; four times sixteen rows of 64 bytes are written.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "tileloadd tmm4, [{upper} + {apart}]",
            "tileloadd tmm6, [{a} + {row}]",
            "tdpbsud tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{b} + {row}]",
            "tdpbsud tmm2, tmm4, tmm7",
            "tileloadd tmm5, [{lower} + {apart}]",
            "tdpbsud tmm1, tmm5, tmm6",
            "tdpbsud tmm3, tmm5, tmm7",
            "tilestored [{sums} + {row}], tmm0",
            "tilestored [{sums} + {row} + 1024], tmm1",
            "tilestored [{sums} + {row} + 2048], tmm2",
            "tilestored [{sums} + {row} + 3072], tmm3",
            upper = in(reg) upper.as_ptr().add(group * GROUP),
            lower = in(reg) lower.as_ptr().add(group * GROUP),
            apart = in(reg) size_of::<Span>(),
            a = in(reg) panels[0].quants.as_ptr().add(fours),
            b = in(reg) panels[1].quants.as_ptr().add(fours),
            row = in(reg) 4 * ROWS,
            sums = in(reg) &raw mut *whole,
            options(nostack),
        );
    }
}

/// Adds the products of one group to the results.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
fn add<const GROUP: usize, const OFFSETS: bool>(
    group: usize,
    panels: [&Panel; 2],
    tile: &[Span; TOKENS],
    whole: &Sums,
    sums: &mut [[f32; ROWS]],
) {
    for (p, panel) in panels.into_iter().enumerate() {
        // SAFETY: sixteen numbers each, aligned as the panel is.
        let (scales, offsets) = unsafe {
            (
                _mm512_load_ps(panel.scales[group].as_ptr()),
                _mm512_load_ps(panel.offsets[group].as_ptr()),
            )
        };
        for (t, span) in tile.iter().enumerate() {
            let (sum, shift) = match GROUP {
                16 => (span.half_sums[group], span.half_shifts[group]),
                _ => (span.sums[group], span.shifts[group]),
            };
            // SAFETY: sixteen numbers each, in bounds as arrays are.
            let (upper, mut lower, total) = unsafe {
                (
                    _mm512_load_si512(whole.0[2 * p][t].as_ptr().cast()),
                    _mm512_load_si512(whole.0[2 * p + 1][t].as_ptr().cast()),
                    _mm512_loadu_ps(sums[2 * t + p].as_ptr()),
                )
            };
            if !OFFSETS {
                lower = _mm512_add_epi32(lower, _mm512_set1_epi32(shift));
            }
            let all = _mm512_add_epi32(_mm512_slli_epi32::<8>(upper), lower);
            let scale = _mm512_mul_ps(scales, _mm512_set1_ps(span.scales[group * GROUP / 32]));
            let mut total = _mm512_fmadd_ps(_mm512_cvtepi32_ps(all), scale, total);
            if OFFSETS {
                total = _mm512_fmadd_ps(offsets, _mm512_set1_ps(sum), total);
            }
            // SAFETY: sixteen numbers are written.
            unsafe { _mm512_storeu_ps(sums[2 * t + p].as_mut_ptr(), total) };
        }
    }
}
