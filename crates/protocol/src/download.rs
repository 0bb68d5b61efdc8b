//! Fetching models from the hub: what is asked for, and how far it is.

use crate::{AppError, ModelId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for a model of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DownloadWish {
    /// `owner/name`.
    pub repository: String,
    /// Commit, branch or tag; None: the newest of `main`.
    #[serde(default)]
    pub revision: Option<String>,
    /// Paths inside the repository: one GGUF file, or all parts of a split one. Empty: the
    /// folder of safetensors, with what belongs to it.
    #[serde(default)]
    pub files: Vec<String>,
    /// For people; None: by the repository and the file.
    #[serde(default)]
    pub name: Option<String>,
}

/// A model that is being fetched, or waits for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Download {
    /// Its number in the queue, never used again.
    pub id: String,
    /// For people.
    pub name: String,
    /// `owner/name`.
    pub repository: String,
    /// The commit, once the hub has said it; before that what was asked for.
    pub revision: String,
    /// Paths inside the repository; empty until the hub has said which.
    pub files: Vec<String>,
    /// The model whose place it takes once it is whole; until then that one stays as it is.
    pub updates: Option<ModelId>,
    /// How it stands.
    pub state: DownloadState,
    /// Bytes that are on this disk.
    #[ts(type = "number")]
    pub bytes_done: u64,
    /// Bytes altogether, once known.
    #[ts(type = "number | null")]
    pub bytes_total: Option<u64>,
    /// Over the last seconds, while it runs.
    #[ts(type = "number | null")]
    pub bytes_per_second: Option<u64>,
    /// At that speed.
    #[ts(type = "number | null")]
    pub seconds_left: Option<u64>,
}

/// How a download stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum DownloadState {
    /// For its turn.
    Waiting,
    /// The hub is asked what there is to fetch.
    Asking,
    /// Bytes arrive, and are checked as they do.
    Running,
    /// What broke off is tried again after a while.
    Retrying {
        /// Seconds until then.
        seconds: u32,
        /// Why.
        error: AppError,
    },
    /// Until the person resumes it, or the reason is gone.
    Paused {
        /// None: the person paused it. `disk-short` says how much is missing; `offline`.
        error: Option<AppError>,
    },
    /// All bytes are here; the last of them are read for their hash.
    Checking,
    /// Another process of Parley, or another program, fetches it.
    Elsewhere,
    /// Whole, checked and in the library.
    Done {
        /// The model.
        model: ModelId,
    },
    /// It cannot be had; what came is kept until it is cancelled.
    Failed {
        /// Why, and what to do.
        error: AppError,
    },
}

/// Names a download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DownloadRef {
    /// [`Download::id`].
    pub id: String,
}

/// Puts a download elsewhere in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DownloadMove {
    /// [`Download::id`].
    pub id: String,
    /// Its place from 0, the next one; beyond the end is the end.
    pub place: u32,
}

/// The queue, in its order; what is done stands in it until the person dismisses it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Downloads {
    /// All of them.
    pub downloads: Vec<Download>,
    /// Where they are put.
    pub folder: String,
    /// Bytes free there.
    #[ts(type = "number")]
    pub free_bytes: u64,
}
