//! Sixteen rows of quants times some rows of activations, over one span of columns.
//!
//! For each group of columns the products add up as integers, exactly, and then once to the
//! result in f32, group after group: so that every level and every number of rows gives the same
//! bits.

#[cfg(target_arch = "x86_64")]
pub(crate) mod amx;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
pub(crate) mod portable;

use crate::activations::Span;
use crate::block::BlockType;
use crate::panel::{Panel, ROWS};
use crate::probe::Level;

/// Adds to `sums`, `(activations, panels)`, the products of each panel with each row of
/// activations over the first `columns` of a span. `activations` are laid out for `level`.
pub(crate) fn multiply(
    level: Level,
    kind: BlockType,
    columns: usize,
    panels: &[Panel],
    activations: &[Span],
    sums: &mut [[f32; ROWS]],
) {
    assert_eq!(sums.len(), panels.len() * activations.len());
    let (group, offsets) = (kind.group(), kind.has_offsets());
    let groups = columns / group;
    #[cfg(target_arch = "x86_64")]
    let done = match (level, panels) {
        // SAFETY: as below.
        #[allow(unsafe_code)]
        (Level::Amx, [a, b]) => unsafe {
            match (group, offsets) {
                (16, false) => amx::multiply::<16, false>(groups, [a, b], activations, sums),
                (16, true) => amx::multiply::<16, true>(groups, [a, b], activations, sums),
                (_, false) => amx::multiply::<32, false>(groups, [a, b], activations, sums),
                (_, true) => amx::multiply::<32, true>(groups, [a, b], activations, sums),
            }
        },
        _ => 0,
    };
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    // What tiles leave.
    let (activations, sums) = (&activations[done..], &mut sums[done * panels.len()..]);
    match level.for_products() {
        // SAFETY: the callers' level is one that the probe has seen.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx512Vnni => unsafe {
            match (group, offsets) {
                (16, false) => avx512::multiply::<16, false>(groups, panels, activations, sums),
                (16, true) => avx512::multiply::<16, true>(groups, panels, activations, sums),
                (_, false) => avx512::multiply::<32, false>(groups, panels, activations, sums),
                (_, true) => avx512::multiply::<32, true>(groups, panels, activations, sums),
            }
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::AvxVnni => unsafe {
            match (group, offsets) {
                (16, false) => {
                    avx2::bytes::multiply::<16, false>(groups, panels, activations, sums)
                }
                (16, true) => avx2::bytes::multiply::<16, true>(groups, panels, activations, sums),
                (_, false) => avx2::bytes::multiply::<32, false>(groups, panels, activations, sums),
                (_, true) => avx2::bytes::multiply::<32, true>(groups, panels, activations, sums),
            }
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx2 => unsafe {
            match (group, offsets) {
                (16, false) => {
                    avx2::words::multiply::<16, false>(groups, panels, activations, sums)
                }
                (16, true) => avx2::words::multiply::<16, true>(groups, panels, activations, sums),
                (_, false) => avx2::words::multiply::<32, false>(groups, panels, activations, sums),
                (_, true) => avx2::words::multiply::<32, true>(groups, panels, activations, sums),
            }
        },
        _ => portable::multiply(group, offsets, groups, panels, activations, sums),
    }
}
