//! Writes model files: GGUF byte by byte as llama.cpp's converter does, and safetensors.

use super::tensor::{Data, Tensors};
use formats::ggml;
use serde_json::{Value, json};
use std::path::Path;

/// The type of a name.
pub fn ggml(kind: &str) -> ggml::Type {
    ggml::Type::named(kind).unwrap_or_else(|| panic!("unknown type {kind}"))
}

/// A tensor of a GGUF file.
pub struct Placed {
    pub name: String,
    pub kind: String,
    /// The contiguous dimension first.
    pub shape: Vec<u64>,
    pub data: Vec<u8>,
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// A value of a type, without the type.
fn value(out: &mut Vec<u8>, kind: &str, of: &Value) {
    match kind {
        "uint8" => out.push(of.as_u64().unwrap() as u8),
        "uint16" => out.extend((of.as_u64().unwrap() as u16).to_le_bytes()),
        "uint32" => out.extend((of.as_u64().unwrap() as u32).to_le_bytes()),
        "int32" => out.extend((of.as_i64().unwrap() as i32).to_le_bytes()),
        "float32" => out.extend((of.as_f64().unwrap() as f32).to_le_bytes()),
        "bool" => out.push(u8::from(of.as_bool().unwrap())),
        "string" => text(out, of.as_str().unwrap()),
        "uint64" => out.extend(of.as_u64().unwrap().to_le_bytes()),
        other => panic!("unknown type {other}"),
    }
}

fn number_of(kind: &str) -> u32 {
    let kinds = [
        "uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "bool", "string",
        "array", "uint64",
    ];
    kinds.iter().position(|other| *other == kind).unwrap() as u32
}

fn entry(out: &mut Vec<u8>, entry: &Value) {
    let (key, kind) = (entry[0].as_str().unwrap(), entry[1].as_str().unwrap());
    text(out, key);
    let Some(of) = kind.strip_suffix("[]") else {
        out.extend(number_of(kind).to_le_bytes());
        return value(out, kind, &entry[2]);
    };
    let items = entry[2].as_array().unwrap();
    out.extend(number_of("array").to_le_bytes());
    out.extend(number_of(of).to_le_bytes());
    out.extend((items.len() as u64).to_le_bytes());
    for item in items {
        value(out, of, item);
    }
}

/// The bytes of a GGUF file, version 3, its data at multiples of 32.
pub fn gguf(metadata: &[Value], tensors: &[Placed]) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    out.extend(3u32.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((metadata.len() as u64).to_le_bytes());
    for one in metadata {
        entry(&mut out, one);
    }
    let mut offset = 0u64;
    for tensor in tensors {
        text(&mut out, &tensor.name);
        out.extend((tensor.shape.len() as u32).to_le_bytes());
        for size in &tensor.shape {
            out.extend(size.to_le_bytes());
        }
        out.extend(ggml(&tensor.kind).id.to_le_bytes());
        out.extend(offset.to_le_bytes());
        offset += (tensor.data.len() as u64).next_multiple_of(32);
    }
    for tensor in tensors {
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(&tensor.data);
    }
    out.resize(out.len().next_multiple_of(32), 0);
    out
}

/// One safetensors file of some tensors. Numbers are written as `kind`.
fn safetensors<'a>(
    path: &Path,
    kind: &str,
    tensors: &Tensors,
    names: impl Iterator<Item = &'a String>,
) {
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".into(), json!({"format": "pt"}));
    let mut data = Vec::new();
    for name in names {
        let tensor = &tensors[name];
        let start = data.len();
        let kind = match &tensor.data {
            Data::Bytes(bytes) => {
                data.extend(bytes);
                "U8"
            }
            Data::Numbers(numbers) => {
                data.extend(as_kind(kind, *tensor.shape.last().unwrap(), numbers));
                kind
            }
        };
        let place = [start, data.len()];
        let shape = &tensor.shape;
        header.insert(
            name.clone(),
            json!({"dtype": kind, "shape": shape, "data_offsets": place}),
        );
    }
    let mut header = Value::Object(header).to_string();
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.as_bytes());
    out.extend(data);
    std::fs::write(path, out).unwrap();
}

/// Numbers in a type: rows of `columns`, each of whole blocks.
pub fn as_kind(kind: &str, columns: usize, numbers: &[f32]) -> Vec<u8> {
    let kind = ggml(kind);
    assert!((columns as u64).is_multiple_of(kind.block), "{columns}");
    engine::quantise(kind, numbers).unwrap()
}

/// The weights of a repository's folder, in one file or in several with their index.
pub fn weights(folder: &Path, kind: &str, tensors: &Tensors, shards: usize) {
    if shards == 1 {
        return safetensors(
            &folder.join("model.safetensors"),
            kind,
            tensors,
            tensors.keys(),
        );
    }
    let mut map = serde_json::Map::new();
    for shard in 0..shards {
        let file = format!("model-{:05}-of-{shards:05}.safetensors", shard + 1);
        // Not in order, so that layers lie across files.
        let of = |at: &(usize, &String)| at.0 % shards == shard;
        let names: Vec<&String> = tensors
            .keys()
            .enumerate()
            .filter(of)
            .map(|at| at.1)
            .collect();
        for name in &names {
            map.insert((*name).clone(), Value::String(file.clone()));
        }
        safetensors(&folder.join(file), kind, tensors, names.into_iter());
    }
    let index = json!({"metadata": {}, "weight_map": map});
    let path = folder.join("model.safetensors.index.json");
    std::fs::write(path, index.to_string()).unwrap();
}
