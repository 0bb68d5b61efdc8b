//! What timed runs come to: medians, shares of what the machine can do, ratios to a peer.

use super::peer::PeerRun;
use protocol::{Ceilings, EngineFacts, TokenCost, WeightType};
use runtime::{BenchPlan, BenchRun, Timing};
use serde::Serialize;

/// The object that `--json` prints. Its names are stable: README.md lists them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Report {
    pub file: String,
    pub file_bytes: u64,
    pub runs: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantised: Option<WeightType>,
    #[serde(flatten)]
    pub engine: EngineFacts,
    /// The machine, with the same threads: the best of all runs.
    pub ceilings: Ceilings,
    pub cost: Option<TokenCost>,
    /// Medians of the first of each kind, for who wants no lists.
    #[serde(flatten)]
    pub first: First,
    /// Keys and values of the longest sequence that was run.
    pub kv_bytes: Option<f64>,
    pub resident_memory_bytes: u64,
    pub peak_memory_bytes: u64,
    pub measures: Vec<Measure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Peer>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct First {
    pub load_ms: f64,
    pub first_token_ms: f64,
    pub prefill: u32,
    pub prefill_tps: f64,
    pub decode: u32,
    pub depth: u32,
    pub decode_tps: f64,
}

/// Whom it is held against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Peer {
    pub engine: &'static str,
    /// Of the package node-llama-cpp.
    pub version: String,
    pub kernels: String,
    pub peak_memory_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Measure {
    pub what: What,
    /// Read, or made.
    pub tokens: u32,
    /// Tokens that were there before.
    pub depth: u32,
    pub unit: Unit,
    #[serde(flatten)]
    pub ours: Spread,
    /// The time that the machine's ceilings allow, over the time taken; the median.
    pub share: Option<f64>,
    /// What the ceiling is of.
    pub limit: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<Spread>,
    /// Our median over the peer's: above 1 is faster for speeds, below 1 for times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Load,
    FirstToken,
    Prefill,
    Decode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "tokens/s")]
    Speed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    Memory,
    Integer,
    Float,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    /// None of no values.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let (below, above) = ((values.len() - 1) / 2, values.len() / 2);
        Some(Spread {
            median: f64::midpoint(*values.get(below)?, *values.get(above)?),
            least,
            most,
        })
    }
}

impl Report {
    /// Of at least one run; the peer's are as many, or none.
    pub(crate) fn of(
        file: String,
        file_bytes: u64,
        plan: &BenchPlan,
        runs: &[BenchRun],
        peers: &[PeerRun],
    ) -> Option<Report> {
        let one = runs.first()?;
        let measures = measures(plan, runs, peers);
        let deepest = one.decode.iter().map(|of| of.tokens + of.depth);
        let longest = deepest.chain(one.prefill.iter().map(|of| of.tokens)).max();
        let best =
            |of: fn(&Ceilings) -> f64| runs.iter().map(|run| of(&run.ceilings)).fold(0.0, f64::max);
        Some(Report {
            file,
            file_bytes,
            runs: runs.len(),
            quantised: one.quantised,
            engine: one.engine.clone(),
            ceilings: Ceilings {
                read_bytes: best(|of| of.read_bytes),
                integer: best(|of| of.integer),
                float: best(|of| of.float),
            },
            first: First::of(&measures),
            kv_bytes: (one.cost.as_ref()).map(|cost| held(cost, longest.unwrap_or(0))),
            cost: one.cost.clone(),
            resident_memory_bytes: runs.iter().map(|run| run.resident_memory_bytes).max()?,
            peak_memory_bytes: runs.iter().map(|run| run.peak_memory_bytes).max()?,
            measures,
            against: peers.first().map(|peer| Peer {
                engine: super::peer::NAME,
                version: peer.version.clone(),
                kernels: peer.kernels.clone(),
                peak_memory_bytes: peer.peak_memory_bytes,
            }),
        })
    }
}

impl First {
    fn of(measures: &[Measure]) -> First {
        let find = |what| measures.iter().find(|one| one.what == what);
        let median = |what| find(what).map_or(0.0, |one| one.ours.median);
        let (prefill, decode) = (find(What::Prefill), find(What::Decode));
        First {
            load_ms: median(What::Load),
            first_token_ms: median(What::FirstToken),
            prefill: prefill.map_or(0, |one| one.tokens),
            prefill_tps: median(What::Prefill),
            decode: decode.map_or(0, |one| one.tokens),
            depth: decode.map_or(0, |one| one.depth),
            decode_tps: median(What::Decode),
        }
    }
}

fn measures(plan: &BenchPlan, runs: &[BenchRun], peers: &[PeerRun]) -> Vec<Measure> {
    let time = |what, tokens, ours: fn(&BenchRun) -> f64, theirs: fn(&PeerRun) -> f64| {
        measure(
            (what, tokens, 0),
            Unit::Milliseconds,
            runs.iter().map(ours).collect(),
            peers.iter().map(theirs).collect(),
            Vec::new(),
        )
    };
    let mut all = vec![
        time(What::Load, 0, |run| run.load_ms, |peer| peer.load_ms),
        time(
            What::FirstToken,
            plan.first,
            |run| run.first_token_ms,
            |peer| peer.first_token_ms,
        ),
    ];
    for tokens in &plan.prefill {
        all.push(speed(What::Prefill, *tokens, 0, runs, peers));
    }
    for depth in &plan.depth {
        for tokens in &plan.decode {
            all.push(speed(What::Decode, *tokens, *depth, runs, peers));
        }
    }
    all.into_iter().flatten().collect()
}

