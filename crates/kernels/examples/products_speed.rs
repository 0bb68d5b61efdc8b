//! How fast products are, on one thread, by the time that the processor spent: types, numbers of
//! tokens, and bytes or multiply-adds a second.
//!
//! `cargo run --release -p kernels --example products_speed [ROWS COLUMNS]`

use kernels::{Activations, BlockType, Matrix, Pool, Product, products};

/// Seconds that this process was on a processor.
fn on_processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|first| first.parse().ok());
    nanoseconds.unwrap_or(0f64) / 1e9
}

fn main() {
    let mut sizes = std::env::args()
        .skip(1)
        .filter_map(|size| size.parse().ok());
    let (rows, columns) = (sizes.next().unwrap_or(8192), sizes.next().unwrap_or(2048));
    let pool = Pool::new(1);
    println!("{rows} x {columns}, {}", pool.level().name());
    for kind in BlockType::ALL.iter().copied() {
        let Some(row_bytes) = kind.row_bytes(columns) else {
            continue;
        };
        // Small scales whatever the type: what the numbers are does not matter.
        let mut seed = 7u64;
        let mut bytes = vec![0u8; rows * row_bytes];
        for byte in &mut bytes {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (seed >> 56) as u8 & 0x3f;
        }
        let Some(weights) = Matrix::new(kind, &bytes, columns) else {
            continue;
        };
        print!("{:8}", kind.name());
        for tokens in [1usize, 2, 4, 8, 128] {
            let values = vec![0.5f32; tokens * columns];
            let mut x = Activations::empty();
            x.set(&pool, &[kind], &values, columns);
            let mut out = vec![0f32; tokens * rows];
            let (begun, mut times) = (on_processor(), 0);
            while on_processor() - begun < 0.1 || times < 2 {
                products(
                    &pool,
                    &mut [Product {
                        weights,
                        bias: None,
                        x: &x,
                        tokens: 0..tokens,
                        out: &mut out,
                    }],
                );
                times += 1;
            }
            let seconds = (on_processor() - begun) / f64::from(times);
            let (read, multiplied) = (bytes.len() as f64, (rows * columns * tokens) as f64);
            match tokens {
                1 => print!(" {:6.1} GB/s", read / seconds / 1e9),
                _ => print!("  x{tokens} {:6.1} GMAC/s", multiplied / seconds / 1e9),
            }
        }
        println!();
    }
}
