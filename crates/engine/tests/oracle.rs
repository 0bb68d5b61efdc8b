//! Against candle-transformers' own `quantized_llama`, on the starter's real weights.

mod common;

use candle_core::quantized::gguf_file;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use common::{SMOLLM2, difference, last_logits, load, message, model_path};
use protocol::Role;

/// Largest difference of two logits, relative to the largest logit.
const TOLERANCE: f32 = 1e-3;

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn logits_are_those_of_quantized_llama() {
    let path = model_path(SMOLLM2);
    let mut file = std::fs::File::open(&path).unwrap();
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
    let model = load(SMOLLM2);
    let render = |words: &str| {
        let text = model.template().render(&[message(Role::User, words)], true);
        model.tokenizer().encode(&text.unwrap(), true).unwrap()
    };
    let mut sequence = model.sequence();
    let first = render("What is the capital of France?");
    let apart = difference(
        &last_logits(&model, &mut sequence, &first),
        &oracle(&first, 0),
    );
    println!("turn one: {apart:e}");
    assert!(apart < TOLERANCE, "turn one: {apart}");
    let second = render("And of 日本?");
    let apart = difference(
        &last_logits(&model, &mut sequence, &second),
        &oracle(&second, first.len()),
    );
    println!("turn two: {apart:e}");
    assert!(apart < TOLERANCE, "turn two: {apart}");
}
