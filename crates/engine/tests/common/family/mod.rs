//! The tiny models of `tests/golden/families`, written as whole files.

pub mod files;
pub mod page;
pub mod reading;
pub mod tensor;
pub mod weights;

use files::{Placed, ggml};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tensor::{Data, Tensor, Tensors, converted};

/// One model: a family's, or a variant's.
#[derive(Deserialize)]
pub struct Row {
    #[serde(skip)]
    pub name: String,
    /// The line of docs/models.md.
    pub family: String,
    tokenizer: String,
    files: Option<Vec<String>>,
    pub config: Value,
    #[serde(default)]
    pub spelled: Vec<Value>,
    tensors: Vec<(String, Vec<usize>, Value, Value)>,
    pub first: Vec<u32>,
    pub second: Vec<u32>,
    pub long: Vec<u32>,
    pub gguf: Option<Recipe>,
}

/// How llama.cpp's converter writes it.
#[derive(Deserialize)]
pub struct Recipe {
    sha256: String,
    pub metadata: Vec<Value>,
    pub tensors: Vec<Made>,
}

/// Name, type, shape (the contiguous dimension first), what was done, to which.
pub type Made = (String, String, Vec<u64>, String, Value);

/// Names and bytes of the files of a model.
pub type Files = Vec<(String, Vec<u8>)>;

/// Types whose files llama.cpp has answered for.
pub const KINDS: [&str; 7] = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"];

/// All rows.
pub fn names() -> Vec<String> {
    let files = std::fs::read_dir(golden().join("rows")).unwrap();
    let name = |file: std::io::Result<std::fs::DirEntry>| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json").map(str::to_owned)
    };
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    names
}

pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/families")
}

pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Row {
    pub fn read(name: &str) -> Row {
        let mut row: Row = json(&golden().join("rows").join(format!("{name}.json")));
        row.name = name.to_owned();
        row
    }

    /// Logits by transformers: after the middle of the first prompt, after all of it, after the
    /// second on the filled cache, after the long one. `gguf`: as far as a GGUF file says what
    /// the config does.
    pub fn logits(&self, gguf: bool) -> Vec<Vec<f32>> {
        let path = golden().join("rows").join(format!("{}.f32", self.name));
        let bytes = std::fs::read(path).unwrap();
        let numbers = bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes(four.try_into().unwrap()));
        let numbers: Vec<f32> = numbers.collect();
        let of_config = |key| self.config[key].as_u64();
        let width = of_config("embedding_size")
            .or(of_config("vocab_size"))
            .unwrap() as usize;
        let mut rows: Vec<Vec<f32>> = numbers.chunks_exact(width).map(<[f32]>::to_vec).collect();
        if rows.len() > 4 && gguf {
            rows.drain(..4);
        }
        rows.truncate(4);
        rows
    }

    /// The checkpoint's tensors.
    pub fn tensors(&self) -> Tensors {
        let keys = ["num_hidden_layers", "n_layer", "n_layers"];
        let layers = keys
            .iter()
            .find_map(|key| self.config[*key].as_u64())
            .unwrap();
        let mut tensors = Tensors::new();
        for (pattern, shape, around, spread) in &self.tensors {
            let each = if pattern.contains("{}") { layers } else { 1 };
            for layer in 0..each {
                let name = pattern.replace("{}", &layer.to_string());
                let experts = if name.contains("{e}") { 4 } else { 1 };
                for expert in 0..experts {
                    let name = name.replace("{e}", &expert.to_string());
                    let tensor = made(&name, shape, around, spread);
                    tensors.insert(name, tensor);
                }
            }
        }
        tensors
    }

    /// Writes a repository's folder, its numbers in `kind`.
    pub fn write_folder(
        &self,
        folder: &Path,
        config: &Value,
        tensors: &Tensors,
        kind: &str,
        shards: usize,
    ) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
        files::weights(folder, kind, tensors, shards);
        let source = golden().join("tokenizers").join(&self.tokenizer);
        for file in std::fs::read_dir(source).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let wanted = match &self.files {
                Some(files) => files.contains(&name),
                None => name != "gguf.json",
            };
            if wanted {
                std::fs::copy(file.path(), folder.join(name)).unwrap();
            }
        }
    }

    /// The converter's metadata, with the tokenizer's where they belong.
    pub fn metadata(&self) -> Vec<Value> {
        let path = golden()
            .join("tokenizers")
            .join(&self.tokenizer)
            .join("gguf.json");
        let variants: Vec<Vec<Value>> = json(&path);
        let mut metadata = Vec::new();
        for entry in &self.gguf.as_ref().unwrap().metadata {
            if entry[0] == "tokenizer" {
                metadata.extend(
                    variants[entry[1].as_u64().unwrap() as usize]
                        .iter()
                        .cloned(),
                );
            } else {
                metadata.push(entry.clone());
            }
        }
        metadata
    }

    /// The converter's tensors.
    pub fn placed(&self, tensors: &Tensors) -> Vec<Placed> {
        let of = |(name, kind, shape, what, from): &Made| Placed {
            name: name.clone(),
            kind: kind.clone(),
            shape: shape.clone(),
            data: match from {
                Value::String(from) => converted(tensors, what, from),
                values => {
                    let values: Vec<f32> = serde_json::from_value(values.clone()).unwrap();
                    files::as_kind("F32", 1, &values)
                }
            },
        };
        self.gguf.as_ref().unwrap().tensors.iter().map(of).collect()
    }

    /// The converter's file, to the byte.
    pub fn gguf(&self, tensors: &Tensors) -> Vec<u8> {
        let file = files::gguf(&self.metadata(), &self.placed(tensors));
        assert_eq!(
            sha256(&file),
            self.gguf.as_ref().unwrap().sha256,
            "{}: not the converter's file",
            self.name
        );
        file
    }

    /// The same model as older converters wrote it: a tensor for each expert.
    pub fn apart(&self, tensors: &Tensors) -> Vec<Placed> {
        let of = |tensor: Placed| {
            let experts = match tensor.name.strip_suffix("_exps.weight") {
                Some(stem) => (stem.to_owned(), tensor.shape[2] as usize),
                None => return vec![tensor],
            };
            let bytes = tensor.data.len() / experts.1;
            let each = tensor.data.chunks_exact(bytes).enumerate();
            each.map(|(expert, data)| Placed {
                name: format!("{}.{expert}.weight", experts.0),
                kind: tensor.kind.clone(),
                shape: tensor.shape[..2].to_vec(),
                data: data.to_vec(),
            })
            .collect()
        };
        self.placed(tensors).into_iter().flat_map(of).collect()
    }

    /// The converter's file in parts, as llama.cpp splits it: names and bytes.
    pub fn gguf_split(&self, tensors: &Tensors, parts: usize) -> Files {
        let mut rest = self.placed(tensors);
        let (all, each) = (rest.len(), rest.len().div_ceil(parts));
        let part = |at: usize| {
            let mut metadata = if at == 0 { self.metadata() } else { Vec::new() };
            metadata.extend([
                json!(["split.no", "uint16", at]),
                json!(["split.count", "uint16", parts]),
                json!(["split.tensors.count", "int32", all]),
            ]);
            let placed: Vec<Placed> = rest.drain(..each.min(rest.len())).collect();
            let name = format!("model-{:05}-of-{parts:05}.gguf", at + 1);
            (name, files::gguf(&metadata, &placed))
        };
        (0..parts).map(part).collect()
    }

    /// The same with its matrices in `kind`.
    pub fn gguf_in(&self, tensors: &Tensors, kind: &str) -> Vec<u8> {
        let mut placed = self.placed(tensors);
        for tensor in &mut placed {
            quantise(tensor, kind);
        }
        files::gguf(&self.metadata(), &placed)
    }
}

fn made(name: &str, shape: &[usize], around: &Value, spread: &Value) -> Tensor {
    let count = shape.iter().product();
    let data = match around.as_i64() {
        Some(around) => {
            let exponent = spread.as_i64().map(|exponent| exponent as i32);
            Data::Numbers(weights::numbers(name, count, around, exponent))
        }
        None => {
            let range: [u64; 2] = serde_json::from_value(spread.clone()).unwrap();
            Data::Bytes(weights::bytes(name, count, range[0], range[1]))
        }
    };
    Tensor {
        shape: shape.to_vec(),
        data,
    }
}

/// What llama.cpp's own quantiser leaves alone: vectors, biases, the choice of experts.
fn quantise(tensor: &mut Placed, kind: &str) {
    let is_matrix = tensor.shape.len() > 1 && tensor.name.ends_with(".weight");
    let fits = tensor.shape[0].is_multiple_of(ggml(kind).block);
    if tensor.kind != "F32" || !is_matrix || !fits || tensor.name.contains("ffn_gate_inp") {
        return;
    }
    let numbers = tensor
        .data
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    let numbers: Vec<f32> = numbers.collect();
    tensor.data = files::as_kind(kind, tensor.shape[0] as usize, &numbers);
    tensor.kind = kind.to_owned();
}
