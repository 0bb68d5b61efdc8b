//! Right by construction, on real weights: models made from the starter so that they must give
//! what it gives.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::quantized::ggml_file::qtensor_from_ggml;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use common::family::files;
use common::family::tensor::{self, Tensors};
use common::{SMOLLM2, difference, last_logits, load_path, model_path};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

const PROMPTS: [&str; 2] = ["The capital of France is", " and that of 日本 is"];

/// A GGUF model in memory.
struct Real {
    metadata: HashMap<String, Value>,
    tensors: BTreeMap<String, QTensor>,
}

impl Real {
    fn starter() -> Real {
        let mut file = std::fs::File::open(model_path(SMOLLM2)).unwrap();
        let content = gguf_file::Content::read(&mut file).unwrap();
        let names = content.tensor_infos.keys();
        let tensors = names.map(|name| {
            let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
            (name.clone(), tensor)
        });
        Real {
            tensors: tensors.collect(),
            metadata: content.metadata,
        }
    }

    fn number(&self, key: &str) -> usize {
        self.metadata[key].to_u32().unwrap() as usize
    }

    fn write(&self, path: &Path) {
        let metadata: Vec<_> = self.metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
        let tensors: Vec<_> = self.tensors.iter().map(|(k, t)| (k.as_str(), t)).collect();
        let mut file = std::fs::File::create(path).unwrap();
        gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    }

    fn numbers(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let whole = self.tensors[name].dequantize(&Device::Cpu).unwrap();
        let numbers = whole.flatten_all().unwrap().to_vec1().unwrap();
        (whole.dims().to_vec(), numbers)
    }
}

/// The same block, from its bytes.
fn copied(tensor: &QTensor, times: usize) -> QTensor {
    let mut dims = tensor.shape().dims().to_vec();
    if times > 1 {
        dims.insert(0, times);
    }
    let data = tensor.data().unwrap().repeat(times);
    qtensor_from_ggml(tensor.dtype(), &data, dims, &Device::Cpu).unwrap()
}

/// Logits after two prompts on one cache.
fn logits(path: &Path) -> [Vec<f32>; 2] {
    let model = load_path(path, 2);
    let mut sequence = model.sequence();
    PROMPTS.map(|text| {
        let ids = model.tokenizer().encode(text, false).unwrap();
        last_logits(&model, &mut sequence, &ids)
    })
}

/// That a model gives what the starter gives.
fn check(path: &Path, most: f32) {
    for (ours, starter) in logits(path).iter().zip(logits(&model_path(SMOLLM2))) {
        let apart = difference(ours, &starter);
        assert!(apart <= most, "{apart}");
    }
}

/// LLaMA-Pro's expansion: after every fifth block a copy of it that adds nothing.
#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn inserted_blocks_that_add_nothing_change_nothing() {
    let mut real = Real::starter();
    let blocks = real.number("llama.block_count");
    let old = std::mem::take(&mut real.tensors);
    let mut count = 0;
    for block in 0..blocks {
        let parts = old.iter().filter_map(|(name, tensor)| {
            let part = name.strip_prefix(&format!("blk.{block}."))?;
            Some((part, tensor))
        });
        let parts: Vec<_> = parts.collect();
        for (part, tensor) in &parts {
            let name = format!("blk.{count}.{part}");
            real.tensors.insert(name, copied(tensor, 1));
        }
        count += 1;
        if block % 5 != 4 {
            continue;
        }
        for (part, tensor) in parts {
            let adds = matches!(part, "attn_output.weight" | "ffn_down.weight");
            let tensor = match adds {
                true => {
                    let zero = Tensor::zeros(tensor.shape(), candle_core::DType::F32, &Device::Cpu);
                    QTensor::quantize(&zero.unwrap(), tensor.dtype()).unwrap()
                }
                false => copied(tensor, 1),
            };
            real.tensors.insert(format!("blk.{count}.{part}"), tensor);
        }
        count += 1;
    }
    let ends = old
        .into_iter()
        .filter(|(name, _)| !name.starts_with("blk."));
    real.tensors.extend(ends);
    let key = "llama.block_count".to_owned();
    real.metadata.insert(key, Value::U32(count as u32));
    assert_eq!(count, blocks + blocks / 5);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expanded.gguf");
    real.write(&path);
    check(&path, 0.0);
}

