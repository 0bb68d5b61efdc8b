//! `parley bench`: timed runs of a model file, beside what the machine can do at most, and beside
//! a peer's.

mod peer;
mod report;
mod table;

use crate::{
    arguments::Bench,
    output::{self, Ending, Terminal},
};
use formats::Description;
use hub::Hub;
use protocol::{AppError, Arg, failure};
use report::Report;
use runtime::{BenchNews, BenchPlan, BenchRun, Options, Runtime};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_stream::StreamExt;

/// Tokens of the short prompt whose first token is waited for.
const FIRST: u32 = 16;
/// Between two lines of progress.
const PAUSE: Duration = Duration::from_millis(100);
/// The best kernels without AMX: `kernels::Level` has the names.
const WITHOUT_AMX: &str = "avx512-vnni";

/// Prints a table, or one JSON object.
pub(crate) async fn run(options: Bench, hub: Hub, terminal: &Terminal) -> Result<(), Ending> {
    tokio::select! {
        done = measured(options, hub, terminal) => done,
        _ = tokio::signal::ctrl_c() => {
            terminal.passing("");
            Err(Ending::Interrupted)
        }
    }
}

async fn measured(options: Bench, hub: Hub, terminal: &Terminal) -> Result<(), Ending> {
    let file = &options.file;
    let checkpoint = formats::Checkpoint::open(file)?;
    let bytes = checkpoint.files.iter().map(|part| part.bytes).sum();
    let engine = Runtime::with(
        hub,
        Options {
            quantise: options.quantise,
            kv: options.kv,
            kernels: options.no_amx.then(|| WITHOUT_AMX.to_owned()),
            ..Options::from_environment()
        },
    );
    let plan = plan(&options, engine.threads());
    fits(&plan, Description::of(&checkpoint)?.context)?;
    let folders = peer::folders(options.peer_dir);
    let (mut runs, mut peers) = (Vec::new(), Vec::new());
    for number in 1..=options.runs {
        let told = Told {
            terminal,
            number,
            of: options.runs,
        };
        // First, so that one that is not there is said before anything long has run.
        if options.against.is_some() {
            told.progress("bench-peer", &[("name", peer::NAME.into())]);
            let theirs = options.peer_file.as_deref().unwrap_or(file);
            let run = peer::run(theirs, &plan, &folders, options.no_amx).await;
            peers.push(run.inspect_err(|_| terminal.passing(""))?);
        }
        let run = ours(file, &plan, &engine, &told).await;
        terminal.passing("");
        runs.push(run?);
    }
    let name = file.display().to_string();
    let report = Report::of(name, bytes, &plan, &runs, &peers);
    let report = report.ok_or_else(|| failure::internal().detail("nothing was run"))?;
    if options.json {
        let json = serde_json::to_string(&report);
        return output::line(&json.map_err(|error| failure::internal().detail(error))?);
    }
    output::write(table::of(&report, terminal))
}

fn plan(options: &Bench, cores: u32) -> BenchPlan {
    let once = |numbers: &[u32]| {
        let mut once: Vec<u32> = Vec::new();
        for number in numbers {
            if !once.contains(number) {
                once.push(*number);
            }
        }
        once
    };
    BenchPlan {
        first: FIRST,
        prefill: once(&options.prefill),
        decode: once(&options.decode),
        // As a conversation goes on: after what was read first.
        depth: match options.depth.as_slice() {
            [] => options.prefill.iter().copied().take(1).collect(),
            asked => once(asked),
        },
        threads: options.threads.unwrap_or(cores),
    }
}

/// Whether a model reads as much; 0: how much it reads is not known. Said before memory is asked for that it can never use.
fn fits(plan: &BenchPlan, context: u32) -> Result<(), AppError> {
    let most = |numbers: &[u32]| numbers.iter().copied().max().unwrap_or(0);
    let written = most(&plan.depth).saturating_add(most(&plan.decode));
    let needed = most(&plan.prefill).max(written);
    match needed.checked_sub(context) {
        None | Some(0) => Ok(()),
        _ if context == 0 => Ok(()),
        Some(over) => Err(failure::context_overflow(needed, context, over)),
    }
}

async fn ours(
    file: &Path,
    plan: &BenchPlan,
    engine: &Runtime,
    told: &Told<'_>,
) -> Result<BenchRun, Ending> {
    let mut news = engine.bench(file, plan.clone());
    let mut said: Option<Instant> = None;
    while let Some(one) = news.next().await {
        let waits = said.is_some_and(|said| said.elapsed() < PAUSE);
        match one? {
            BenchNews::Ran(run) => return Ok(*run),
            _ if waits => continue,
            BenchNews::Loading { fraction } => {
                let percent = Arg::from(format!("{:.0}", fraction * 100.0));
                told.progress("bench-loading", &[("percent", percent)]);
            }
            BenchNews::Computing { done, total } => {
                told.progress(
                    "bench-computing",
                    &[("done", done.into()), ("total", total.into())],
                );
            }
        }
        said = Some(Instant::now());
    }
    Err(failure::internal()
        .detail("the run ended without a word")
        .into())
}

/// Who is told which run it is.
struct Told<'a> {
    terminal: &'a Terminal,
    number: u32,
    of: u32,
}

impl Told<'_> {
    fn progress(&self, key: &str, args: &[(&str, Arg)]) {
        let what = self.terminal.say(key, args);
        let args = [
            ("run", self.number.into()),
            ("runs", self.of.into()),
            ("what", what.into()),
        ];
        self.terminal
            .passing(&self.terminal.say("bench-run", &args));
    }
}
