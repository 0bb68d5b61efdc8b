//! Dot products of one unpacked row of weights with rows of activations.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
pub(crate) mod portable;

/// The part of the dot product that the weights' offsets make: `sum of offset * scale * quants`.
/// Eight running sums, in the same order on every processor.
#[inline(always)]
pub(crate) fn offsets(offsets: &[f32], sums: &[f32]) -> f32 {
    let mut parts = [0f32; 8];
    for (offsets, sums) in offsets.chunks(8).zip(sums.chunks(8)) {
        for ((part, offset), sum) in parts.iter_mut().zip(offsets).zip(sums) {
            *part += offset * sum;
        }
    }
    parts.iter().sum()
}