fn speed(
    what: What,
    tokens: u32,
    depth: u32,
    runs: &[BenchRun],
    peers: &[PeerRun],
) -> Option<Measure> {
    let find = |timings: &[Timing]| {
        let same = |of: &&Timing| of.tokens == tokens && of.depth == depth;
        timings.iter().find(same).map(|of| of.ms)
    };
    let per_second = |ms: f64| f64::from(tokens) * 1000.0 / ms.max(1e-6);
    let ours = runs.iter().filter_map(|run| {
        let ms = find(if what == What::Prefill {
            &run.prefill
        } else {
            &run.decode
        })?;
        let bound = run.cost.as_ref().map(|cost| match what {
            What::Prefill => reading(cost, &run.ceilings, tokens),
            _ => making(cost, &run.ceilings, tokens, depth),
        });
        Some((
            per_second(ms),
            bound.map(|(s, limit)| (s * 1000.0 / ms.max(1e-6), limit)),
        ))
    });
    let (ours, shares): (Vec<_>, Vec<_>) = ours.unzip();
    let theirs = peers.iter().filter_map(|peer| {
        find(if what == What::Prefill {
            &peer.prefill
        } else {
            &peer.decode
        })
    });
    measure(
        (what, tokens, depth),
        Unit::Speed,
        ours,
        theirs.map(per_second).collect(),
        shares.into_iter().flatten().collect(),
    )
}

fn measure(
    (what, tokens, depth): (What, u32, u32),
    unit: Unit,
    ours: Vec<f64>,
    theirs: Vec<f64>,
    shares: Vec<(f64, Limit)>,
) -> Option<Measure> {
    let (ours, peer) = (Spread::of(ours)?, Spread::of(theirs));
    Some(Measure {
        what,
        tokens,
        depth,
        unit,
        ours,
        limit: shares.first().map(|share| share.1),
        share: Spread::of(shares.into_iter().map(|share| share.0).collect())
            .map(|share| share.median),
        ratio: peer.map(|peer| ours.median / peer.median.max(1e-9)),
        peer,
    })
}

/// Bytes of keys and values that so many tokens take: also those that a window no longer reaches.
fn held(cost: &TokenCost, tokens: u32) -> f64 {
    let reaches = cost.reaches.iter();
    reaches.map(|reach| reach.bytes * f64::from(tokens)).sum()
}

/// Bytes of keys and values that a token reads which sees so many.
fn read(cost: &TokenCost, tokens: u32) -> f64 {
    let seen = |window: Option<u32>| f64::from(window.unwrap_or(u32::MAX).min(tokens));
    let reaches = cost.reaches.iter();
    reaches.map(|reach| reach.bytes * seen(reach.window)).sum()
}

/// Multiply-adds of attention of a token that sees so many, itself included.
fn attended(cost: &TokenCost, tokens: u32) -> f64 {
    let seen = |window: Option<u32>| f64::from(window.unwrap_or(u32::MAX).min(tokens));
    let reaches = cost.reaches.iter();
    reaches
        .map(|reach| reach.multiply_adds * seen(reach.window))
        .sum()
}

/// Seconds that a time cannot be below, and why: the longest of reading and computing, since the
/// two can go on side by side. What cannot be measured bounds nothing.
fn bound(machine: &Ceilings, bytes: f64, integer: f64, float: f64) -> (f64, Limit) {
    let over = |work: f64, ceiling: f64| if ceiling > 0.0 { work / ceiling } else { 0.0 };
    let memory = over(bytes, machine.read_bytes);
    let (integer, float) = (over(integer, machine.integer), over(float, machine.float));
    match () {
        () if memory >= integer + float => (memory, Limit::Memory),
        () if integer >= float => (integer + float, Limit::Integer),
        () => (integer + float, Limit::Float),
    }
}

/// Reading a prompt: each weight once from memory, multiplied for every token; the logits of the
/// last.
fn reading(cost: &TokenCost, machine: &Ceilings, tokens: u32) -> (f64, Limit) {
    let attention: f64 = (1..=tokens).map(|seen| attended(cost, seen)).sum();
    let times = f64::from(tokens);
    bound(
        machine,
        cost.weight_bytes,
        cost.integer * times + cost.output_integer,
        cost.float * times + cost.output_float + attention,
    )
}

/// Making tokens: for each, each weight once, and all keys and values before.
fn making(cost: &TokenCost, machine: &Ceilings, tokens: u32, depth: u32) -> (f64, Limit) {
    let mut limit = Limit::Memory;
    let each = (1..=tokens).map(|made| {
        let seen = depth.saturating_add(made);
        let one = bound(
            machine,
            cost.weight_bytes + read(cost, seen),
            cost.integer + cost.output_integer,
            cost.float + cost.output_float + attended(cost, seen),
        );
        limit = one.1;
        one.0
    });
    (each.sum(), limit)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
