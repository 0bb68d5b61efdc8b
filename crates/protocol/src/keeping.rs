//! What is installed: where, how large, who uses it, and what happens when it goes.

use crate::{AppError, ModelEntry, ModelId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A model of the library with what a person asks before they keep or delete it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Installed {
    /// The model.
    pub entry: ModelEntry,
    /// The catalogue's model that it is a file of, where it is known.
    pub catalogue: Option<String>,
    /// Whose folder it lies in.
    pub keeper: Keeper,
    /// Unix time in seconds of its last answer.
    #[ts(type = "number | null")]
    pub last_used: Option<i64>,
    /// Conversations that have an answer of it, or have it chosen.
    pub conversations: u32,
    /// The hub's repository that it came from; only of such a model can a newer revision be had.
    pub repository: Option<String>,
    /// A newer revision that the hub told of when it was last asked.
    pub newer: Option<NewerRevision>,
}

/// A newer revision of a model, with other bytes than are here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NewerRevision {
    /// The commit.
    pub revision: String,
    /// Bytes of all its files.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Bytes that would have to be fetched: files that did not change are here.
    #[ts(type = "number")]
    pub fetch_bytes: u64,
}

/// What the hub said when it was asked for a newer revision of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NewerFound {
    /// None: the files here are the newest.
    pub newer: Option<NewerRevision>,
}

/// Everything that is installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct InstalledModels {
    /// All models of the library, in its order.
    pub models: Vec<Installed>,
    /// What is done to the library now, or was last.
    pub work: Option<LibraryWork>,
}

/// Whose folder a model lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Keeper {
    /// Parley's own, or the bundled one.
    Parley,
    /// The hub's cache, which other programs share.
    HubCache,
    /// Ollama's store.
    Ollama,
    /// LM Studio's.
    LmStudio,
    /// Jan's.
    Jan,
    /// GPT4All's.
    Gpt4all,
    /// Somewhere of the person's.
    Person,
}

/// What the deletion of a model does, before it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Deletion {
    /// The model.
    pub model: ModelId,
    /// Files that are removed; none where it is only taken out of the library.
    pub files: Vec<String>,
    /// Bytes of the disk that come free.
    #[ts(type = "number")]
    pub freed_bytes: u64,
    /// Bytes that stay, because another model or program has them too.
    #[ts(type = "number")]
    pub shared_bytes: u64,
    /// Conversations whose next answer it would have made.
    pub conversations: u32,
    /// Whether it is in memory now; it is taken out first.
    pub loaded: bool,
    /// Whether any process has its files in memory: their bytes come free when that lets go.
    pub in_use: bool,
}

/// Deletes a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ModelDelete {
    /// The model.
    pub model: ModelId,
    /// Whether its files go too; false only takes it out of the library.
    pub files: bool,
}

/// A model that another program keeps on this disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FoundModel {
    /// For people.
    pub name: String,
    /// Absolute path of the file or folder, to be used in place.
    pub path: String,
    /// Bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Whose it is.
    pub keeper: Keeper,
}

/// Models of other programs that are not in the library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FoundModels {
    /// All of them, by program and name.
    pub models: Vec<FoundModel>,
}

/// Something long that is done to the library: a move to another disk, or a verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LibraryWork {
    /// What.
    pub kind: LibraryWorkKind,
    /// The model it is at; None: all.
    pub model: Option<ModelId>,
    /// Bytes that are done.
    #[ts(type = "number")]
    pub bytes_done: u64,
    /// Bytes altogether.
    #[ts(type = "number")]
    pub bytes_total: u64,
    /// Whether it has ended, and how.
    pub ended: Option<LibraryWorkEnd>,
}

/// What is done to the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LibraryWorkKind {
    /// Every byte is read and hashed again.
    Verify,
    /// The files go to another folder.
    Move,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "end", rename_all = "snake_case")]
#[ts(export)]
pub enum LibraryWorkEnd {
    /// All is well.
    Well,
    /// It stopped where it was; nothing is lost.
    Failed {
        /// Why, and what to do.
        error: AppError,
    },
    /// The person cancelled it; nothing is lost.
    Cancelled,
}

/// Moves the library's own files to another folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LibraryMove {
    /// An absolute path; None: back to the hub's own cache.
    pub folder: Option<String>,
}
