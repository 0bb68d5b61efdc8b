//! How many threads compute. Alone in its process, because it counts the processor's time.
#![allow(clippy::unwrap_used)] // a test that fails, panics

mod common;

use common::{SMOLLM2, load_path, model_path};
use engine::Cancel;
use std::time::Instant;

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn one_thread_uses_one() {
    let model = load_path(&model_path(SMOLLM2), 1);
    let cpu = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        // utime and stime, in hundredths of a second.
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    };
    let (before, begun) = (cpu(), Instant::now());
    engine::bench(&model, 200, &[20], &Cancel::new(), &mut |_, _| {}).unwrap();
    let (used, took) = (cpu() - before, begun.elapsed().as_secs_f64());
    println!("{used} s of processor in {took} s");
    assert!(used < 1.3 * took + 0.1, "{used} s of processor in {took} s");
}