/// Mixtral's form: experts that are all alike, whichever are chosen.
#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn copied_experts_give_what_the_one_gives() {
    const EXPERTS: usize = 4;
    let mut real = Real::starter();
    let (blocks, hidden) = (
        real.number("llama.block_count"),
        real.number("llama.embedding_length"),
    );
    for block in 0..blocks {
        for part in ["gate", "up", "down"] {
            let one = real
                .tensors
                .remove(&format!("blk.{block}.ffn_{part}.weight"));
            let name = format!("blk.{block}.ffn_{part}_exps.weight");
            real.tensors.insert(name, copied(&one.unwrap(), EXPERTS));
        }
        let name = format!("blk.{block}.ffn_gate_inp.weight");
        let numbers = common::family::weights::numbers(&name, EXPERTS * hidden, 0, Some(-17));
        let router = Tensor::from_vec(numbers, (EXPERTS, hidden), &Device::Cpu).unwrap();
        let router = QTensor::quantize(&router, GgmlDType::F32).unwrap();
        real.tensors.insert(name, router);
    }
    let experts = [("expert_count", EXPERTS), ("expert_used_count", 2)];
    for (key, count) in experts {
        let value = Value::U32(count as u32);
        real.metadata.insert(format!("llama.{key}"), value);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("experts.gguf");
    real.write(&path);
    // A sum of shares rounds, and 30 layers carry it on.
    check(&path, 1e-3);
}

/// A repository's name of a part of a block.
const PARTS: [(&str, &str); 9] = [
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

/// The same weights as a repository's folder in F32, its q and k in halves again.
#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn dequantised_safetensors_give_what_the_file_gives() {
    let real = Real::starter();
    let heads = real.number("llama.attention.head_count");
    let groups = real.number("llama.attention.head_count_kv");
    let mut tensors = Tensors::new();
    for name in real.tensors.keys() {
        let (shape, numbers) = real.numbers(name);
        let mut made = tensor::Tensor::of(shape, numbers);
        let to = match name.as_str() {
            "token_embd.weight" => "model.embed_tokens.weight".to_owned(),
            "output_norm.weight" => "model.norm.weight".to_owned(),
            block => {
                let words: Vec<&str> = block.split('.').collect();
                let part = PARTS.iter().find(|(part, _)| *part == words[2]).unwrap();
                match words[2] {
                    "attn_q" => made = made.halved(heads),
                    "attn_k" => made = made.halved(groups),
                    _ => {}
                }
                format!("model.layers.{}.{}.weight", words[1], part.1)
            }
        };
        tensors.insert(to, made);
    }
    let folder = tempfile::tempdir().unwrap();
    files::weights(folder.path(), "F32", &tensors, 2);
    drop(tensors);
    let of = |key: &str| real.number(&format!("llama.{key}"));
    let float = |key: &str| real.metadata[key].to_f32().unwrap();
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": of("embedding_length"), "intermediate_size": of("feed_forward_length"),
        "num_hidden_layers": of("block_count"), "num_attention_heads": heads,
        "num_key_value_heads": groups, "max_position_embeddings": of("context_length"),
        "rms_norm_eps": float("llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": float("llama.rope.freq_base"), "tie_word_embeddings": true,
        "vocab_size": of("vocab_size"), "torch_dtype": "float32",
    });
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let tokenizer = tokenizer(&real).to_string();
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer).unwrap();
    check(folder.path(), 1e-3);
}

/// The file's vocabulary as tokenizer.json.
fn tokenizer(real: &Real) -> serde_json::Value {
    let list = |key: &str| real.metadata[key].to_vec().unwrap();
    let texts = |key| -> Vec<&String> {
        let items = list(key).iter();
        items.map(|item| item.to_string().unwrap()).collect()
    };
    let tokens = texts("tokenizer.ggml.tokens");
    let kinds = list("tokenizer.ggml.token_type").iter();
    let control = kinds
        .enumerate()
        .filter(|(_, kind)| kind.to_i32().unwrap() == 3);
    let added: Vec<_> = control
        .map(|(id, _)| {
            json!({"id": id, "content": tokens[id], "special": true, "normalized": false,
                   "lstrip": false, "rstrip": false, "single_word": false})
        })
        .collect();
    let vocabulary: serde_json::Map<_, _> = (0u32..)
        .zip(&tokens)
        .map(|(id, token)| ((*token).clone(), id.into()))
        .collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": null, "post_processor": null,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": true},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        ]},
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                  "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
                  "vocab": vocabulary, "merges": texts("tokenizer.ggml.merges")},
    })
}
