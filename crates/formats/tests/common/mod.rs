//! Model files written field by field: right ones and lying ones.
#![allow(dead_code, clippy::unwrap_used)] // each test uses some of it; a test that fails, panics

use formats::gguf::Gguf;
use protocol::AppError;
use std::io::Write;
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};

/// Writes a header field by field.
#[derive(Clone, Default)]
pub struct File(pub Vec<u8>);

impl File {
    pub fn new(version: u32, tensors: u64, keys: u64) -> File {
        File(b"GGUF".to_vec()).u32(version).u64(tensors).u64(keys)
    }
    pub fn bytes(mut self, bytes: &[u8]) -> File {
        self.0.extend_from_slice(bytes);
        self
    }
    pub fn u32(self, number: u32) -> File {
        self.bytes(&number.to_le_bytes())
    }
    pub fn u64(self, number: u64) -> File {
        self.bytes(&number.to_le_bytes())
    }
    pub fn text(self, text: &str) -> File {
        self.u64(text.len() as u64).bytes(text.as_bytes())
    }
    pub fn key(self, key: &str, kind: u32) -> File {
        self.text(key).u32(kind)
    }
    pub fn text_key(self, key: &str, text: &str) -> File {
        self.key(key, 8).text(text)
    }
    pub fn tensor(self, name: &str, shape: &[u64], kind: u32, offset: u64) -> File {
        let mut file = self.text(name).u32(shape.len() as u32);
        for size in shape {
            file = file.u64(*size);
        }
        file.u32(kind).u64(offset)
    }
    /// Fills up to a multiple of 32 and adds data.
    pub fn data(mut self, bytes: usize) -> File {
        let header = self.0.len().next_multiple_of(32);
        self.0.resize(header + bytes, 7);
        self
    }
    pub fn written(&self) -> TempPath {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(&self.0).unwrap();
        file.into_temp_path()
    }
    pub fn open(&self) -> Result<Gguf, AppError> {
        Gguf::read(Path::new("model.gguf"), &self.0[..], self.0.len() as u64)
    }
}

/// A safetensors file.
#[derive(Clone, Default)]
pub struct Shard {
    places: serde_json::Map<String, serde_json::Value>,
    data: Vec<u8>,
}

impl Shard {
    /// A tensor of two-byte or four-byte numbers, filled with nothing in particular.
    pub fn tensor(mut self, name: &str, dtype: &str, shape: &[usize]) -> Shard {
        let width = if dtype == "F32" { 4 } else { 2 };
        let from = self.data.len();
        let to = from + shape.iter().product::<usize>() * width;
        self.data.resize(to, 7);
        let place = serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": [from, to]});
        self.places.insert(name.to_owned(), place);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        with_header(&serde_json::to_string(&self.places).unwrap(), &self.data)
    }

    pub fn write(&self, path: &Path) {
        std::fs::write(path, self.bytes()).unwrap();
    }
}

/// The bytes of a safetensors file with this header.
pub fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}
