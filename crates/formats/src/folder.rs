//! A model as a repository's folder: config.json, and beside it the tokenizer and its template.

use crate::open::{first_bytes, is_pointer, regular_file};
use protocol::{AppError, failure};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Most bytes of config.json: real ones have a few thousand.
const MOST_CONFIG: u64 = 4 << 20;

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
    /// Errors: `config-missing`, `metadata-damaged`, `pointer-only`, `file-not-readable`.
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
    /// Errors: `file-not-readable`, `pointer-only`; `metadata-damaged`, where it has more than
    /// `most` bytes.
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
        let read = first_bytes(&mut file, most)
            .map_err(|error| failure::file_not_readable(&path).detail(error))?;
        if is_pointer(&read) {
            return Err(failure::pointer_only(&path));
        }
        Ok(Some(read))
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
}
