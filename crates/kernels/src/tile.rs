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
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod portable;

use crate::activations::Span;
use crate::block::BlockType;
use crate::panel::{Panel, ROWS};
use crate::probe::Level;

/// Calls the function for the groups of a type of weights.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! of_kind {
    ($kind:expr, $($multiply:ident)::+, $arguments:tt) => {
        match ($kind.group(), $kind.has_offsets()) {
            (16, false) => $($multiply)::+::<16, false>$arguments,
            (16, true) => $($multiply)::+::<16, true>$arguments,
            (_, false) => $($multiply)::+::<32, false>$arguments,
            (_, true) => $($multiply)::+::<32, true>$arguments,
        }
    };
}

/// Adds to `sums`, `(activations, panels)`, the products of each panel with each row of
/// activations over the first `columns` of a span. `panels` and `activations` are laid out for
/// `level`.
pub(crate) fn multiply(
    level: Level,
    kind: BlockType,
    columns: usize,
    panels: &[Panel],
    activations: &[Span],
    sums: &mut [[f32; ROWS]],
) {
    assert_eq!(sums.len(), panels.len() * activations.len());
    let groups = columns / kind.group();
    #[cfg(target_arch = "x86_64")]
    let done = match (level, panels) {
        // SAFETY: as below.
        #[allow(unsafe_code)]
        (Level::Amx, [a, b]) => unsafe {
            of_kind!(kind, amx::multiply, (groups, [a, b], activations, sums))
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
            of_kind!(kind, avx512::multiply, (groups, panels, activations, sums));
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::AvxVnni => unsafe {
            of_kind!(
                kind,
                avx2::bytes::multiply,
                (groups, panels, activations, sums)
            );
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx2 => unsafe {
            of_kind!(
                kind,
                avx2::words::multiply,
                (groups, panels, activations, sums)
            );
        },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        #[allow(unsafe_code)]
        Level::NeonI8mm => unsafe {
            of_kind!(
                kind,
                neon::pairs::multiply,
                (groups, panels, activations, sums)
            );
        },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        #[allow(unsafe_code)]
        Level::NeonDotprod => unsafe {
            of_kind!(
                kind,
                neon::dots::multiply,
                (groups, panels, activations, sums)
            );
        },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        #[allow(unsafe_code)]
        Level::Neon => unsafe {
            of_kind!(
                kind,
                neon::words::multiply,
                (groups, panels, activations, sums)
            );
        },
        _ => portable::multiply(
            kind.group(),
            kind.has_offsets(),
            groups,
            panels,
            activations,
            sums,
        ),
    }
}
