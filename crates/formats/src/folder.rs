//! A model as a repository's folder: config.json, and beside it the tokenizer and its template.

use crate::line::one_line;
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

    /// The name for people: the folder's. In the hub's cache, where that is a revision, it is the
    /// repository's (`models--ORGANISATION--NAME/snapshots/REVISION`). What config.json has as
    /// `_name_or_path` is most often the model that this one was made from.
    pub fn name(&self) -> String {
        // The name of `.` is known to the system only.
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let name_of = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            one_line(&name.to_string_lossy())
        };
        let repository = path.ancestors().nth(2).map(name_of);
        let repository = repository.as_deref().and_then(|name| {
            let name = name.strip_prefix("models--")?;
            Some(name.split_once("--").map_or(name, |(_, name)| name))
        });
        repository.map_or_else(|| name_of(&path), str::to_owned)
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
