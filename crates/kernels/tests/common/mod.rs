//! What the tests of attention share.

/// Numbers from -1 to 1 that repeat late.
pub fn numbers(count: usize, salt: u32) -> Vec<f32> {
    let mut state = 0x9e37_79b9_u32 ^ salt;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 * 2.0 - 1.0
        })
        .collect()
}
