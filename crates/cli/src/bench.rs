//! `parley bench`: timed runs of a model file.

use crate::{
    arguments::Bench,
    output::{self, Ending, Terminal},
};
use chat::messages::size;
use protocol::{Arg, failure};
use runtime::{BenchPlan, Runtime};
use tokio_stream::StreamExt;

/// Writes one line, or one JSON object, a run.
pub(crate) async fn run(
    options: Bench,
    engine: &Runtime,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let Bench {
        prefill,
        decode,
        runs,
        threads,
        ..
    } = options;
    let mut results = engine.bench(
        &options.file,
        BenchPlan {
            prefill,
            decode,
            runs,
            threads,
        },
    );
    while let Some(run) = results.next().await {
        let run = run?;
        if options.json {
            let text =
                serde_json::to_string(&run).map_err(|error| failure::internal().detail(error))?;
            output::line(&text)?;
            continue;
        }
        let one_decimal = |value: f64| Arg::from(format!("{value:.1}"));
        let facts = [
            ("load", Arg::from(format!("{:.0}", run.load_ms))),
            ("prefill", one_decimal(run.prefill_tps)),
            ("decode", one_decimal(run.decode_tps)),
            ("memory", Arg::from(size(run.peak_memory_bytes as f64))),
        ];
        output::line(&terminal.say("bench-line", &facts))?;
    }
    Ok(())
}
