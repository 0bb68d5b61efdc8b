//! What models have read lies in the cache, in folders named by their models: it goes with them.

use crate::library::{Hub, Shared};
use crate::record::Record;
use protocol::{ModelId, kv_model};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

impl Hub {
    /// What folders of what the model has read begin with. The same over all its ids: one reads
    /// before its file is hashed, and after.
    pub fn kv_model(&self, id: &ModelId) -> String {
        let state = self.shared.state();
        let record = state.index.by_id(&id.0);
        let first = record.and_then(|record| record.earlier.first());
        first.map_or_else(|| kv_model(id), |first| kv_model(&ModelId(first.clone())))
    }
}

impl Shared {
    /// Bytes of what the model has read.
    pub fn read_bytes(&self, record: &Record) -> u64 {
        let own = names(record);
        let folders = self.read_folders(|model| own.contains(model));
        let files = folders.iter().flat_map(|folder| entries(folder));
        let lengths = files.filter_map(|path| Some(fs::symlink_metadata(path).ok()?.len()));
        lengths.sum()
    }

    /// Removes what models have read that are not in the library any more; what cannot be removed
    /// is of no use to anybody, and the quota takes it.
    pub fn forget_the_gone(&self) {
        self.follow();
        let known: BTreeSet<String> = {
            let state = self.state();
            state.index.models.iter().flat_map(names).collect()
        };
        let gone = self.read_folders(|model| !known.contains(model));
        if !gone.is_empty() {
            tracing::info!(folders = gone.len(), "what models read that are gone goes");
        }
        for folder in gone {
            let _ = fs::remove_dir_all(&folder);
            // The conversation's, where it is empty now.
            let _ = folder.parent().map(fs::remove_dir);
        }
    }

    /// The folders of the models for whose name it is true; that of an older version has none.
    fn read_folders(&self, of: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let conversations = entries(self.kv_folder()).into_iter();
        let mut folders: Vec<PathBuf> = conversations.flat_map(|path| entries(&path)).collect();
        folders.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            of(name.split_once('-').map_or("", |(model, _)| model))
        });
        folders
    }
}

/// By all ids that the model has or had.
fn names(record: &Record) -> BTreeSet<String> {
    let ids = record.earlier.iter().chain([&record.id]);
    ids.map(|id| kv_model(&ModelId(id.clone()))).collect()
}

/// What is in a folder; nothing where it is none, or a link.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|folder| folder.is_dir());
    let entries = is_folder.then(|| fs::read_dir(folder).ok()).flatten();
    let entries = entries.into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
