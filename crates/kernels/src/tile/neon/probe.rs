//! Which of them the processor has: asked of the system, then tried.
//!
//! The system tells what all cores have that a thread may be moved to. What they are said to have
//! must then give the bits of plain Rust, from bytes as a file has them.

use crate::activations::Span;
use crate::block::{BlockType, SPAN};
use crate::matrix::Matrix;
use crate::panel::{self, Lines, Panel, ROWS};
use crate::probe::Level;
use crate::tile;
use std::arch::is_aarch64_feature_detected;

/// The best of them.
pub(crate) fn best() -> Level {
    let dots = is_aarch64_feature_detected!("dotprod");
    let pairs = dots && is_aarch64_feature_detected!("i8mm");
    if pairs && is_right(Level::NeonI8mm) {
        Level::NeonI8mm
    } else if dots && is_right(Level::NeonDotprod) {
        Level::NeonDotprod
    } else {
        Level::Neon
    }
}

/// Both widths of groups, with offsets and without.
const KINDS: [BlockType; 4] = [
    BlockType::Q6K,
    BlockType::Q2K,
    BlockType::Q8_0,
    BlockType::Q4_1,
];
/// Rows of activations.
const TOKENS: usize = 3;

/// Whether a level, which the processor says to have, is as plain Rust.
fn is_right(level: Level) -> bool {
    let mut seed = 9u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u32
    };
    KINDS.into_iter().all(|kind| {
        let mut bytes = vec![0; ROWS * kind.span_bytes()];
        for byte in &mut bytes {
            // Without the bits that make half-floats infinite.
            *byte = next() as u8 & 0xbf;
        }
        let mut values = [[0f32; SPAN]; TOKENS];
        for value in values.as_flattened_mut() {
            *value = next() as f32 - 1e9;
        }
        let found = product(level, kind, &bytes, &values);
        found.is_some() && found == product(Level::Portable, kind, &bytes, &values)
    })
}

/// The bits of sixteen rows of weights times some rows of activations.
fn product(
    level: Level,
    kind: BlockType,
    bytes: &[u8],
    values: &[[f32; SPAN]; TOKENS],
) -> Option<[[u32; ROWS]; TOKENS]> {
    let mut panel = [Panel::EMPTY];
    let lines = Lines::of(&Matrix::new(kind, bytes, SPAN)?, 0);
    let mut unpacked = panel::unpacked();
    panel[0].pack(level, kind, &lines, 0..kind.span_bytes(), 0, &mut unpacked);
    let mut spans = [Span::ZERO; TOKENS];
    for (span, values) in spans.iter_mut().zip(values) {
        span.fill(values, level.codes());
    }
    let mut sums = [[0f32; ROWS]; TOKENS];
    tile::multiply(level, kind, SPAN, &panel, &spans, &mut sums);
    Some(sums.map(|sums| sums.map(f32::to_bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else a wrong kernel would only be passed over.
    #[test]
    fn what_the_processor_is_said_to_have_is_right() {
        let mut levels = vec![Level::Neon];
        if is_aarch64_feature_detected!("dotprod") {
            levels.push(Level::NeonDotprod);
        }
        if is_aarch64_feature_detected!("i8mm") {
            levels.push(Level::NeonI8mm);
        }
        for level in &levels {
            assert!(is_right(*level), "{level:?}");
        }
        assert_eq!(levels.last(), Some(&best()));
    }

    #[test]
    fn a_level_that_gives_other_bits_is_found_out() {
        let bytes = [3; ROWS * 34 * SPAN / 32];
        let mut values = [[1.0; SPAN]; TOKENS];
        let found = product(Level::Neon, BlockType::Q8_0, &bytes, &values);
        values[1][200] = 1.0001;
        assert_ne!(
            found,
            product(Level::Neon, BlockType::Q8_0, &bytes, &values)
        );
    }
}
