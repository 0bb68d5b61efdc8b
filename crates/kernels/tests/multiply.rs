//! Every level of instructions against a plain reckoning in f64, on random and extreme blocks.

use kernels::{Activations, BlockType, Level, dequantize, multiply};

/// xorshift64*: enough for test data, the same everywhere.
struct Random(u64);
impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32 * 2.0 - 1.0
    }
}

/// Where the scales of a block lie: they get small finite values, the rest any bytes.
fn scales(kind: BlockType) -> &'static [usize] {
    match kind {
        BlockType::Q4_1 | BlockType::Q5_1 | BlockType::Q4K | BlockType::Q5K => &[0, 2],
        BlockType::Q2K => &[80, 82],
        BlockType::Q3K => &[108],
        BlockType::Q6K => &[208],
        BlockType::TQ1_0 => &[52],
        BlockType::TQ2_0 => &[64],
        BlockType::IQ1M | BlockType::MXFP4 | BlockType::F32 | BlockType::BF16 => &[],
        _ => &[0],
    }
}

fn blocks(
    kind: BlockType,
    rows: usize,
    columns: usize,
    random: &mut Random,
    byte: Option<u8>,
) -> Vec<u8> {
    let mut bytes = vec![0u8; rows * columns / kind.weights() * kind.bytes()];
    bytes.fill_with(|| byte.unwrap_or(random.next() as u8));
    for block in bytes.chunks_exact_mut(kind.bytes()) {
        // 0x2000 to 0x2fff as a half-float: 0.0078 to 0.12, either sign.
        let bits = 0x2000 | (random.next() as u16 & 0x8fff);
        for at in scales(kind) {
            block[*at..at + 2].copy_from_slice(&bits.to_le_bytes());
        }
        match kind {
            BlockType::MXFP4 => block[0] = 120 + (bits & 15) as u8,
            // The half-float is spread over the upper bits of four scales.
            BlockType::IQ1M => {
                for (i, part) in block[49..].iter_mut().step_by(2).enumerate() {
                    *part = (*part & 15) | (bits >> (4 * i) << 4) as u8;
                }
            }
            BlockType::F32 => block.copy_from_slice(&random.unit().to_le_bytes()),
            BlockType::BF16 => block.copy_from_slice(&random.unit().to_le_bytes()[2..]),
            _ => {}
        }
    }
    bytes
}

fn weights_of(kind: BlockType, bytes: &[u8]) -> Vec<f64> {
    let mut weights = vec![0f32; bytes.len() / kind.bytes() * kind.weights()];
    assert!(dequantize(kind, bytes, &mut weights));
    weights.into_iter().map(f64::from).collect()
}

fn check(kind: BlockType, columns: usize, batch: usize, byte: Option<u8>) {
    let (rows, mut random) = (5, Random(7 + columns as u64));
    let bytes = blocks(kind, rows, columns, &mut random, byte);
    let weights = weights_of(kind, &bytes);
    // Activations that 8 bits hold exactly, so that only the arithmetic is compared.
    let values: Vec<f32> = (0..batch * columns)
        .map(|i| {
            if i % 32 == 0 {
                127.0
            } else {
                (random.unit() * 127.0).round()
            }
        })
        .collect();
    let activations = Activations::of(kind, &values, columns);
    let mut plain = None;
    for level in Level::usable() {
        let mut out = vec![0f32; rows * batch];
        assert!(multiply(level, kind, &bytes, &activations, &mut out));
        for row in 0..rows {
            for m in 0..batch {
                let terms = (0..columns)
                    .map(|c| weights[row * columns + c] * f64::from(values[m * columns + c]));
                let (expected, size) =
                    terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
                let found = f64::from(out[row * batch + m]);
                // 8 bits of headroom over f32's own rounding of a sum of this size
                assert!(
                    (found - expected).abs() <= size * 2e-5 + 1e-6,
                    "{kind:?} {level:?} {columns} columns, row {row}, batch {m}: {found} for {expected}"
                );
            }
        }
        if matches!(kind, BlockType::F32 | BlockType::F16 | BlockType::BF16) {
            let first = plain.get_or_insert(out.clone());
            assert_eq!(
                first, &out,
                "{kind:?} {level:?}: the same bits on every level"
            );
        }
        // Alone or in a batch: the same bits. One row or many, too.
        let row = bytes.len() / rows;
        let mut first = vec![0f32; batch];
        assert!(multiply(
            level,
            kind,
            &bytes[..row],
            &activations,
            &mut first
        ));
        assert_eq!(first, out[..batch], "{kind:?} {level:?}");
        for m in 0..batch {
            let one = Activations::of(kind, &values[m * columns..(m + 1) * columns], columns);
            let mut alone = vec![0f32; rows];
            assert!(multiply(level, kind, &bytes, &one, &mut alone));
            for row in 0..rows {
                assert_eq!(
                    alone[row].to_bits(),
                    out[row * batch + m].to_bits(),
                    "{kind:?} {level:?}"
                );
            }
        }
    }
}

