//! Our executor beside the plain reference, on every family's tiny model, and beside itself: the
//! same bits whatever the batch, the threads, and what was read before.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::family::{Row, names};
use engine::{
    Cancel, ExecutorKind, KvKind, LoadOptions, Model, Reading, Sequence, Wanted, step,
    step_together,
};
use std::path::Path;

/// Most relative error of the logits' norm beside the reference, with keys and values as they
/// were computed: of weights that are numbers, and of quantised ones, where a difference in the
/// last bit may round an activation to another quant.
const NEAR: f64 = 1e-5;
const NEAR_QUANTISED: f64 = 1e-3;
/// The same with keys and values in halves, whose rounding is 2^-12 of a number: most of the
/// models are within 1e-3, those whose experts weigh differently then are not.
const NEAR_IN_HALVES: f64 = 1e-2;
/// The same with keys and values in 8 bits, each within 2^-8 of the largest of its block: of the
/// middle row, since here and there one expert comes to weigh more than another.
const NEAR_IN_EIGHTS: f64 = 5e-2;
/// Those held to the same bits in 8 bits too: plain heads, windows and norms, experts.
const IN_EIGHTS: [&str; 3] = ["llama", "gemma3", "mixtral"];
/// Those whose heads are no whole blocks of 32: they stay in halves.
const IN_HALVES: [&str; 2] = ["llama-small", "falcon-rw-six"];
/// Tokens that are read: more than two pages of keys and values.
const TOKENS: usize = 150;

fn load(path: &Path, executor: ExecutorKind, kv: KvKind, threads: u32) -> Model {
    let options = LoadOptions {
        context: Some(256),
        threads,
        executor,
        kv,
        ..LoadOptions::default()
    };
    Model::load(path, &options, &Cancel::new(), &mut |_, _| {}).unwrap()
}

fn read(model: &Model, sequence: &mut Sequence, ids: &[u32], batch: usize) -> Vec<f32> {
    let steps = ids.chunks(batch);
    let logits = steps.map(|ids| step(model, sequence, ids, Wanted::All, &Cancel::new()).unwrap());
    logits.collect::<Vec<_>>().concat()
}

/// Relative errors of the rows' norms, the largest last; what is not a number is the largest.
fn apart(ours: &[f32], theirs: &[f32]) -> Vec<f64> {
    assert_eq!(ours.len(), theirs.len());
    let row = ours.len() / TOKENS;
    let rows = ours.chunks(row).zip(theirs.chunks(row));
    let apart = rows.map(|(a, b)| {
        let square = |x: f32| f64::from(x).powi(2);
        let error: f64 = a.iter().zip(b).map(|(a, b)| square(a - b)).sum();
        (error / b.iter().map(|b| square(*b)).sum::<f64>()).sqrt()
    });
    let mut apart: Vec<f64> = apart.map(f64::abs).collect();
    apart.sort_by(f64::total_cmp);
    apart
}

