//! Every level of instructions against a plain reckoning in f64, on random and extreme blocks.

#![allow(clippy::unwrap_used)] // helpers of tests too

use kernels::{Activations, BlockType, Level, Matrix, Pool, Product, dequantize, products};

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

/// `weights` times rows of activations: `(tokens, rows)`.
fn product(pool: &Pool, weights: Matrix<'_>, values: &[f32]) -> Vec<f32> {
    let columns = weights.columns();
    let mut x = Activations::empty();
    x.set(pool, &[weights.kind()], values, columns);
    let tokens = values.len() / columns;
    let mut out = vec![0f32; tokens * weights.rows()];
    assert!(products(
        pool,
        &mut [Product {
            weights,
            bias: None,
            x: &x,
            tokens: 0..tokens,
            out: &mut out,
        }]
    ));
    out
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn check(kind: BlockType, rows: usize, columns: usize, batch: usize, byte: Option<u8>) {
    let mut random = Random(7 + columns as u64);
    let bytes = blocks(kind, rows, columns, &mut random, byte);
    let weights = weights_of(kind, &bytes);
    let matrix = Matrix::new(kind, &bytes, columns).unwrap();
    // Activations that 16 bits hold exactly, so that only the arithmetic is compared.
    let values: Vec<f32> = (0..batch * columns)
        .map(|i| {
            if (i % columns).is_multiple_of(32) {
                32_512.0
            } else if byte.is_some() {
                // The largest sums, and quants whose lower byte takes something away.
                [32_512.0, -32_512.0, 32_511.0, -32_385.0][i / columns % 4]
            } else {
                (random.unit() * 32_512.0).round()
            }
        })
        .collect();
    let mut first = None;
    for level in Level::usable() {
        for threads in [1, 3] {
            let pool = Pool::with_level(threads, level);
            let case =
                format!("{kind:?} {level:?} {rows} rows, {columns} columns, {batch} at once");
            let out = product(&pool, matrix, &values);
            for (at, found) in out.iter().enumerate() {
                let (m, row) = (at / rows, at % rows);
                let terms = (0..columns)
                    .map(|c| weights[row * columns + c] * f64::from(values[m * columns + c]));
                let (expected, size) =
                    terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
                // 8 bits of headroom over f32's own rounding of a sum of this size
                assert!(
                    (f64::from(*found) - expected).abs() <= size * 2e-5 + 1e-6,
                    "{case}, row {row}, token {m}: {found} for {expected}"
                );
            }
            let first = first.get_or_insert_with(|| bits(&out));
            assert_eq!(*first, bits(&out), "{case}: the same bits on every level");
            // Alone or in a batch: the same bits. One row or many, too.
            let row = Matrix::new(kind, &bytes[..bytes.len() / rows], columns).unwrap();
            let of_row: Vec<f32> = out.iter().step_by(rows).copied().collect();
            assert_eq!(bits(&of_row), bits(&product(&pool, row, &values)), "{case}");
            for (m, values) in values.chunks(columns).enumerate() {
                let alone = product(&pool, matrix, values);
                assert_eq!(bits(&out[m * rows..(m + 1) * rows]), bits(&alone), "{case}");
            }
        }
    }
}

#[test]
fn every_level_agrees() {
    for kind in BlockType::ALL.iter().copied() {
        for blocks in [1, 2, 3, 5, 21, 77] {
            for (rows, batch) in [(5, 1), (33, 3), (17, 4), (48, 7)] {
                if blocks * kind.weights() < 2000 {
                    check(kind, rows, blocks * kind.weights(), batch, None);
                }
            }
        }
        for (rows, batch) in [(16, 2), (18, 8), (1, 64)] {
            check(kind, rows, 3 * kind.weights(), batch, None);
        }
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            check(kind, 3, 2 * kind.weights(), 5, Some(byte));
        }
    }
}

