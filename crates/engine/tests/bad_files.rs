//! Files with something wrong, when they are loaded and later.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use candle_core::{Device, Tensor};
use common::tiny::{HIDDEN, Tiny};
use common::{ask, load_path, message, tiny_model};
use engine::{Cancel, LoadOptions, Model};
use protocol::{AppError, Role};

fn load_error(tiny: &Tiny) -> AppError {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny.write(folder.path());
    let options = LoadOptions::default();
    let loaded = Model::load(&path, &options, &Cancel::new(), &mut |_, _| {});
    loaded.err().expect("the file should be refused")
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let check = |architecture: &str, change: &dyn Fn(&mut Tiny), key: &str, names: &str| {
        let mut tiny = Tiny::new(architecture, GgmlDType::Q8_0);
        change(&mut tiny);
        let error = load_error(&tiny);
        assert_eq!(error.key, key, "{error}");
        assert!(
            error.to_string().contains(names),
            "{error} should name {names}"
        );
    };
    let set = |key: &str, value: Value| {
        let key = key.to_owned();
        move |tiny: &mut Tiny| {
            tiny.metadata.insert(key.clone(), value.clone());
        }
    };
    let text = |text: &str| Value::String(text.to_owned());
    let drop = |key: &str| {
        let key = key.to_owned();
        move |tiny: &mut Tiny| {
            tiny.metadata.remove(&key);
            tiny.tensors.remove(&key);
        }
    };
    let architecture = "general.architecture";
    check(
        "llama",
        &set(architecture, text("gptneox")),
        "unknown-architecture",
        "gptneox",
    );
    check(
        "llama",
        &set("llama.expert_count", Value::U32(8)),
        "metadata-missing",
        "llama.expert_used_count",
    );
    check(
        "llama",
        &set("llama.rope.scaling.type", text("spiral")),
        "unknown-architecture",
        "spiral",
    );
    check(
        "llama",
        &|tiny: &mut Tiny| {
            for name in ["token_embd.weight", "output.weight"] {
                let fewer = tiny.tensors[name].narrow(0, 0, 200).unwrap();
                tiny.tensors
                    .insert(name.into(), fewer.contiguous().unwrap());
            }
        },
        "tokenizer-too-large",
        "200",
    );
    check(
        "llama",
        &drop("blk.1.ffn_up.weight"),
        "tensor-missing",
        "blk.1.ffn_up.weight",
    );
    check(
        "qwen2",
        &drop("blk.0.attn_k.bias"),
        "tensor-missing",
        "blk.0.attn_k.bias",
    );
    check(
        "llama",
        &drop("llama.block_count"),
        "metadata-missing",
        "llama.block_count",
    );
    check(
        "llama",
        &set("llama.block_count", Value::U32(u32::MAX)),
        "model-damaged",
        "block_count",
    );
    check(
        "llama",
        &set("llama.block_count", Value::U32(3)),
        "tensor-missing",
        "blk.2",
    );
    check(
        "llama",
        &set("llama.block_count", Value::U32(1)),
        "tensor-unexpected",
        "blk.1",
    );
    check(
        "llama",
        &set("llama.feed_forward_length", Value::U32(128)),
        "tensor-shape",
        "ffn_gate",
    );
    check(
        "llama",
        &set("llama.attention.head_count_kv", Value::U32(3)),
        "model-damaged",
        "kv",
    );
    check(
        "llama",
        &set("llama.attention.head_count", Value::U32(0)),
        "model-damaged",
        "head_count",
    );
    check(
        "llama",
        &set("llama.context_length", text("long")),
        "model-damaged",
        "context_length",
    );
    check(
        "llama",
        &set("tokenizer.ggml.pre", text("newest")),
        "unknown-pretokenizer",
        "newest",
    );
    check(
        "llama",
        &set("tokenizer.ggml.model", text("plamo2")),
        "unknown-tokenizer",
        "plamo2",
    );
    check(
        "llama",
        &drop("tokenizer.ggml.tokens"),
        "tokenizer-damaged",
        "tokens",
    );
    check(
        "llama",
        &drop("tokenizer.ggml.merges"),
        "tokenizer-damaged",
        "merges",
    );
    check(
        "llama",
        &|tiny: &mut Tiny| {
            let narrow = tiny.tensors["token_embd.weight"].narrow(1, 0, 128).unwrap();
            let narrow = narrow.contiguous().unwrap();
            tiny.tensors.insert("token_embd.weight".into(), narrow);
        },
        "tensor-shape",
        "token_embd",
    );
}

#[test]
fn a_file_that_changes_or_goes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let model = tiny_model(folder.path());
    let path = folder.path().join("tiny.gguf");
    let messages = [message(Role::User, "hello")];
    assert!(model.check_unchanged().is_ok());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let error = ask(&model, &mut model.sequence(), &messages, 1).unwrap_err();
    assert_eq!(error.key, "model-gone");
    std::fs::write(&path, bytes).unwrap();
    let error = ask(&model, &mut model.sequence(), &messages, 1).unwrap_err();
    assert_eq!(error.key, "model-changed");
}

#[test]
fn damaged_weights_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut tiny = Tiny::new("llama", GgmlDType::Q8_0);
    let norm = Tensor::full(f32::NAN, HIDDEN, &Device::Cpu).unwrap();
    tiny.tensors.insert("blk.1.ffn_norm.weight".into(), norm);
    let model = load_path(&tiny.write(folder.path()), 1);
    let messages = [message(Role::User, "hello")];
    let error = ask(&model, &mut model.sequence(), &messages, 1).unwrap_err();
    assert_eq!(error.key, "logits-not-finite");
}
