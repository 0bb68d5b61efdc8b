//! What the engine's tests share.
#![allow(dead_code)] // each test binary uses a part

pub mod family;
pub mod scripted;
pub mod tiny;

use candle_core::quantized::GgmlDType;
use engine::{Asked, Cancel, Generated, LoadOptions, Model, Sequence, Wanted, generate};
use protocol::{AppError, Limits, PromptMessage, Role, Sampling, WorkerAnswered};
use std::path::{Path, PathBuf};
use tiny::Tiny;

pub const SMOLLM2: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
pub const QWEN: &str = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";

/// Where the test models are: `$PARLEY_MODELS`, else the cache folder.
pub fn model_path(file: &str) -> PathBuf {
    let folder = std::env::var_os("PARLEY_MODELS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
        cache
            .unwrap_or_else(|| home().join(".cache"))
            .join("parley-models")
    });
    folder.join(file)
}

pub fn load_path(path: &Path, threads: u32) -> Model {
    load_with(
        path,
        &LoadOptions {
            threads,
            ..LoadOptions::default()
        },
    )
}

pub fn load_with(path: &Path, options: &LoadOptions) -> Model {
    Model::load(path, options, &Cancel::new(), &mut |_, _| {}).unwrap()
}

pub fn load(file: &str) -> Model {
    load_path(&model_path(file), 2)
}

pub fn message(role: Role, content: &str) -> PromptMessage {
    PromptMessage::new(role, content)
}

/// Greedy, without penalties.
pub fn greedy() -> Sampling {
    Sampling {
        temperature: 0.0,
        repeat_penalty: 1.0,
        ..Sampling::default()
    }
}

/// Asks for a new answer.
pub fn anew<'a>(
    messages: &'a [PromptMessage],
    sampling: &'a Sampling,
    limits: &'a Limits,
) -> Asked<'a> {
    Asked {
        messages,
        continued: &[],
        sampling,
        limits,
    }
}

pub fn likeliest(logits: &[f32]) -> u32 {
    let best = (0u32..).zip(logits).max_by(|a, b| a.1.total_cmp(b.1));
    best.unwrap().0
}

/// A tiny random model that is written into a folder.
pub fn tiny_model(folder: &Path) -> Model {
    load_path(&Tiny::new("llama", GgmlDType::Q8_0).write(folder), 1)
}

/// An answer of at most so many tokens, always the same.
pub fn ask(
    model: &Model,
    sequence: &mut Sequence,
    messages: &[PromptMessage],
    most: u32,
) -> Result<(String, WorkerAnswered), AppError> {
    let limits = Limits {
        max_tokens: Some(most),
    };
    let mut text = String::new();
    let mut on = |event| {
        if let Generated::Text(more) = event {
            text += &more;
        }
    };
    let sampling = Sampling {
        temperature: 1.0,
        seed: Some(5),
        ..greedy()
    };
    let cancel = Cancel::new();
    let answered = generate(
        model,
        sequence,
        anew(messages, &sampling, &limits),
        &cancel,
        &mut on,
    )?;
    Ok((text, answered))
}

/// Reads ids in one step and gives the logits after the last.
pub fn last_logits(model: &Model, sequence: &mut Sequence, ids: &[u32]) -> Vec<f32> {
    engine::step(model, sequence, ids, Wanted::Last, &Cancel::new()).unwrap()
}

/// The largest difference, relative to the largest value of `b`.
pub fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(0f32, |most, x| most.max(x.abs()));
    let apart = a
        .iter()
        .zip(b)
        .fold(0f32, |most, (a, b)| most.max((a - b).abs()));
    apart / largest
}
