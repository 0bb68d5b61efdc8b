//! A model as a repository's folder: config.json, one or several safetensors files, and beside
//! them the tokenizer and its template.

use crate::line::one_line;
use crate::open::{first_bytes, regular_file};
use protocol::{AppError, failure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most bytes of config.json: real ones have a few thousand.
const MOST_CONFIG: u64 = 4 << 20;
/// Most bytes of the list of a sharded model's tensors.
const MOST_INDEX: u64 = 64 << 20;
/// Most shards.
const MOST_FILES: usize = 4096;

/// What a folder says of its model.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// config.json, an object.
    pub config: Value,
}

impl Folder {
    /// Reads config.json.
    ///
    /// Errors: `config-missing`, `metadata-damaged`, `file-not-readable`.
    pub fn open(path: &Path) -> Result<Folder, AppError> {
        let folder = Folder {
            path: path.to_owned(),
            config: Value::Null,
        };
        let config = folder
            .json("config.json", MOST_CONFIG)?
            .ok_or_else(|| failure::config_missing(path))?;
        if !config.is_object() {
            return Err(failure::metadata_damaged(&path.join("config.json")));
        }
        Ok(Folder { config, ..folder })
    }

    /// The bytes of a file of the folder; None where there is none.
    ///
    /// Errors: `file-not-readable`; `metadata-damaged`, where it has more than `most` bytes.
    pub fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, AppError> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(None);
        }
        let (mut file, bytes) = regular_file(&path)?;
        if bytes > most {
            let detail = format!("{bytes} bytes");
            return Err(failure::metadata_damaged(&path).detail(detail));
        }
        first_bytes(&mut file, most)
            .map(Some)
            .map_err(|error| failure::file_not_readable(&path).detail(error))
    }

    /// A JSON file of the folder; None where there is none.
    ///
    /// Errors: as [`Folder::read`], and `metadata-damaged`, where it is no JSON.
    pub fn json(&self, name: &str, most: u64) -> Result<Option<Value>, AppError> {
        let Some(bytes) = self.read(name, most)? else {
            return Ok(None);
        };
        // serde_json gives up at 128 levels, so that depth is bounded too.
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| failure::metadata_damaged(&self.path.join(name)).detail(error))
    }

    /// A text of config.json.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.config.get(key)?.as_str()
    }

    /// A truth of config.json.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.config.get(key)?.as_bool()
    }

    /// The files that hold the weights, in the order of their names.
    ///
    /// Errors: `weights-missing`, `unsafe-format` (there are only pickle files),
    /// `metadata-damaged`.
    pub(crate) fn weights(&self) -> Result<Vec<PathBuf>, AppError> {
        const INDEX: &str = "model.safetensors.index.json";
        if let Some(index) = self.json(INDEX, MOST_INDEX)? {
            let names: Option<BTreeSet<&str>> = index
                .get("weight_map")
                .and_then(Value::as_object)
                .and_then(|map| map.values().map(Value::as_str).collect());
            let plain = |name: &&str| {
                let mut parts = Path::new(name).components();
                matches!(parts.next(), Some(std::path::Component::Normal(_)))
                    && parts.next().is_none()
            };
            let names = names
                .filter(|names| !names.is_empty() && names.len() <= MOST_FILES)
                .filter(|names| names.iter().all(plain))
                .ok_or_else(|| failure::metadata_damaged(&self.path.join(INDEX)))?;
            if let Some(missing) = names.iter().find(|name| !self.path.join(name).exists()) {
                return Err(failure::weights_missing(&self.path, one_line(missing)));
            }
            return Ok(names.iter().map(|name| self.path.join(name)).collect());
        }
        let single = self.path.join("model.safetensors");
        if single.exists() {
            return Ok(vec![single]);
        }
        let pickled = ["pytorch_model.bin", "pytorch_model.bin.index.json"];
        match pickled.iter().find(|name| self.path.join(name).exists()) {
            Some(name) => Err(failure::unsafe_format(&self.path.join(name))),
            None => Err(failure::weights_missing(&self.path, "model.safetensors")),
        }
    }
}
