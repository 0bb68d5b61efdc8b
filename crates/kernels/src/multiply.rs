//! The one safe door to the kernels.

use crate::activations::Activations;
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
                *out = unsafe { dot::avx2::dot(unpacked, &activations.row(i)) };
            }
            add_offsets(kind, unpacked, activations, out);
        }
        Level::Avx512Vnni => {
            // SAFETY: as above.
            unsafe { dot::avx512::unpack(unpacked, kind, bytes) };
            let mut fours = out.chunks_exact_mut(4);
            let mut i = 0;
            for out in &mut fours {
                let rows = [0, 1, 2, 3].map(|j| activations.row(i + j));
                // SAFETY: as above.
                out.copy_from_slice(&unsafe { dot::avx512::dot(unpacked, &rows) });
                i += 4;
            }
            for out in fours.into_remainder() {
                // SAFETY: as above.
                [*out] = unsafe { dot::avx512::dot(unpacked, &[activations.row(i)]) };
                i += 1;
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
        *out = dot::portable::dot(unpacked, &activations.row(i));
    }
    add_offsets(kind, unpacked, activations, out);
}

fn add_offsets(
    kind: BlockType,
    unpacked: &UnpackedRow,
    activations: &Activations,
    out: &mut [f32],
) {
    if kind.has_offsets() {
        for (i, out) in out.iter_mut().enumerate() {
            *out += dot::offsets(&unpacked.offsets, &activations.row(i));
        }
    }
}
