//! The one safe door to the kernels.

use crate::activations::{Activations, PLANES, Plane};
use crate::block::{BlockType, UnpackedRow};
use crate::dot;
use crate::probe::{Level, probe};

/// Multiplies rows of quantised weights by activations.
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
    {
        return false;
    }
    if activations.rows() == 0 {
        return true;
    }
    let level = level.min(probe());
    let mut unpacked = UnpackedRow::new(activations.padded());
    let rows = weights
        .chunks_exact(row_bytes)
        .zip(out.chunks_exact_mut(activations.rows()));
    for (bytes, out) in rows {
        row(level, kind, bytes, &mut unpacked, activations, out);
    }
    true
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // calls of functions that need instructions, each probed before
fn row(
    level: Level,
    kind: BlockType,
    bytes: &[u8],
    unpacked: &mut UnpackedRow,
    activations: &Activations,
    out: &mut [f32],
) {
    match level {
        Level::Portable => portable(kind, bytes, unpacked, activations, out),
        Level::Avx2 => {
            // SAFETY: `multiply` lowered the level to one that the probe has seen.
            unsafe { dot::avx2::unpack(unpacked, kind, bytes) };
            for (i, out) in out.iter_mut().enumerate() {
                // SAFETY: as above.
                *out = unsafe { dot::avx2::dot(unpacked, &planes(activations, i)) };
            }
            add_offsets(kind, unpacked, activations, out);
        }
        Level::Avx512Vnni => {
            // SAFETY: as above.
            unsafe { dot::avx512::unpack(unpacked, kind, bytes) };
            let mut pairs = out.chunks_exact_mut(2);
            let mut i = 0;
            for out in &mut pairs {
                let [a, b] = planes(activations, i);
                let [c, d] = planes(activations, i + 1);
                // SAFETY: as above.
                let [a, b, c, d] = unsafe { dot::avx512::dot(unpacked, &[a, b, c, d]) };
                out.copy_from_slice(&[a + b, c + d]);
                i += 2;
            }
            for out in pairs.into_remainder() {
                // SAFETY: as above.
                let [a, b] = unsafe { dot::avx512::dot(unpacked, &planes(activations, i)) };
                *out = a + b;
            }
            add_offsets(kind, unpacked, activations, out);
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn row(
    _: Level,
    kind: BlockType,
    bytes: &[u8],
    unpacked: &mut UnpackedRow,
    activations: &Activations,
    out: &mut [f32],
) {
    portable(kind, bytes, unpacked, activations, out);
}

fn portable(
    kind: BlockType,
    bytes: &[u8],
    unpacked: &mut UnpackedRow,
    activations: &Activations,
    out: &mut [f32],
) {
    unpacked.unpack(kind, bytes, crate::half::to_f32);
    for (i, out) in out.iter_mut().enumerate() {
        *out = planes(activations, i)
            .iter()
            .map(|plane| dot::portable::dot(unpacked, plane))
            .sum();
    }
    add_offsets(kind, unpacked, activations, out);
}

/// Both planes of a row.
fn planes(activations: &Activations, row: usize) -> [Plane<'_>; PLANES] {
    [activations.plane(row, 0), activations.plane(row, 1)]
}

fn add_offsets(
    kind: BlockType,
    unpacked: &UnpackedRow,
    activations: &Activations,
    out: &mut [f32],
) {
    if kind.has_offsets() {
        for (i, out) in out.iter_mut().enumerate() {
            for plane in planes(activations, i) {
                *out += dot::offsets(&unpacked.offsets, &plane);
            }
        }
    }
}
