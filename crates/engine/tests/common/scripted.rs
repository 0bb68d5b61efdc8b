//! Tiny models that say what they are told to: each token names the next one.
//!
//! The blocks add nothing, so that what comes next hangs on the last token alone; the output row
//! of a token is the sum of the embeddings of those that it follows.

use super::tiny::{HIDDEN, Tiny};
use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use candle_core::{DType, Device, Tensor};

/// What a model says, and how.
pub struct Script<'a> {
    /// Tokens behind those of every tiny model, and whether they are control tokens.
    pub tokens: &'a [(&'a str, bool)],
    pub template: &'a str,
    /// Each token and the next, by their texts as the vocabulary writes them.
    pub says: &'a [(&'a str, &'a str)],
    /// The token whose weights are this number.
    pub broken: Option<(&'a str, f32)>,
}

impl Script<'_> {
    pub fn model(&self) -> Tiny {
        let mut tiny = Tiny::new("llama", GgmlDType::F32);
        let texts = |tiny: &mut Tiny, key: &str| match tiny.metadata.remove(key) {
            Some(Value::Array(values)) => values,
            other => panic!("{key}: {other:?}"),
        };
        let mut tokens = texts(&mut tiny, "tokenizer.ggml.tokens");
        let mut kinds = texts(&mut tiny, "tokenizer.ggml.token_type");
        for (text, is_control) in self.tokens {
            tokens.push(Value::String((*text).to_owned()));
            kinds.push(Value::I32(if *is_control { 3 } else { 4 }));
        }
        let vocabulary = tokens.len();
        let id = |text: &str| {
            let found = tokens
                .iter()
                .position(|token| matches!(token, Value::String(token) if token == text));
            found.unwrap_or_else(|| panic!("no token {text}"))
        };
        let embedding = Tensor::rand(-1f32, 1f32, (vocabulary, HIDDEN), &Device::Cpu).unwrap();
        let mut rows: Vec<Vec<f32>> = embedding.to_vec2().unwrap();
        let mut output = vec![vec![0f32; HIDDEN]; vocabulary];
        for (token, next) in self.says {
            let said = &rows[id(token)];
            let row = &mut output[id(next)];
            row.iter_mut()
                .zip(said)
                .for_each(|(row, said)| *row += said);
        }
        if let Some((token, number)) = self.broken {
            rows[id(token)].fill(number);
        }
        let matrix = |rows: Vec<Vec<f32>>| Tensor::new(rows, &Device::Cpu).unwrap();
        let ones = Tensor::ones(HIDDEN, DType::F32, &Device::Cpu).unwrap();
        for (name, tensor) in &mut tiny.tensors {
            if name.contains("attn_output") || name.contains("ffn_down") {
                *tensor = tensor.zeros_like().unwrap();
            }
        }
        for (name, tensor) in [
            ("token_embd.weight", matrix(rows)),
            ("output.weight", matrix(output)),
            ("output_norm.weight", ones),
        ] {
            tiny.tensors.insert(name.to_owned(), tensor);
        }
        for (key, value) in [
            ("tokenizer.ggml.tokens", Value::Array(tokens)),
            ("tokenizer.ggml.token_type", Value::Array(kinds)),
            (
                "tokenizer.chat_template",
                Value::String(self.template.into()),
            ),
        ] {
            tiny.metadata.insert(key.to_owned(), value);
        }
        tiny
    }
}
