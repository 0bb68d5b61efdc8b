//! Weights as numbers, against gguf-py's on the same bytes: `tests/golden/blocks.py` says which.

use kernels::{BlockType, dequantize};

const GOLDEN: &str = include_str!("../../../tests/golden/blocks.txt");

/// xorshift64*, a byte from the top of each number.
fn random_bytes(count: usize) -> Vec<u8> {
    let mut state = 7u64;
    (0..count)
        .map(|_| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
        })
        .collect()
}

/// The sum of each number's bits and place, mixed as splitmix64 does.
fn digest(values: &[f32]) -> u64 {
    let mixed = values.iter().enumerate().map(|(place, value)| {
        let bits = if value.is_nan() {
            0x7fc0_0000
        } else {
            value.to_bits()
        };
        let mut mixed = u64::from(bits) | (place as u64) << 32;
        for (factor, shift) in [(0xbf58_476d_1ce4_e5b9, 30), (0x94d0_49bb_1331_11eb, 27)] {
            mixed = (mixed ^ mixed >> shift).wrapping_mul(factor);
        }
        mixed ^ mixed >> 31
    });
    mixed.fold(0, u64::wrapping_add)
}

fn check(kind: BlockType, what: &str, bytes: &[u8], expected: &str) {
    let mut values = vec![7.0; bytes.len() / kind.bytes() * kind.weights()];
    assert!(dequantize(kind, bytes, &mut values), "{kind:?}");
    let found = format!("{:016x}", digest(&values));
    assert_eq!(found, expected, "{kind:?}: {what} blocks");
}

#[test]
fn every_type_is_as_gguf_py_has_it() {
    let mut golden = GOLDEN.lines().map(|line| line.split(' '));
    for kind in BlockType::ALL.iter().copied() {
        let mut line = golden.next().expect("a line for each type");
        assert_eq!(line.next(), Some(kind.name()));
        assert_eq!(BlockType::named(kind.name()), Some(kind));
        let random = random_bytes(1000 * kind.bytes());
        check(kind, "random", &random, line.next().expect("a digest"));
        let constant: Vec<u8> = (0..=255)
            .flat_map(|byte| vec![byte; kind.bytes()])
            .collect();
        check(kind, "constant", &constant, line.next().expect("a digest"));
    }
    assert!(golden.next().is_none());
}

#[test]
fn sizes_that_do_not_agree_are_refused() {
    for kind in BlockType::ALL.iter().copied() {
        for (bytes, weights) in [
            (kind.bytes() - 1, kind.weights()),
            (kind.bytes() + 1, kind.weights()),
            (kind.bytes(), kind.weights() + 1),
            (kind.bytes(), 2 * kind.weights()),
        ] {
            let mut out = vec![7.0; weights];
            assert!(!dequantize(kind, &vec![0; bytes], &mut out), "{kind:?}");
            assert!(out.iter().all(|out| *out == 7.0), "{kind:?}");
        }
        assert!(dequantize(kind, &[], &mut []), "{kind:?}");
    }
    assert_eq!(BlockType::named("Q8_1"), None);
}
