//! What a model file holds, for people and for the library.

use crate::beside;
use crate::checkpoint::{Checkpoint, Header};
use crate::folder::Folder;
use crate::forms::{Form, Origin};
use crate::gguf::Gguf;
use crate::keys::{self, Fact};
use crate::line::one_line;
use crate::overrides::{Told, window};
use crate::shape::{Shape, small};
use crate::templates::Templates;
use protocol::{AppError, DEFAULT_CONTEXT, KvType};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes that a loaded model needs beside weights and KV: tokenizer, scratch, the program.
pub const OVERHEAD: u64 = 64 << 20;

/// Numbers of a head that share a scale in q8_0.
const BLOCK: u32 = 32;

/// What a model's files hold. Sizes that they do not name are 0; its words are on one line
/// each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The model's own name for people, else that of its file without the ending, or its folder.
    pub name: String,
    /// `GGUF 3`, `safetensors`.
    pub format: String,
    /// Such as `llama`.
    pub architecture: String,
    /// Number of weights.
    pub parameters: u64,
    /// For people: `Q4_1`, `Q4_K_M`.
    pub quantisation: String,
    /// Longest context in tokens that the model was made for.
    pub context: u32,
    /// Tokens that attention reaches back on the layers that have a window; None: all.
    pub window: Option<u64>,
    /// Who says so of the window.
    pub window_from: Told,
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
    /// `tokenizer.ggml.model`, or the kind that a folder's files are of.
    pub tokenizer: Option<String>,
    /// `tokenizer.ggml.pre`.
    pub pre_tokenizer: Option<String>,
    /// Whether it carries a chat template.
    pub has_chat_template: bool,
    /// The prompt form that it gets where it carries none: [`Form::name`].
    pub prompt_form: Option<String>,
    /// Tensors of each type.
    pub types: BTreeMap<String, u32>,
    /// Tensors in all.
    pub tensors: u32,
    /// Files that hold tensors.
    pub files: u32,
    /// Bytes of those files.
    pub bytes: u64,
    /// Bytes of the tensors.
    pub weight_bytes: u64,
    /// Bytes before the tensors.
    pub header_bytes: u64,
    /// Bytes of the copy in memory that the engine makes of some families' weights; else 0.
    #[serde(skip)]
    pub copied_bytes: u64,
    /// What keys and values are kept in: what the engine does where nobody asks for another.
    #[serde(skip)]
    pub kv_type: KvType,
    /// Bytes of the tokenizer's files, where they are beside the weights.
    #[serde(skip)]
    pub beside_bytes: u64,
    /// The licence, where the model names it.
    pub licence: Option<String>,
}

/// Describes the model at `path`, a file or a folder. Errors as [`Checkpoint::open`], and
/// `metadata-missing`.
pub fn describe(path: &Path) -> Result<Description, AppError> {
    Description::of(&Checkpoint::open(path)?)
}

impl Description {
    /// Describes a model whose headers are read. Errors: `metadata-missing` (no architecture).
    pub fn of(it: &Checkpoint) -> Result<Description, AppError> {
        let number = |fact: &Fact| small(it.number(fact));
        let mut types = BTreeMap::new();
        for tensor in &it.tensors {
            *types.entry(tensor.kind.name.to_owned()).or_insert(0u32) += 1;
        }
        let shape = Shape::of(it);
        let window = window(it);
        let has_chat_template = Templates::of(it).is_ok_and(|own| own.usual.is_some());
        let form = Form::of(&Origin::of(it));
        let words = match &it.header {
            Header::Gguf(gguf) => Words::of_gguf(gguf),
            Header::Folder(folder) => Words::of_folder(folder),
        };
        let tokens = it
            .gguf()
            .and_then(|gguf| gguf.metadata.texts("tokenizer.ggml.tokens"));
        Ok(Description {
            name: it.name(),
            format: match &it.header {
                Header::Gguf(gguf) => format!("GGUF {}", gguf.version),
                Header::Folder(_) => "safetensors".to_owned(),
            },
            architecture: one_line(it.architecture()?),
            parameters: it
                .tensors
                .iter()
                .filter(|tensor| !is_table(&tensor.name))
                .fold(0, |all, tensor| tensor.numbers().saturating_add(all)),
            quantisation: quantisation(it),
            context: shape.context,
            window: window.size,
            window_from: window.from,
            layers: shape.layers,
            hidden: shape.hidden,
            heads: shape.heads,
            kv_heads: shape.kv_heads,
            head_dim: shape.head_dim,
            value_dim: shape.value_dim,
            experts: number(&keys::EXPERTS).unwrap_or(0),
            vocabulary: tokens.map_or_else(
                || number(&keys::VOCABULARY).unwrap_or(0),
                |tokens| tokens.len() as u32,
            ),
            tokenizer: words.tokenizer,
            pre_tokenizer: words.pre_tokenizer,
            has_chat_template,
            prompt_form: match has_chat_template {
                true => None,
                false => Some(form.unwrap_or(Form::text()).name.to_owned()),
            },
            types,
            tensors: it.tensors.len() as u32,
            files: it.files.len() as u32,
            bytes: it.bytes(),
            weight_bytes: it.weight_bytes(),
            header_bytes: it.header_bytes(),
            copied_bytes: it.copied_bytes(),
            kv_type: KvType::default(),
            beside_bytes: words.beside_bytes,
            licence: words.licence,
        })
    }

