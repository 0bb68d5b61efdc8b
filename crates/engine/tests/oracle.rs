//! Against candle-transformers' own `quantized_llama`, on the starter's real weights.
//!
//! `quantized_llama` rounds activations to 8 bits, we to 16: on this model its rounding moves
//! logits by percents. So the same weights are written out in f32, where neither rounds, and
//! there the two must agree; and our logits on the file as it is must agree with those.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use common::{SMOLLM2, difference, last_logits, load_path, message, model_path};
use protocol::{Role, TemplateInput};
use std::fs::File;
use std::path::Path;

/// Largest difference of two logits, relative to the largest logit.
const TOLERANCE: f32 = 1e-3;

/// Writes a model file with every tensor in f32.
fn write_in_f32(from: &Path, to: &Path) {
    let mut file = File::open(from).unwrap();
    let content = gguf_file::Content::read(&mut file).unwrap();
    let tensors: Vec<(String, QTensor)> = content
        .tensor_infos
        .keys()
        .map(|name| {
            let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
            let numbers = tensor.dequantize(&Device::Cpu).unwrap();
            (
                name.clone(),
                QTensor::quantize(&numbers, GgmlDType::F32).unwrap(),
            )
        })
        .collect();
    let metadata: Vec<_> = content
        .metadata
        .iter()
        .map(|(k, v)| (k.as_str(), v))
        .collect();
    let tensors: Vec<_> = tensors.iter().map(|(name, t)| (name.as_str(), t)).collect();
    gguf_file::write(&mut File::create(to).unwrap(), &metadata, &tensors).unwrap();
}

/// Two turns on one cache, `ours` on `path` and the oracle on `exact`: the largest difference of
/// each.
fn apart(path: &Path, exact: &Path) -> [f32; 2] {
    let mut file = File::open(exact).unwrap();
    let content = gguf_file::Content::read(&mut file).unwrap();
    let mut oracle = ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap();
    let mut oracle = |ids: &[u32], past: usize| -> Vec<f32> {
        let ids = Tensor::new(ids, &Device::Cpu)
            .unwrap()
            .unsqueeze(0)
            .unwrap();
        let logits = oracle.forward(&ids, past).unwrap();
        logits.flatten_all().unwrap().to_vec1().unwrap()
    };
    let model = load_path(path, 2);
    let render = |words: &str| {
        let text = {
            let said = [message(Role::User, words)];
            model.template().render(&TemplateInput::of(&said, true))
        };
        model.tokenizer().encode(&text.unwrap(), true).unwrap()
    };
    let mut sequence = model.sequence();
    let (first, second) = (
        render("What is the capital of France?"),
        render("And of 日本?"),
    );
    let apart = [
        difference(
            &last_logits(&model, &mut sequence, &first),
            &oracle(&first, 0),
        ),
        difference(
            &last_logits(&model, &mut sequence, &second),
            &oracle(&second, first.len()),
        ),
    ];
    println!("{}: {apart:?}", path.display());
    apart
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn logits_are_those_of_quantized_llama() {
    let folder = tempfile::tempdir().unwrap();
    let exact = folder.path().join("f32.gguf");
    write_in_f32(&model_path(SMOLLM2), &exact);
    for apart in apart(&exact, &exact) {
        assert!(apart < TOLERANCE, "{apart}");
    }
    for apart in apart(&model_path(SMOLLM2), &exact) {
        assert!(apart < TOLERANCE, "{apart}");
    }
}
