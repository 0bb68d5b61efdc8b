//! What a model file holds, for people and for the library.

use crate::gguf::{Array, Gguf, Value};
use crate::line::one_line;
use protocol::{AppError, DEFAULT_CONTEXT};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes that a loaded model needs beside weights and KV: tokenizer, scratch, the program.
pub const OVERHEAD: u64 = 64 << 20;

/// What a model file holds. Sizes that a file does not name are 0; its words are on one line
/// each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The file's own name for people, or the file name without its ending.
    pub name: String,
    /// `GGUF 3`.
    pub format: String,
    /// Such as `llama`.
    pub architecture: String,
    /// Number of weights.
    pub parameters: u64,
    /// For people: `Q4_1`, `Q4_K_M`.
    pub quantisation: String,
    /// Longest context in tokens that the model was made for.
    pub context: u32,
    /// Blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Heads of attention.
    pub heads: u32,
    /// Heads of keys and values.
    pub kv_heads: u32,
    /// Width of one head: of its queries and keys.
    pub head_dim: u32,
    /// Width of one head's values.
    pub value_dim: u32,
    /// Experts of each feed-forward; 0 where it is dense.
    pub experts: u32,
    /// Tokens that the tokenizer knows.
    pub vocabulary: u32,
    /// `tokenizer.ggml.model`.
    pub tokenizer: Option<String>,
    /// `tokenizer.ggml.pre`.
    pub pre_tokenizer: Option<String>,
    /// Whether it carries a chat template.
    pub has_chat_template: bool,
    /// Tensors of each type.
    pub types: BTreeMap<String, u32>,
    /// Tensors in all.
    pub tensors: u32,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the tensors.
    pub weight_bytes: u64,
    /// Bytes before the tensors.
    pub header_bytes: u64,
    /// The licence, where the file names it.
    pub licence: Option<String>,
}

/// Describes the model file at `path`. Errors as [`Gguf::open`], and `metadata-missing`.
pub fn describe(path: &Path) -> Result<Description, AppError> {
    Description::of(&Gguf::open(path)?)
}

impl Description {
    /// Describes a header that is read. Errors: `metadata-missing` (no architecture).
    pub fn of(gguf: &Gguf) -> Result<Description, AppError> {
        let metadata = &gguf.metadata;
        let size = |key: &str| first_number(gguf.of_architecture(key)).unwrap_or(0);
        let mut types = BTreeMap::new();
        for tensor in &gguf.tensors {
            *types.entry(tensor.kind.name.to_owned()).or_insert(0u32) += 1;
        }
        let hidden = size("embedding_length");
        let heads = size("attention.head_count");
        let kv_heads = first_number(gguf.of_architecture("attention.head_count_kv"));
        let head_dim = first_number(gguf.of_architecture("attention.key_length"))
            .or_else(|| hidden.checked_div(heads))
            .unwrap_or(0);
        let value_dim = first_number(gguf.of_architecture("attention.value_length"));
        let text = |key: &str| {
            metadata
                .text(key)
                .map(one_line)
                .filter(|text| !text.is_empty())
        };
        Ok(Description {
            name: text("general.name").unwrap_or_else(|| stem(&gguf.path)),
            format: format!("GGUF {}", gguf.version),
            architecture: one_line(gguf.architecture()?),
            parameters: gguf.tensors.iter().fold(0, |all, tensor| {
                // rope_freqs and the like are tables, not weights.
                if tensor.name.starts_with("rope_") {
                    all
                } else {
                    tensor.numbers().saturating_add(all)
                }
            }),
            quantisation: quantisation(gguf),
            context: size("context_length"),
            layers: size("block_count"),
            hidden,
            heads,
            kv_heads: kv_heads.unwrap_or(heads),
            head_dim,
            value_dim: value_dim.unwrap_or(head_dim),
            experts: size("expert_count"),
            vocabulary: metadata
                .texts("tokenizer.ggml.tokens")
                .map_or_else(|| size("vocab_size"), |tokens| tokens.len() as u32),
            tokenizer: text("tokenizer.ggml.model"),
            pre_tokenizer: text("tokenizer.ggml.pre"),
            has_chat_template: text("tokenizer.chat_template").is_some(),
            types,
            tensors: gguf.tensors.len() as u32,
            bytes: gguf.file_bytes,
            weight_bytes: gguf
                .tensors
                .iter()
                .fold(0u64, |all, tensor| all.saturating_add(tensor.bytes)),
            header_bytes: gguf.header_bytes,
            licence: text("general.license").or_else(|| text("general.license.name")),
        })
    }

    /// Bytes of keys and values for `context` tokens, 32 bits each as the engine holds them.
    pub fn kv_bytes(&self, context: u32) -> u64 {
        let width = self.head_dim.saturating_add(self.value_dim);
        kv_bytes(self.layers, self.kv_heads, width, context)
    }

    /// Tokens of context that the model is given when nobody asks for another.
    pub fn given_context(&self) -> u32 {
        match self.context {
            0 => DEFAULT_CONTEXT,
            made_for => made_for.min(DEFAULT_CONTEXT),
        }
    }

    /// Bytes that the model needs when loaded with `context` tokens: weights, KV, and the rest.
    pub fn memory_bytes(&self, context: u32) -> u64 {
        self.weight_bytes
            .saturating_add(self.kv_bytes(context))
            .saturating_add(self.header_bytes.saturating_mul(4))
            .saturating_add(OVERHEAD)
    }
}

/// Bytes of keys and values of a model of this shape; `width` is that of a head's key and value
/// together.
pub fn kv_bytes(layers: u32, kv_heads: u32, width: u32, context: u32) -> u64 {
    [layers, kv_heads, context]
        .iter()
        .fold(4 * u64::from(width), |all, size| {
            all.saturating_mul((*size).into())
        })
}

/// A size, also where the file gives one for each layer: then the largest.
fn first_number(value: Option<&Value>) -> Option<u32> {
    let number = match value? {
        Value::Array(Array::U32(sizes)) => u64::from(*sizes.iter().max()?),
        Value::Array(Array::I32(sizes)) => u64::try_from(*sizes.iter().max()?).ok()?,
        value => value.as_u64()?,
    };
    u32::try_from(number).ok()
}

/// The name of the file's type, else of the type that most of its bytes have.
fn quantisation(gguf: &Gguf) -> String {
    let named = gguf.metadata.number("general.file_type");
    if let Some(name) = named.and_then(crate::ggml::file_type) {
        return name.to_owned();
    }
    let mut bytes: BTreeMap<&str, u64> = BTreeMap::new();
    for tensor in &gguf.tensors {
        let sum = bytes.entry(tensor.kind.name).or_default();
        *sum = sum.saturating_add(tensor.bytes);
    }
    let most = bytes.into_iter().max_by_key(|(_, bytes)| *bytes);
    most.map_or_else(String::new, |(name, _)| name.to_owned())
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |stem| one_line(&stem.to_string_lossy()))
}
