//! In plain Rust.

use crate::activations::Span;
use crate::panel::{Panel, ROWS};

/// As [`super::multiply`].
pub(super) fn multiply(
    group: usize,
    offsets: bool,
    groups: usize,
    panels: &[Panel],
    activations: &[Span],
    sums: &mut [[f32; ROWS]],
) {
    for (span, sums) in activations.iter().zip(sums.chunks_mut(panels.len())) {
        for (panel, sums) in panels.iter().zip(sums) {
            for at in 0..groups {
                one(group, offsets, at, panel, span, sums);
            }
        }
    }
}

fn one(group: usize, offsets: bool, at: usize, panel: &Panel, span: &Span, sums: &mut [f32; ROWS]) {
    let block = at * group / 32;
    let (sum, shift) = match group {
        16 => (span.half_sums[at], span.half_shifts[at]),
        _ => (span.sums[at], span.shifts[at]),
    };
    let mut totals = [if offsets { 0 } else { shift }; ROWS];
    let fours = at * group / 4..(at + 1) * group / 4;
    let words = &span.codes.as_flattened().as_chunks::<8>().0[fours.clone()];
    for (words, weights) in words.iter().zip(&panel.quants[fours]) {
        let word = |place: usize| {
            let bytes = [words[2 * place] as u8, words[2 * place + 1] as u8];
            i32::from(i16::from_le_bytes(bytes))
        };
        let quants = [word(0), word(2), word(1), word(3)];
        for (total, weights) in totals.iter_mut().zip(weights.as_chunks::<4>().0) {
            for (weight, quant) in weights.iter().zip(quants) {
                *total += i32::from(*weight) * quant;
            }
        }
    }
    for (row, sum_of_row) in sums.iter_mut().enumerate() {
        let scale = panel.scales[at][row] * span.scales[block];
        *sum_of_row = (totals[row] as f32).mul_add(scale, *sum_of_row);
        if offsets {
            *sum_of_row = panel.offsets[at][row].mul_add(sum, *sum_of_row);
        }
    }
}
