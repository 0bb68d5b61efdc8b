//! Packing with 512-bit instructions.
#![allow(unsafe_code)] // loads and stores through pointers, in bounds by lengths asserted beside

use super::{Lines, Panel, ROWS, Unpacked, any};
use crate::block::{BlockType, SPAN, looked_up};
use std::arch::x86_64::*;
use std::ops::Range;

mod blocks;
mod rows;
mod super_blocks;

use rows::{Rows, transposed};

/// The types that have a way of their own. False where a type has none.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
pub(super) fn pack(
    kind: BlockType,
    lines: &Lines<'_>,
    part: Range<usize>,
    ahead: usize,
    panel: &mut Panel,
) -> bool {
    let rows = Rows::of(lines, part, ahead);
    match kind {
        BlockType::Q4_0 => blocks::four_bits(&rows, panel),
        BlockType::Q4_1 => blocks::four_bits_and_minimum(&rows, panel),
        BlockType::Q5_0 => blocks::five_bits(&rows, panel),
        BlockType::Q5_1 => blocks::five_bits_and_minimum(&rows, panel),
        BlockType::Q8_0 => blocks::eight_bits(&rows, panel),
        BlockType::IQ4NL => blocks::looked_up(&rows, panel),
        BlockType::MXFP4 => blocks::floats(&rows, panel),
        BlockType::Q2K => super_blocks::two_bits(&rows, panel),
        BlockType::Q3K => super_blocks::three_bits(&rows, panel),
        BlockType::Q4K => super_blocks::four_bits(&rows, panel),
        BlockType::Q5K => super_blocks::five_bits(&rows, panel),
        BlockType::Q6K => super_blocks::six_bits(&rows, panel),
        BlockType::IQ4XS => super_blocks::looked_up(&rows, panel),
        _ => return false,
    }
    true
}

/// Every type.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
pub(super) fn any(
    kind: BlockType,
    lines: &Lines<'_>,
    part: Range<usize>,
    rows: &mut Unpacked,
    panel: &mut Panel,
) {
    let half = |bits| _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))));
    any::unpack(kind, lines, part, rows, true, half, looked_up);
    assert!(rows.iter().all(|row| row.quants.len() == SPAN));
    for (at, places) in panel
        .quants
        .as_chunks_mut::<ROWS>()
        .0
        .iter_mut()
        .enumerate()
    {
        let mut sixteen = [_mm512_setzero_si512(); ROWS];
        for (lanes, row) in sixteen.iter_mut().zip(rows.iter()) {
            // SAFETY: 64 bytes from `64 * at`, of SPAN.
            *lanes = unsafe { _mm512_loadu_si512(row.quants.as_ptr().add(64 * at).cast()) };
        }
        for (place, lanes) in places.iter_mut().zip(transposed(sixteen)) {
            // SAFETY: 64 bytes, aligned as the panel is.
            unsafe { _mm512_store_si512(place.as_mut_ptr().cast(), lanes) };
        }
    }
    any::scales(kind, rows, panel);
}
