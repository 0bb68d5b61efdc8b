//! Timed runs of a model file, each in a worker of its own.

use crate::files::Rows;
use crate::process::{Asked, Trouble, Worker};
use crate::runtime::Runtime;
use crate::shared::Shared;
use protocol::{
    AppError, Benched, Ceilings, DEFAULT_CONTEXT, EngineFacts, TokenCost, WeightType, WorkerEvent,
    WorkerRequest, WorkerStage,
};
use std::collections::BTreeSet;
use std::future::{Pending, pending};
use std::path::Path;
use std::time::Instant;
use tokio::sync::mpsc;

/// News that wait to be read before the worker has to wait.
const WAITING_NEWS: usize = 64;

/// What to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenchPlan {
    /// Tokens of the short prompt whose first token is waited for.
    pub first: u32,
    /// Tokens to read, from an empty context: each of these numbers.
    pub prefill: Vec<u32>,
    /// Tokens to make: each of these numbers.
    pub decode: Vec<u32>,
    /// After how many tokens they are made: each of these numbers.
    pub depth: Vec<u32>,
    /// Threads that compute.
    pub threads: u32,
}

/// What is told of a timed run; `Ran` is the last.
#[derive(Clone, Debug, PartialEq)]
pub enum BenchNews {
    /// The weights are on their way.
    Loading {
        /// From 0 to 1.
        fraction: f32,
    },
    /// A part of the run computes.
    Computing {
        /// Tokens read and made in this part.
        done: u64,
        /// Tokens in all of it.
        total: u64,
    },
    /// It has ended.
    Ran(Box<BenchRun>),
}

/// A timed run.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchRun {
    /// Milliseconds from nothing, a process that is not yet started, to a loaded model.
    pub load_ms: f64,
    /// Milliseconds from nothing to the first token after the short prompt.
    pub first_token_ms: f64,
    /// What was read.
    pub prefill: Vec<Timing>,
    /// What was made.
    pub decode: Vec<Timing>,
    /// What a token costs, where that is known.
    pub cost: Option<TokenCost>,
    /// What the machine can do at most, with the same threads.
    pub ceilings: Ceilings,
    /// Bytes that the worker held after the short prompt.
    pub resident_memory_bytes: u64,
    /// Most bytes that it has held.
    pub peak_memory_bytes: u64,
    /// What the weights were made smaller to, where they were.
    pub quantised: Option<WeightType>,
    /// What computed.
    pub engine: EngineFacts,
}

/// How long some tokens took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// How many.
    pub tokens: u32,
    /// How many were there before.
    pub depth: u32,
    /// Milliseconds.
    pub ms: f64,
}

impl Runtime {
    /// Threads that compute where nobody says how many.
    pub fn threads(&self) -> u32 {
        self.shared.cores.total()
    }

    /// A timed run of a model file. Errors: of the file, of its loading, `context-overflow`.
    pub fn bench(&self, path: &Path, plan: BenchPlan) -> Rows<BenchNews> {
        let (news, stream) = mpsc::channel(WAITING_NEWS);
        let (shared, path) = (self.shared.clone(), path.to_owned());
        self.shared.spawn(async move {
            let told = tokio::select! {
                run = shared.bench(&path, &plan, &news) => run,
                () = news.closed() => return,
            };
            let _ = news
                .send(told.map(|run| BenchNews::Ran(Box::new(run))))
                .await;
        });
        Rows(stream)
    }
}

