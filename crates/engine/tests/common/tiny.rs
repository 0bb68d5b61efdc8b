//! Tiny models with random weights, written as whole GGUF files.

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub const HIDDEN: usize = 256;
const WIDTH: usize = 512;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const LAYERS: usize = 2;
pub const CONTEXT: u32 = 256;

/// Of the control tokens behind the 256 bytes.
pub const IM_START: u32 = 256;
pub const IM_END: u32 = 257;

const TEMPLATE: &str = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// What is written, to be changed before it is.
pub struct Tiny {
    pub metadata: BTreeMap<String, Value>,
    pub tensors: BTreeMap<String, Tensor>,
    pub kind: GgmlDType,
}

/// A sequence of numbers without a pattern, from -1 to 1.
fn random(seed: &mut u64) -> f32 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    (*seed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

fn matrix(seed: &mut u64, shape: &[usize], size: f32) -> Tensor {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| random(seed) * size).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn texts(texts: impl IntoIterator<Item = String>) -> Value {
    Value::Array(texts.into_iter().map(Value::String).collect())
}

impl Tiny {
    /// `llama` or `qwen2`, with all weights in `kind`.
    pub fn new(architecture: &str, kind: GgmlDType) -> Tiny {
        let mut tokens: Vec<String> = (0..=255u8).map(|byte| letter(byte).to_string()).collect();
        tokens.extend(["<|im_start|>", "<|im_end|>", "he", "ll", "llo", "hello"].map(String::from));
        let vocabulary = tokens.len();
        let kinds =
            (0..vocabulary).map(|id| Value::I32(if id == 256 || id == 257 { 3 } else { 1 }));
        let mut metadata = BTreeMap::new();
        let mut put = |key: &str, value: Value| metadata.insert(key.to_owned(), value);
        put("general.architecture", Value::String(architecture.into()));
        put("general.name", Value::String("Tiny".into()));
        put("tokenizer.ggml.model", Value::String("gpt2".into()));
        put("tokenizer.ggml.pre", Value::String("gpt-2".into()));
        put("tokenizer.ggml.token_type", Value::Array(kinds.collect()));
        put("tokenizer.ggml.tokens", texts(tokens));
        put(
            "tokenizer.ggml.merges",
            texts(["h e", "l l", "ll o", "he llo"].map(String::from)),
        );
        put("tokenizer.ggml.eos_token_id", Value::U32(IM_END));
        put("tokenizer.chat_template", Value::String(TEMPLATE.into()));
        let sizes = [
            ("context_length", CONTEXT),
            ("embedding_length", HIDDEN as u32),
            ("feed_forward_length", WIDTH as u32),
            ("block_count", LAYERS as u32),
            ("attention.head_count", HEADS as u32),
            ("attention.head_count_kv", KV_HEADS as u32),
            ("rope.dimension_count", (HIDDEN / HEADS) as u32),
        ];
        for (key, size) in sizes {
            put(&format!("{architecture}.{key}"), Value::U32(size));
        }
        let eps = format!("{architecture}.attention.layer_norm_rms_epsilon");
        put(&eps, Value::F32(1e-5));
        put(
            &format!("{architecture}.rope.freq_base"),
            Value::F32(10_000.0),
        );
        let mut seed = 0x1234_5678_9abc_def1;
        let mut tensors = BTreeMap::new();
        let kv = HIDDEN / HEADS * KV_HEADS;
        let mut add = |name: String, shape: &[usize], size: f32| {
            tensors.insert(name, matrix(&mut seed, shape, size));
        };
        add("token_embd.weight".into(), &[vocabulary, HIDDEN], 1.0);
        add("output.weight".into(), &[vocabulary, HIDDEN], 0.2);
        add("output_norm.weight".into(), &[HIDDEN], 1.0);
        for layer in 0..LAYERS {
            let parts = [
                ("attn_q", HIDDEN, HIDDEN),
                ("attn_k", kv, HIDDEN),
                ("attn_v", kv, HIDDEN),
                ("attn_output", HIDDEN, HIDDEN),
                ("ffn_gate", WIDTH, HIDDEN),
                ("ffn_up", WIDTH, HIDDEN),
                ("ffn_down", HIDDEN, WIDTH),
            ];
            for (part, rows, columns) in parts {
                add(format!("blk.{layer}.{part}.weight"), &[rows, columns], 0.1);
                let has_bias = matches!(part, "attn_q" | "attn_k" | "attn_v");
                if architecture == "qwen2" && has_bias {
                    add(format!("blk.{layer}.{part}.bias"), &[rows], 0.5);
                }
            }
            for norm in ["attn_norm", "ffn_norm"] {
                add(format!("blk.{layer}.{norm}.weight"), &[HIDDEN], 1.0);
            }
        }
        Tiny {
            metadata,
            tensors,
            kind,
        }
    }

    /// Writes the file into the folder.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join("tiny.gguf");
        let tensors: Vec<(&str, QTensor)> = self
            .tensors
            .iter()
            .map(|(name, tensor)| {
                let kind = if tensor.rank() == 1 {
                    GgmlDType::F32
                } else {
                    self.kind
                };
                (name.as_str(), QTensor::quantize(tensor, kind).unwrap())
            })
            .collect();
        let tensors: Vec<_> = tensors.iter().map(|(name, t)| (*name, t)).collect();
        let metadata: Vec<_> = self.metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
        let mut file = std::fs::File::create(&path).unwrap();
        gguf_file::write(&mut file, &metadata, &tensors).unwrap();
        path
    }
}

/// The letter that byte-level vocabularies write for a byte.
fn letter(byte: u8) -> char {
    let printable = |byte: u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    if printable(byte) {
        return byte as char;
    }
    let before = (0..byte).filter(|byte| !printable(*byte)).count() as u32;
    char::from_u32(0x100 + before).unwrap()
}
