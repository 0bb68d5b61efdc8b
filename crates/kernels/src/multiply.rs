//! The one safe door to the kernels.

use crate::activations::{Activations, Form, PLANES, Plane, Quants};
use crate::block::{BlockType, UnpackedRow};
use crate::dot;
use crate::plain;
use crate::probe::{Level, probe};
use std::slice::ChunksExact;

/// Multiplies rows of weights by activations that were made for their type.
///
/// `weights` holds whole rows of `activations.columns()` weights of one type. `out` is
/// `(weight rows, activations.rows())`. Returns false, with `out` untouched, where the sizes do
/// not agree. A `level` beyond the processor is lowered to its own.
pub fn multiply(
    level: Level,
    kind: BlockType,
    weights: &[u8],
    activations: &Activations,
    out: &mut [f32],
) -> bool {
    let Some(row_bytes) = kind
        .row_bytes(activations.columns())
        .filter(|bytes| *bytes > 0)
    else {
        return false;
    };
    if !weights.len().is_multiple_of(row_bytes)
        || out.len() != weights.len() / row_bytes * activations.rows()
        || kind.is_plain() != matches!(activations.form(), Form::Plain(_))
    {
        return false;
    }
    if out.is_empty() {
        return true;
    }
    let level = level.min(probe());
    let rows = weights.chunks_exact(row_bytes);
    match activations.form() {
        Form::Plain(numbers) => {
            plain::multiply(level, kind, rows, numbers, activations.columns(), out);
        }
        Form::Quants(quants) => multiply_quants(level, kind, rows, quants, out),
    }
    true
}

fn multiply_quants(
    level: Level,
    kind: BlockType,
    weights: ChunksExact<'_, u8>,
    quants: &Quants,
    out: &mut [f32],
) {
    let mut unpacked = UnpackedRow::new(quants.padded());
    let tokens: Vec<Token<'_>> = (0..out.len() / weights.len().max(1))
        .map(|row| Token {
            planes: [quants.plane(row, 0), quants.plane(row, 1)],
            sums: quants.sums(row),
        })
        .collect();
    for (bytes, out) in weights.zip(out.chunks_exact_mut(tokens.len())) {
        row(level, kind, bytes, &mut unpacked, &tokens, out);
    }
}

/// One row of activations.
struct Token<'a> {
    planes: [Plane<'a>; PLANES],
    sums: &'a [f32],
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // calls of functions that need instructions, each probed before
fn row(
    level: Level,
    kind: BlockType,
    bytes: &[u8],
    unpacked: &mut UnpackedRow,
    tokens: &[Token<'_>],
    out: &mut [f32],
) {
    match level {
        Level::Portable => return portable(kind, bytes, unpacked, tokens, out),
        Level::Avx2 => {
            // SAFETY: `multiply` lowered the level to one that the probe has seen.
            unsafe { dot::avx2::unpack(unpacked, kind, bytes) };
            for (out, token) in out.iter_mut().zip(tokens) {
                // SAFETY: as above.
                *out = unsafe { dot::avx2::dot(unpacked, &token.planes) };
            }
        }
        Level::Avx512Vnni => {
            // SAFETY: as above.
            unsafe { dot::avx512::unpack(unpacked, kind, bytes) };
            let (pairs, last) = tokens.as_chunks::<2>();
            let (pairs_out, last_out) = out.as_chunks_mut::<2>();
            for (out, [one, two]) in pairs_out.iter_mut().zip(pairs) {
                let ([a, b], [c, d]) = (one.planes, two.planes);
                // SAFETY: as above.
                let [a, b, c, d] = unsafe { dot::avx512::dot(unpacked, &[a, b, c, d]) };
                *out = [a + b, c + d];
            }
            for (out, token) in last_out.iter_mut().zip(last) {
                // SAFETY: as above.
                let [a, b] = unsafe { dot::avx512::dot(unpacked, &token.planes) };
                *out = a + b;
            }
        }
    }
    if kind.has_offsets() {
        for (out, token) in out.iter_mut().zip(tokens) {
            // SAFETY: every level but the portable one has AVX2.
            *out += unsafe { dot::avx2::offsets(&unpacked.offsets, token.sums) };
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn row(
    _: Level,
    kind: BlockType,
    bytes: &[u8],
    unpacked: &mut UnpackedRow,
    tokens: &[Token<'_>],
    out: &mut [f32],
) {
    portable(kind, bytes, unpacked, tokens, out);
}

fn portable(
    kind: BlockType,
    bytes: &[u8],
    unpacked: &mut UnpackedRow,
    tokens: &[Token<'_>],
    out: &mut [f32],
) {
    unpacked.unpack(kind, bytes, crate::half::to_f32);
    for (out, token) in out.iter_mut().zip(tokens) {
        let planes = token.planes.iter();
        *out = planes
            .map(|plane| dot::portable::dot(unpacked, plane))
            .sum();
        if kind.has_offsets() {
            *out += dot::offsets(&unpacked.offsets, token.sums);
        }
    }
}