impl Shared {
    async fn bench(
        &self,
        path: &Path,
        plan: &BenchPlan,
        news: &News,
    ) -> Result<BenchRun, AppError> {
        let began = Instant::now();
        let threads = plan.threads.max(1);
        let most = |numbers: &[u32]| numbers.iter().copied().max().unwrap_or(0);
        let depth = if plan.decode.is_empty() {
            0
        } else {
            most(&plan.depth)
        };
        let needed = (depth.saturating_add(most(&plan.decode))).max(most(&plan.prefill));
        let context = (needed > DEFAULT_CONTEXT).then_some(needed);
        let (worker, name, facts) = self
            .loaded(path, context, threads, |fraction| {
                // Who reads slowly misses some of it.
                let _ = news.try_send(Ok(BenchNews::Loading { fraction }));
            })
            .await?;
        let load_ms = crate::memory::milliseconds(began.elapsed());
        match measured(&worker, plan, threads, news).await {
            Ok((first, parts, ceilings)) => {
                worker.end().await;
                let mut run = BenchRun {
                    load_ms,
                    first_token_ms: load_ms + first.prefill_ms,
                    prefill: Vec::new(),
                    decode: Vec::new(),
                    cost: first.cost,
                    ceilings,
                    resident_memory_bytes: first.resident_memory_bytes,
                    peak_memory_bytes: first.peak_memory_bytes,
                    quantised: facts.quantised,
                    engine: first.engine,
                };
                for (tokens, part) in parts {
                    run.note(plan, tokens, &part);
                }
                Ok(run)
            }
            Err(trouble) => Err(worker.bury(trouble, &name).await),
        }
    }
}

impl BenchRun {
    fn note(&mut self, plan: &BenchPlan, read: u32, part: &Benched) {
        if plan.prefill.contains(&read) {
            self.prefill.push(Timing {
                tokens: read,
                depth: 0,
                ms: part.prefill_ms,
            });
        }
        for (tokens, ms) in plan.decode.iter().zip(&part.decode_ms) {
            self.decode.push(Timing {
                tokens: *tokens,
                depth: read,
                ms: *ms,
            });
        }
        self.peak_memory_bytes = self.peak_memory_bytes.max(part.peak_memory_bytes);
    }
}

type News = mpsc::Sender<Result<BenchNews, AppError>>;
type Parts = Vec<(u32, Benched)>;

/// The short prompt; each number of tokens that is read, with what is made after it; and last,
/// since it needs memory of its own, what the machine can do.
async fn measured(
    worker: &Worker,
    plan: &BenchPlan,
    threads: u32,
    news: &News,
) -> Result<(Benched, Parts, Ceilings), Trouble> {
    let first = timed(worker, plan.first, Vec::new(), news).await?;
    let sizes: BTreeSet<u32> = plan.prefill.iter().chain(&plan.depth).copied().collect();
    let mut parts = Vec::new();
    for tokens in sizes {
        let decode = match plan.depth.contains(&tokens) {
            true => plan.decode.clone(),
            false => Vec::new(),
        };
        parts.push((tokens, timed(worker, tokens, decode, news).await?));
    }
    let asked = ask(worker, WorkerRequest::Ceilings { threads })?;
    let ceilings = until(asked, news, |event| match event {
        WorkerEvent::Ceilings(ceilings) => Some(ceilings),
        _ => None,
    });
    Ok((first, parts, ceilings.await?))
}

async fn timed(
    worker: &Worker,
    prefill: u32,
    decode: Vec<u32>,
    news: &News,
) -> Result<Benched, Trouble> {
    let asked = ask(worker, WorkerRequest::Bench { prefill, decode })?;
    let benched = until(asked, news, |event| match event {
        WorkerEvent::Benched(benched) => Some(benched),
        _ => None,
    });
    benched.await
}

fn ask(worker: &Worker, request: WorkerRequest) -> Result<Asked<Pending<()>>, Trouble> {
    worker.ask(request, pending()).map_err(Trouble::Failed)
}

/// Waits for one event, and passes progress on.
async fn until<T>(
    mut asked: Asked<Pending<()>>,
    news: &News,
    wanted: impl Fn(WorkerEvent) -> Option<T>,
) -> Result<T, Trouble> {
    loop {
        match asked.next().await? {
            WorkerEvent::Progress {
                stage: WorkerStage::Prefill,
                done,
                total,
            } => {
                let _ = news.try_send(Ok(BenchNews::Computing { done, total }));
            }
            event => {
                if let Some(found) = wanted(event) {
                    return Ok(found);
                }
            }
        }
    }
}
