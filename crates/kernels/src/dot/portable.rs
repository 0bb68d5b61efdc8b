//! The plain form, which the others are tested against.

use crate::activations::{GROUP, Plane};
use crate::block::UnpackedRow;

/// Sum of `scale * quant * activation` over a row.
pub(crate) fn dot(weights: &UnpackedRow, activations: &Plane<'_>) -> f32 {
    let mut sum = 0f32;
    let groups = weights
        .quants
        .chunks_exact(GROUP)
        .zip(activations.quants.chunks_exact(GROUP));
    let scales = weights.scales.iter().zip(activations.scales);
    for ((weights, activations), (weight_scale, scale)) in groups.zip(scales) {
        let products = weights
            .iter()
            .zip(activations)
            .map(|(w, a)| i32::from(*w) * i32::from(*a));
        sum += weight_scale * scale * products.sum::<i32>() as f32;
    }
    sum
}