    /// Bytes of keys and values for `context` tokens, as the engine holds them, and as much again
    /// for what was read before, and is kept or waits for the disk. (Of the families whose weights
    /// are copied nothing is kept, and each number has 32 bits: as many bytes.)
    pub fn kv_bytes(&self, context: u32) -> u64 {
        let kind = match self.copied_bytes {
            0 => self.kv_type,
            _ => KvType::F16,
        };
        let heads = [self.head_dim, self.value_dim];
        kv_bytes(kind, self.layers, self.kv_heads, heads, context)
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
        // A copied weight's page is not read again.
        (self.weight_bytes.max(self.copied_bytes))
            .saturating_add(self.kv_bytes(context))
            .saturating_add(
                self.header_bytes
                    .saturating_add(self.beside_bytes)
                    .saturating_mul(4),
            )
            .saturating_add(OVERHEAD)
    }
}

/// Bytes of keys and values of a model of this shape, twice: see [`Description::kv_bytes`];
/// `heads` are the widths of a head's key and value.
pub fn kv_bytes(kind: KvType, layers: u32, kv_heads: u32, heads: [u32; 2], context: u32) -> u64 {
    let [key, value] = heads;
    let all = [layers, kv_heads, context]
        .iter()
        .fold(4 * u64::from(key.saturating_add(value)), |all, size| {
            all.saturating_mul((*size).into())
        });
    match kind {
        // 32 numbers and their scale.
        KvType::Q8_0 if heads.iter().all(|size| size.is_multiple_of(BLOCK)) => all / 64 * 34,
        KvType::F16 | KvType::Q8_0 => all,
    }
}

/// What a model says in words.
struct Words {
    tokenizer: Option<String>,
    pre_tokenizer: Option<String>,
    licence: Option<String>,
    beside_bytes: u64,
}

impl Words {
    fn of_gguf(gguf: &Gguf) -> Words {
        let text = |key: &str| {
            let line = gguf.metadata.text(key).map(one_line);
            line.filter(|text| !text.is_empty())
        };
        Words {
            tokenizer: text("tokenizer.ggml.model"),
            pre_tokenizer: text("tokenizer.ggml.pre"),
            licence: text("general.license").or_else(|| text("general.license.name")),
            beside_bytes: 0,
        }
    }

    fn of_folder(folder: &Folder) -> Words {
        Words {
            tokenizer: beside::tokenizer(folder),
            pre_tokenizer: None,
            licence: beside::licence(folder),
            beside_bytes: beside::bytes(folder),
        }
    }
}

/// Whether a tensor is a table, reckoned from other numbers, and no weights.
fn is_table(name: &str) -> bool {
    name.starts_with("rope_") || name.ends_with(".inv_freq")
}

/// The name of the file's type, else of the type that most of its bytes have.
fn quantisation(it: &Checkpoint) -> String {
    let named = it
        .gguf()
        .and_then(|gguf| gguf.metadata.number("general.file_type"));
    if let Some(name) = named.and_then(crate::ggml::file_type) {
        return name.to_owned();
    }
    let mut bytes: BTreeMap<&str, u64> = BTreeMap::new();
    for tensor in &it.tensors {
        let sum = bytes.entry(tensor.kind.name).or_default();
        *sum = sum.saturating_add(tensor.bytes);
    }
    let most = bytes.into_iter().max_by_key(|(_, bytes)| *bytes);
    most.map_or_else(String::new, |(name, _)| name.to_owned())
}
