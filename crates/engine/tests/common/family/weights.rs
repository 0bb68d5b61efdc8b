//! Weights from a name and nothing else, as `tests/golden/families/weights.py` makes them.

/// FNV-1a, 64 bits.
fn seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// SplitMix64 from the name's seed.
fn words(name: &str) -> impl Iterator<Item = u64> {
    let mut state = seed(name);
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// `around + bell * 2^exponent`; all zero without an exponent.
pub fn numbers(name: &str, count: usize, around: i64, exponent: Option<i32>) -> Vec<f32> {
    let Some(exponent) = exponent else {
        return vec![0.0; count];
    };
    let step = 2f32.powi(exponent);
    let of = |word: u64| {
        let parts = [0, 16, 32, 48].map(|shift| (word >> shift & 0xffff) as i64);
        let bell = parts.iter().sum::<i64>() - 131_070;
        (bell + (around << -exponent)) as f32 * step
    };
    words(name).take(count).map(of).collect()
}

/// Bytes from `low` to `high`, both in.
pub fn bytes(name: &str, count: usize, low: u64, high: u64) -> Vec<u8> {
    let of = |word: u64| (word % (high - low + 1) + low) as u8;
    words(name).take(count).map(of).collect()
}

/// Tokens of a prompt.
pub fn ids(name: &str, count: usize, vocabulary: u64) -> Vec<u32> {
    let of = |word: u64| (word % vocabulary) as u32;
    words(name).take(count).map(of).collect()
}