/// The same bits, however they come about.
fn check_bits(what: &str, path: &Path, kv: KvKind, ids: &[u32], whole: &[f32]) {
    let same = |how: &str, found: &[f32], from: usize| {
        let row = whole.len() / ids.len();
        assert!(found == &whole[from * row..], "{what}: {how}");
    };
    for (batch, threads) in [(1, 2), (2, 3), (8, 1), (64, 2), (TOKENS, 3), (TOKENS, 1)] {
        let model = load(path, ExecutorKind::Cpu, kv, threads);
        let found = read(&model, &mut model.sequence(), ids, batch);
        same(&format!("{batch} at once, {threads} threads"), &found, 0);
    }
    let model = load(path, ExecutorKind::Cpu, kv, 2);
    let mut sequence = model.sequence();
    let others: Vec<u32> = ids.iter().rev().copied().collect();
    read(&model, &mut sequence, &ids[..70], 70);
    for kept in [66, 64, 5] {
        // What was read behind the cut leaves no trace.
        read(&model, &mut sequence, &others[..20], 20);
        sequence.truncate(kept);
        let mut forked = sequence.fork().unwrap();
        read(&model, &mut sequence, &others[..40], 40);
        let found = read(&model, &mut forked, &ids[kept..], 30);
        same(&format!("a fork of {kept}"), &found, kept);
        sequence.truncate(kept);
        let found = read(&model, &mut sequence, &ids[kept..], 45);
        same(&format!("after a truncation to {kept}"), &found, kept);
        sequence.truncate(kept);
    }
    // Where not all logits are wanted, the last layer leaves rows out.
    let mut sequences = [(); 3].map(|()| model.sequence());
    let cancel = Cancel::new();
    for (step, wanted) in [
        [Wanted::Nothing, Wanted::Last, Wanted::All],
        [Wanted::Last, Wanted::All, Wanted::Nothing],
        [Wanted::All, Wanted::Nothing, Wanted::Last],
    ]
    .into_iter()
    .enumerate()
    {
        let some = 50 * step..50 * (step + 1);
        let mut readings = Vec::new();
        for (sequence, wanted) in sequences.iter_mut().zip(wanted) {
            readings.push(Reading {
                sequence,
                ids: &ids[some.clone()],
                wanted,
                cancel: &cancel,
            });
        }
        let row = whole.len() / ids.len();
        for (made, wanted) in step_together(&model, &mut readings).into_iter().zip(wanted) {
            let from = match wanted {
                Wanted::All => some.start,
                Wanted::Last => some.end - 1,
                Wanted::Nothing => some.end,
            };
            let expected = &whole[from * row..some.end * row];
            assert!(
                made.unwrap() == expected,
                "{what}: {wanted:?} in a step of three"
            );
        }
    }
    // Beside other sequences, in one step.
    let (mut ours, mut other) = (model.sequence(), model.sequence());
    let mut found = Vec::new();
    for (ids, others) in ids.chunks(9).zip(others.chunks(5)) {
        let mut readings =
            [(&mut other, others), (&mut ours, ids)].map(|(sequence, ids)| Reading {
                sequence,
                ids,
                wanted: Wanted::All,
                cancel: &cancel,
            });
        let mut made = step_together(&model, &mut readings);
        found.extend(made.pop().unwrap().unwrap());
    }
    same("beside another", &found, 0);
}

/// One model's file or folder.
fn check(what: &str, path: &Path, ids: &[u32], near: f64) {
    let of = |executor, kv| {
        let model = load(path, executor, kv, 2);
        model
            .capabilities()
            .exact
            .then(|| read(&model, &mut model.sequence(), ids, TOKENS))
    };
    let Some(reference) = of(ExecutorKind::Candle, KvKind::F32) else {
        return; // candle-transformers' own
    };
    let (worst, middle) = (TOKENS - 1, TOKENS / 2);
    let mut halves = Vec::new();
    for (kv, row, near) in [
        (KvKind::F32, worst, near),
        (KvKind::F16, worst, NEAR_IN_HALVES),
        (KvKind::Q8_0, middle, NEAR_IN_EIGHTS),
    ] {
        let ours = of(ExecutorKind::Cpu, kv).unwrap();
        let apart = apart(&ours, &reference)[row];
        assert!(apart <= near, "{what} {kv:?}: {apart:.2e} from candle");
        let in_eights = kv == KvKind::Q8_0;
        if in_eights {
            let name = what.split(' ').next().unwrap_or(what);
            assert_eq!(ours == halves, IN_HALVES.contains(&name), "{what}");
        }
        if kv == KvKind::F16 || in_eights && IN_EIGHTS.contains(&what) {
            check_bits(what, path, kv, ids, &ours);
        }
        if kv == KvKind::F16 {
            halves = ours;
        }
    }
}

#[test]
fn every_family_is_as_the_reference_says_and_the_same_in_every_way() {
    for name in names() {
        let row = Row::read(&name);
        let scratch = tempfile::tempdir().unwrap();
        let tensors = row.tensors();
        let ids: Vec<u32> = row.long.iter().chain(&row.first).copied().collect();
        let ids: Vec<u32> = ids.iter().cycle().take(TOKENS).copied().collect();
        let path = scratch.path().join(&name);
        row.write_folder(&path, &row.config, &tensors, "F32", 1);
        let near = if name.ends_with("mxfp4") {
            NEAR_QUANTISED
        } else {
            NEAR
        };
        check(&name, &path, &ids, near);
        if row.gguf.is_some() {
            let path = scratch.path().join("model.gguf");
            std::fs::write(&path, row.gguf_in(&tensors, "Q4_K")).unwrap();
            check(&format!("{name} Q4_K"), &path, &ids, NEAR_QUANTISED);
        }
    }
}
