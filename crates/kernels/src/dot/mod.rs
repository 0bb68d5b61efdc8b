//! Dot products of one unpacked row of weights with rows of activations.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
pub(crate) mod portable;

use crate::activations::Plane;

/// The part of the dot product that the weights' offsets make: `sum of offset * scale * quants`.
/// Eight running sums, in the same order on every processor.
#[inline(always)]
pub(crate) fn offsets(offsets: &[f32], activations: &Plane<'_>) -> f32 {
    let mut sums = [0f32; 8];
    let pairs = offsets.chunks(8).zip(activations.sums.chunks(8));
    for (offsets, activations) in pairs {
        for ((sum, offset), activation) in sums.iter_mut().zip(offsets).zip(activations) {
            *sum += offset * activation;
        }
    }
    sums.iter().sum()
}
