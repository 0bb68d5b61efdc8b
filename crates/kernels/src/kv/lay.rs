//! Where a position's keys and values belong among the numbers of a head's part of a page. `stored`
//! makes numbers what is stored, as many of them.

use super::{KvShape, LANES};

/// Keys that are made ready at once.
const AT_ONCE: usize = 256;

/// Lays a head's keys of a position.
pub(super) fn keys<T: Copy + Default>(
    position: usize,
    keys: &[f32],
    numbers: &mut [T],
    stored: impl Fn(&[f32], &mut [T]),
) {
    let mut ready = [T::default(); AT_ONCE];
    let mut slots = slots(position, keys.len(), numbers);
    for keys in keys.chunks(AT_ONCE) {
        let ready = &mut ready[..keys.len()];
        stored(keys, ready);
        for (key, slot) in ready.iter().zip(&mut slots) {
            *slot = *key;
        }
    }
}

/// The places of a position's keys, `size` of them, or of as many scales.
pub(super) fn slots<T>(
    position: usize,
    size: usize,
    numbers: &mut [T],
) -> impl Iterator<Item = &mut T> {
    let from = position / LANES * LANES * size + position % LANES;
    numbers[from..].iter_mut().step_by(LANES).take(size)
}

/// Lays a head's values of a position.
pub(super) fn values<T>(
    shape: KvShape,
    position: usize,
    values: &[f32],
    numbers: &mut [T],
    stored: impl Fn(&[f32], &mut [T]),
) {
    let from = position * shape.value_stride();
    stored(values, &mut numbers[from..from + values.len()]);
}
