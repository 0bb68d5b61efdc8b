//! GGUF versions 2 and 3, little-endian: the header of a file, checked against its length.
//!
//! Layout: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

mod check;
mod read;
mod value;

pub(crate) use read::MOST_TENSORS;
pub use value::{Array, Metadata, Value};

use crate::ggml;
use crate::line::one_line;
use crate::open::{first_bytes, not_a_model, regular_file};
use protocol::{AppError, failure};
use read::Reader;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of magic, version and the two counts.
const FIXED: u64 = 24;

/// The header of a GGUF file.
#[derive(Clone, Debug)]
pub struct Gguf {
    /// Where it was read.
    pub path: PathBuf,
    /// 2 or 3.
    pub version: u32,
    /// Keys and values.
    pub metadata: Metadata,
    /// In the order of the file.
    pub tensors: Vec<Tensor>,
    /// Bytes before the first tensor's data.
    pub header_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    by_name: HashMap<String, usize>,
}

/// Where a tensor lies and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Such as `blk.0.attn_q.weight`.
    pub name: String,
    /// As GGUF writes it: the dimension that is contiguous in memory first. One to four.
    pub shape: Vec<u64>,
    /// How the numbers are stored.
    pub kind: ggml::Type,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Bytes of data.
    pub bytes: u64,
}

impl Tensor {
    /// Numbers in the tensor.
    pub fn numbers(&self) -> u64 {
        // Checked when the header was read.
        self.shape.iter().product()
    }
}

impl Gguf {
    /// Reads and checks the header of the file at `path`; the weights are not read.
    ///
    /// Errors: `file-not-found`, `file-not-readable`, `not-a-file`, `not-a-model`,
    /// `pointer-only`, `web-page`, `unsafe-format`, `model-version`, `model-big-endian`,
    /// `model-truncated`, `model-damaged`, `unknown-type`.
    pub fn open(path: &Path) -> Result<Gguf, AppError> {
        let (file, file_bytes) = regular_file(path)?;
        Gguf::read(path, file, file_bytes)
    }

    /// Reads and checks the header of a file of `file_bytes` from its start on. `path` is only
    /// for the sentences. Errors as [`Gguf::open`].
    pub fn read(path: &Path, mut input: impl Read, file_bytes: u64) -> Result<Gguf, AppError> {
        let start = first_bytes(&mut input, FIXED)
            .map_err(|error| failure::file_not_readable(path).detail(error))?;
        if !start.starts_with(b"GGUF") {
            return Err(not_a_model(path, &start));
        }
        if file_bytes < FIXED || (start.len() as u64) < FIXED {
            return Err(failure::model_truncated(path, file_bytes, FIXED));
        }
        let mut reader = Reader::new(start[4..].chain(input), path, 4, file_bytes);
        let version = reader.version()?;
        let tensor_count = reader.u64()?;
        let key_count = reader.u64()?;
        reader.check_counts(key_count, tensor_count)?;
        let metadata = reader.metadata(key_count)?;
        let alignment = check::alignment(path, &metadata)?;
        let mut tensors = reader.tensors(tensor_count)?;
        let header_bytes = reader.position().next_multiple_of(alignment);
        check::place(path, &mut tensors, header_bytes, alignment, file_bytes)?;
        let mut by_name = HashMap::with_capacity(tensors.len());
        for (index, tensor) in tensors.iter().enumerate() {
            if by_name.insert(tensor.name.clone(), index).is_some() {
                let what = format!("two tensors named {}", one_line(&tensor.name));
                return Err(failure::model_damaged(path, what));
            }
        }
        Ok(Gguf {
            path: path.to_owned(),
            version,
            metadata,
            tensors,
            header_bytes,
            file_bytes,
            by_name,
        })
    }

    /// What the first `bytes` of a file say: the keys before the one that they end in, and no
    /// tensors. Errors: `not-a-model`, `model-version`, `model-big-endian`; `model-truncated`,
    /// where they end among the keys of the architecture.
    pub fn start(bytes: &[u8]) -> Result<Gguf, AppError> {
        let path = Path::new("");
        let rest = bytes.strip_prefix(b"GGUF");
        let rest = rest.ok_or_else(|| not_a_model(path, bytes))?;
        let file_bytes = bytes.len() as u64;
        let mut reader = Reader::new(rest, path, 4, file_bytes);
        let version = reader.version()?;
        let (_tensors, key_count) = (reader.u64()?, reader.u64()?);
        let (metadata, whole) = reader.first_keys(key_count);
        let gguf = Gguf {
            path: path.to_owned(),
            version,
            metadata,
            tensors: Vec::new(),
            header_bytes: reader.position(),
            file_bytes,
            by_name: HashMap::new(),
        };
        let own = format!("{}.", gguf.architecture()?);
        let last = gguf.metadata.iter().last();
        match last {
            Some((key, _)) if whole || !key.starts_with(&own) => Ok(gguf),
            _ => Err(failure::model_truncated(path, file_bytes, file_bytes)),
        }
    }

    /// The tensor of this name, where the file has it.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.by_name.get(name).map(|index| &self.tensors[*index])
    }

    /// `general.architecture`.
    ///
    /// Errors: `metadata-missing`.
    pub fn architecture(&self) -> Result<&str, AppError> {
        self.metadata
            .text("general.architecture")
            .ok_or_else(|| failure::metadata_missing("general.architecture"))
    }

    /// The value of `<architecture>.<key>`.
    pub fn of_architecture(&self, key: &str) -> Option<&Value> {
        let architecture = self.architecture().ok()?;
        self.metadata.get(&format!("{architecture}.{key}"))
    }
}
