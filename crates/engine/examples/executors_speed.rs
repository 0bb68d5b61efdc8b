//! Tokens a second of a model file, by each of our executors in turn, and what each part of our
//! own took: `cargo run -p engine --example executors_speed FILE [PREFILL] [DECODE] [THREADS]`.

use engine::{Cancel, ExecutorKind, LoadOptions, Model, bench};
use std::path::Path;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(file) = arguments.first() else {
        println!("which file?");
        return;
    };
    let number = |at: usize, usual: u32| {
        let said = arguments.get(at).and_then(|said| said.parse().ok());
        said.unwrap_or(usual)
    };
    let (prefill, decode, threads) = (number(1, 512), number(2, 32), number(3, 2));
    let kinds = match arguments.get(4).map(String::as_str) {
        Some("both") => &[ExecutorKind::Cpu, ExecutorKind::Candle][..],
        _ => &[ExecutorKind::Cpu],
    };
    for kind in kinds {
        let options = LoadOptions {
            context: Some(prefill + decode + 64),
            threads,
            executor: *kind,
            ..LoadOptions::default()
        };
        let begun = Instant::now();
        let model = match Model::load(Path::new(file), &options, &Cancel::new(), &mut |_, _| {}) {
            Ok(model) => model,
            Err(error) => return println!("{error:?}"),
        };
        println!(
            "{kind:?}: loaded in {:.0} ms",
            begun.elapsed().as_secs_f64() * 1e3
        );
        for _ in 0..2 {
            match bench(&model, prefill, &[decode], &Cancel::new(), &mut |_, _| {}) {
                Ok(timed) => println!(
                    "{kind:?}: {:.1} tokens a second read, {:.1} written",
                    f64::from(prefill) * 1e3 / timed.prefill_ms,
                    f64::from(decode) * 1e3 / timed.decode_ms.iter().sum::<f64>(),
                ),
                Err(error) => println!("{error:?}"),
            }
        }
    }
}
