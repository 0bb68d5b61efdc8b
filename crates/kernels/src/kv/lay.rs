//! Where a position's keys and values belong among a page's numbers.

use super::{KvShape, LANES};

/// Keys that are made ready at once.
const AT_ONCE: usize = 256;

/// Lays the keys and values of all heads of a position into a page's numbers. `stored` makes
/// numbers what is stored, as many of them.
pub(super) fn lay<T: Copy + Default>(
    shape: KvShape,
    numbers: &mut [T],
    position: usize,
    keys: &[f32],
    values: &[f32],
    stored: impl Fn(&[f32], &mut [T]),
) {
    let heads = numbers.chunks_exact_mut(shape.head());
    let keys = keys.chunks_exact(shape.key_size);
    let values = values.chunks_exact(shape.value_size);
    let mut ready = [T::default(); AT_ONCE];
    for (head, (keys, values)) in heads.zip(keys.zip(values)) {
        let (head_keys, head_values) = head.split_at_mut(shape.keys());
        let from = position / LANES * LANES * shape.key_size + position % LANES;
        let mut slots = head_keys[from..].iter_mut().step_by(LANES);
        for keys in keys.chunks(AT_ONCE) {
            let ready = &mut ready[..keys.len()];
            stored(keys, ready);
            for (key, slot) in ready.iter().zip(&mut slots) {
                *slot = *key;
            }
        }
        let from = position * shape.value_stride();
        stored(values, &mut head_values[from..from + values.len()]);
    }
}