#[test]
fn every_level_agrees() {
    for kind in BlockType::ALL.iter().copied() {
        for blocks in [1, 2, 3, 5, 77] {
            for batch in [1, 3, 4, 7] {
                if blocks * kind.weights() < 2000 {
                    check(kind, blocks * kind.weights(), batch, None);
                }
            }
        }
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            check(kind, 2 * kind.weights(), 2, Some(byte));
        }
    }
}

/// Numbers that 8 bits do not hold are still held to a part in 30,000 of the largest beside them.
#[test]
fn activations_keep_sixteen_bits() {
    let mut random = Random(3);
    let columns = 64;
    let values: Vec<f32> = (0..columns).map(|_| random.unit()).collect();
    let activations = Activations::of(BlockType::Q8_0, &values, columns);
    // Rows of the unit matrix, as Q8_0 has them: scale 1/64, one quant of 64.
    let mut bytes = Vec::new();
    for row in 0..columns {
        for block in 0..2 {
            bytes.extend(0x2400u16.to_le_bytes());
            bytes.extend((0..32).map(|i| if 32 * block + i == row { 64 } else { 0 }));
        }
    }
    for level in Level::usable() {
        let mut out = vec![0f32; columns];
        assert!(multiply(
            level,
            BlockType::Q8_0,
            &bytes,
            &activations,
            &mut out
        ));
        for (out, value) in out.iter().zip(&values) {
            assert!(
                (out - value).abs() < 1.0 / 30_000.0,
                "{level:?}: {out} for {value}"
            );
        }
    }
}

/// Values from ggml's own definition of each block: one block with every quant known.
#[test]
fn known_blocks() {
    let one = 0x3c00u16.to_le_bytes(); // 1.0
    let half = 0x3800u16.to_le_bytes(); // 0.5
    type Case = (BlockType, Vec<u8>, fn(usize) -> f64);
    let cases: [Case; 3] = [
        // low nibbles 3, high nibbles 12
        (BlockType::Q4_0, [&one[..], &[0xc3; 16]].concat(), |i| {
            if i < 16 { -5.0 } else { 4.0 }
        }),
        (
            BlockType::Q4_1,
            [&one[..], &half[..], &[0xc3; 16]].concat(),
            |i| if i < 16 { 3.5 } else { 12.5 },
        ),
        (
            BlockType::Q8_0,
            [
                &half[..],
                &(0..32).map(|i| (i as i8 - 16) as u8).collect::<Vec<_>>(),
            ]
            .concat(),
            |i| (i as f64 - 16.0) / 2.0,
        ),
    ];
    for (kind, bytes, expected) in cases {
        let found = weights_of(kind, &bytes);
        for (i, value) in found.iter().enumerate() {
            assert!((value - expected(i)).abs() < 1e-5, "{kind:?} {i}: {value}");
        }
    }
}

#[test]
fn sizes_that_do_not_agree_are_refused() {
    let activations = Activations::of(BlockType::Q8_0, &[1.0; 64], 64);
    let mut out = [7.0; 2];
    assert!(!multiply(
        Level::Portable,
        BlockType::Q8_0,
        &[0; 67],
        &activations,
        &mut out
    ));
    assert!(!multiply(
        Level::Portable,
        BlockType::Q4K,
        &[0; 144],
        &activations,
        &mut out
    ));
    assert!(!multiply(
        Level::Portable,
        BlockType::Q8_0,
        &[0; 68],
        &activations,
        &mut out
    ));
    let (kind, bytes) = (BlockType::F16, [0; 256]);
    assert!(
        !multiply(Level::Portable, kind, &bytes, &activations, &mut out),
        "activations in 8 bits for plain weights"
    );
    let activations = Activations::of(kind, &[1.0; 64], 64);
    assert!(!multiply(
        Level::Portable,
        kind,
        &bytes[2..],
        &activations,
        &mut out
    ));
    assert!(!multiply(
        Level::Portable,
        BlockType::Q8_0,
        &bytes[..68],
        &activations,
        &mut out[..1]
    ));
    assert_eq!(out, [7.0; 2]);
}

#[test]
fn values_that_are_not_numbers_stay_visible() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut values = [1.0f32; 64];
        values[40] = bad;
        for (kind, weights) in [(BlockType::Q8_0, [60; 68]), (BlockType::Q4_0, [60; 68])] {
            let weights = &weights[..64 / kind.weights() * kind.bytes()];
            let activations = Activations::of(kind, &values, 64);
            for level in Level::usable() {
                let mut out = [0.0];
                assert!(multiply(level, kind, weights, &activations, &mut out));
                assert!(out[0].is_nan(), "{bad} {kind:?} {level:?}");
            }
        }
        let activations = Activations::of(BlockType::BF16, &values, 64);
        for level in Level::usable() {
            let mut out = [0.0];
            assert!(multiply(
                level,
                BlockType::BF16,
                &[60; 128],
                &activations,
                &mut out
            ));
            assert!(!out[0].is_finite(), "{bad} {level:?}");
        }
    }
}
