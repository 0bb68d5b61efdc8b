//! The list of a sharded model's tensors: `model.safetensors.index.json` says for each in which
//! file it is.

use crate::checkpoint::Checkpoint;
use crate::folder::Folder;
use crate::line::one_line;
use crate::parts::MOST_PARTS;
use protocol::{AppError, failure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Most bytes of a list; that of a model with 100,000 tensors has 10 MB.
const MOST_BYTES: u64 = 64 << 20;

/// The list of a folder.
pub(crate) struct Index {
    path: PathBuf,
    list: List,
}

#[derive(Deserialize)]
struct List {
    weight_map: BTreeMap<String, String>,
}

impl Index {
    /// Reads a list, and looks whether the files that it names are there.
    ///
    /// Errors: `metadata-damaged`, `weights-missing`, `file-not-readable`.
    pub fn open(folder: &Folder, path: &Path) -> Result<Index, AppError> {
        let damaged = || failure::metadata_damaged(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = folder.read(&name, MOST_BYTES)?.ok_or_else(damaged)?;
        let list: List = serde_json::from_slice(&bytes).map_err(|error| damaged().detail(error))?;
        let files: BTreeSet<&String> = list.weight_map.values().collect();
        if files.is_empty() || files.len() as u64 > MOST_PARTS {
            return Err(damaged());
        }
        for file in files {
            if !is_plain(file) {
                return Err(damaged().detail(one_line(file)));
            }
            if !folder.path.join(file).exists() {
                return Err(failure::weights_missing(&folder.path, one_line(file)));
            }
        }
        Ok(Index {
            path: path.to_owned(),
            list,
        })
    }

    /// The files, in the order of their names.
    pub fn files(&self) -> Vec<PathBuf> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let names: BTreeSet<&String> = self.list.weight_map.values().collect();
        names.iter().map(|name| folder.join(name)).collect()
    }

    /// Whether each tensor is in the file that the list says.
    ///
    /// Errors: `index-disagrees`.
    pub fn check(&self, model: &Checkpoint) -> Result<(), AppError> {
        for (tensor, file) in &self.list.weight_map {
            let found = model
                .tensor(tensor)
                .and_then(|found| model.files.get(found.part));
            if found.and_then(|part| part.path.file_name()) != Some(file.as_ref()) {
                let (tensor, file) = (one_line(tensor), one_line(file));
                return Err(failure::index_disagrees(&self.path, tensor, file));
            }
        }
        Ok(())
    }
}

/// Whether a name is that of a safetensors file in the same folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let only = (parts.next(), parts.next());
    matches!(only, (Some(Component::Normal(_)), None)) && name.ends_with(".safetensors")
}
