//! Folders whose weights are made smaller when they are loaded: every family answers as from the
//! same numbers in full length, and the second start takes what the first made.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::family::tensor::{Data, Tensors};
use common::family::{Row, golden};
use engine::{Cancel, LoadOptions, Model, Wanted};
use formats::Checkpoint;
use kernels::BlockType;
use protocol::{AppError, Quantise, WeightType};
use std::path::Path;
use std::time::SystemTime;

/// Most relative error of the logits' norm: activations are held in 16 bits, not in 32.
const NEAR: f64 = 1e-3;

fn load(path: &Path, quantise: Option<(WeightType, &Path)>) -> Result<Model, AppError> {
    let options = LoadOptions {
        context: Some(256),
        threads: 2,
        quantise: quantise.map(|(kind, folder)| Quantise {
            kind,
            folder: folder.to_str().unwrap().to_owned(),
        }),
        ..LoadOptions::default()
    };
    Model::load(path, &options, &Cancel::new(), &mut |_, _| {})
}

fn logits(model: &Model, ids: &[u32]) -> Vec<f32> {
    let mut sequence = model.sequence();
    engine::step(model, &mut sequence, ids, Wanted::Last, &Cancel::new()).unwrap()
}

fn apart(a: &[f32], b: &[f32]) -> f64 {
    let square = |x: f32| f64::from(x).powi(2);
    let error: f64 = a.iter().zip(b).map(|(a, b)| square(a - b)).sum();
    (error / b.iter().map(|b| square(*b)).sum::<f64>()).sqrt()
}

/// The kept files with their dates.
fn kept(folder: &Path) -> Vec<(String, SystemTime)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let names = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, entry.metadata().unwrap().modified().unwrap())
    });
    names.filter(|(name, _)| name != "lock").collect()
}

/// Rounds what is quantised as its type does.
fn round(tensors: &mut Tensors, checkpoint: &Checkpoint, kind: WeightType) {
    for (tensor, kind) in checkpoint.quantisable(kind) {
        let Data::Numbers(numbers) = &mut tensors.get_mut(&tensor.name).unwrap().data else {
            panic!("{} is quantised already", tensor.name);
        };
        let bytes = engine::quantise(kind, numbers).unwrap();
        let kind = BlockType::named(kind.name).unwrap();
        assert!(kernels::dequantize(kind, &bytes, numbers));
    }
}

/// What is wrong with a row in a type, in words.
fn wrong(name: &str, kind: WeightType) -> Option<String> {
    let row = Row::read(name);
    let scratch = tempfile::tempdir().unwrap();
    let (folder, weights) = (scratch.path().join("model"), scratch.path().join("weights"));
    let mut tensors = row.tensors();
    row.write_folder(&folder, &row.config, &tensors, "F32", 2);
    let checkpoint = Checkpoint::open(&folder).unwrap();
    if !checkpoint.quantisable(kind).is_empty() {
        round(&mut tensors, &checkpoint, kind);
    }
    let model = match load(&folder, Some((kind, &weights))) {
        Ok(model) => model,
        Err(error) => return Some(format!("{error:?}")),
    };
    if !model.capabilities().mapped {
        // Copied into 32 bits whatever they are: smaller ones would save nothing.
        assert_eq!(model.facts().quantised, None, "{name}");
        return None;
    }
    assert_eq!(model.facts().quantised, Some(kind), "{name}");
    let ours = logits(&model, &row.long);
    let first = kept(&weights);
    assert_eq!(first.len(), 1, "{first:?}");
    let again = load(&folder, Some((kind, &weights))).unwrap();
    assert_eq!(kept(&weights), first, "{name}: made twice");
    assert_eq!(logits(&again, &row.long), ours, "{name}: kept");
    let exact = scratch.path().join("exact");
    row.write_folder(&exact, &row.config, &tensors, "F32", 1);
    let exact = load(&exact, None).unwrap();
    assert_eq!(exact.facts().quantised, None);
    let apart = apart(&ours, &logits(&exact, &row.long));
    (apart.is_nan() || apart > NEAR).then(|| format!("{apart:.2e} apart"))
}

fn check(kind: WeightType, names: impl IntoIterator<Item = String>) {
    let found = names
        .into_iter()
        .filter_map(|name| wrong(&name, kind).map(|wrong| format!("{name}: {wrong}")));
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{kind:?}\n{}", found.join("\n"));
}

#[test]
fn every_family_in_the_smallest_type() {
    let rows = std::fs::read_dir(golden().join("rows")).unwrap();
    let mut names: Vec<String> = rows
        .filter_map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".json").map(str::to_owned)
        })
        .collect();
    names.sort();
    check(WeightType::Q4K, names);
}

#[test]
fn some_in_the_other_types() {
    for kind in [WeightType::Q8_0, WeightType::Q6K] {
        check(kind, ["llama", "falcon-40b", "mixtral"].map(String::from));
    }
}

#[test]
fn a_gguf_file_is_left_as_it_is() {
    let row = Row::read("llama");
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("model.gguf");
    std::fs::write(&path, row.gguf(&row.tensors())).unwrap();
    let weights = scratch.path().join("weights");
    let refused = load(&path, Some((WeightType::Q8_0, &weights)));
    assert_eq!(refused.err().unwrap().key, "quantise-gguf");
    assert!(!weights.exists());
}