/// Several products at once: some rows of a matrix, some rows of the activations, biases.
#[test]
fn products_that_share_a_call_are_as_those_alone() {
    let (columns, mut random) = (512, Random(5));
    let values: Vec<f32> = (0..6 * columns).map(|_| random.unit()).collect();
    let some = blocks(BlockType::Q4K, 96, columns, &mut random, None);
    let others = blocks(BlockType::F16, 21, columns, &mut random, None);
    let third: Vec<f32> = (0..40).map(|_| random.unit()).collect();
    for level in Level::usable() {
        let pool = Pool::with_level(2, level);
        let all = Matrix::new(BlockType::Q4K, &some, columns).unwrap();
        let taken = all.taking(8, 10, 24, 4).unwrap();
        assert!(all.taking(8, 10, 30, 4).is_none(), "beyond the last row");
        let plain = Matrix::new(BlockType::F16, &others, columns).unwrap();
        let whole = product(&pool, all, &values);
        let numbers = product(&pool, plain, &values);
        let mut x = Activations::empty();
        x.set(&pool, &[BlockType::Q4K, BlockType::F16], &values, columns);
        let (mut a, mut b) = (vec![0f32; 3 * 40], vec![0f32; 6 * 21]);
        assert!(products(
            &pool,
            &mut [
                Product {
                    weights: taken,
                    bias: Some(&third),
                    x: &x,
                    tokens: 2..5,
                    out: &mut a,
                },
                Product {
                    weights: plain,
                    bias: None,
                    x: &x,
                    tokens: 0..6,
                    out: &mut b,
                },
            ]
        ));
        for (at, found) in a.iter().enumerate() {
            let (token, row) = (2 + at / 40, at % 40);
            let from = 8 + row / 10 * 24 + row % 10;
            assert_eq!(
                *found,
                whole[token * 96 + from] + third[row],
                "{level:?} {at}"
            );
        }
        assert_eq!(bits(&b), bits(&numbers), "{level:?}");
    }
}

/// Numbers that 8 bits do not hold are still held to a part in 30,000 of the largest beside them.
#[test]
fn activations_keep_sixteen_bits() {
    let mut random = Random(3);
    let columns = 64;
    let values: Vec<f32> = (0..columns).map(|_| random.unit()).collect();
    // Rows of the unit matrix, as Q8_0 has them: scale 1/64, one quant of 64.
    let mut bytes = Vec::new();
    for row in 0..columns {
        for block in 0..2 {
            bytes.extend(0x2400u16.to_le_bytes());
            bytes.extend((0..32).map(|i| if 32 * block + i == row { 64 } else { 0 }));
        }
    }
    for level in Level::usable() {
        let weights = Matrix::new(BlockType::Q8_0, &bytes, columns).unwrap();
        let out = product(&Pool::with_level(1, level), weights, &values);
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
    assert!(Matrix::new(BlockType::Q4K, &[0; 144], 64).is_none());
    assert!(Matrix::new(BlockType::Q8_0, &[0; 68], 0).is_none());
    let pool = Pool::new(1);
    let mut x = Activations::empty();
    x.set(&pool, &[BlockType::Q8_0], &[1.0; 130], 64);
    assert_eq!(
        (x.rows(), x.columns()),
        (2, 64),
        "what is past the last row is ignored"
    );
    let refused = |kind, bytes: &[u8], columns, tokens, size, bias: Option<&[f32]>| {
        let mut out = vec![7.0; size];
        let weights = Matrix::new(kind, bytes, columns).unwrap();
        let mut asked = [Product {
            weights,
            bias,
            x: &x,
            tokens,
            out: &mut out,
        }];
        assert!(!products(&pool, &mut asked));
        assert!(out.iter().all(|out| *out == 7.0));
    };
    refused(BlockType::Q8_0, &[0; 136], 64, 0..2, 3, None);
    refused(BlockType::Q8_0, &[0; 136], 64, 1..3, 4, None);
    refused(BlockType::Q8_0, &[0; 136], 32, 0..2, 8, None);
    refused(BlockType::Q8_0, &[0; 136], 64, 0..2, 4, Some(&[1.0]));
    // Activations in 16 bits for plain weights.
    refused(BlockType::F16, &[0; 256], 64, 0..2, 4, None);
}

#[test]
fn values_that_are_not_numbers_stay_visible() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut values = [1.0f32; 64];
        values[40] = bad;
        for level in Level::usable() {
            let pool = Pool::with_level(1, level);
            for kind in [BlockType::Q8_0, BlockType::Q4_0, BlockType::BF16] {
                let weights = [60; 128];
                let weights = &weights[..64 / kind.weights() * kind.bytes()];
                let weights = Matrix::new(kind, weights, 64).unwrap();
                let out = product(&pool, weights, &values);
                assert!(!out[0].is_finite(), "{bad} {kind:?} {level:?}");
            }
        }
    }
}
