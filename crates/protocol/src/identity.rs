//! Which model: its identity, where it came from, and what a person is shown of it.

use crate::AppError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The identity of a model: `sha256:<64 hex>` of its weights, or, until the background hash is
/// done, `header:<64 hex>` of the file's header, size and modification time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ModelId(pub String);

impl ModelId {
    /// True while the id is only of the header, because the weights are not hashed yet.
    pub fn is_provisional(&self) -> bool {
        self.0.starts_with("header:")
    }
}

impl std::fmt::Display for ModelId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a model came from: an attribute, never its identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum Source {
    /// The starter model that comes with Parley.
    Bundled,
    /// A file of the person's, used in place.
    File {
        /// Absolute path.
        path: String,
    },
    /// A file of a repository of the model hub.
    Hub {
        /// `owner/name`.
        repo: String,
        /// Commit, or a branch or tag name where the commit is not known.
        revision: String,
        /// Path inside the repository.
        file: String,
    },
}

/// One model of the library as a person sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ModelEntry {
    /// Its identity now; earlier (provisional) ids resolve to the same entry.
    pub id: ModelId,
    /// For people: the file's own `general.name`, or the file name without its ending.
    pub name: String,
    /// Where it came from.
    pub source: Source,
    /// Absolute path of the (first) file.
    pub path: String,
    /// The format's architecture name, such as `llama` or `qwen2`.
    pub architecture: String,
    /// Number of weights.
    pub parameters: u64,
    /// The quantisation for people: `Q4_1`, `Q4_K_M`, `F16`.
    pub quantisation: String,
    /// Longest context in tokens that the model was made for.
    pub context: u32,
    /// Size on disk in bytes.
    pub bytes: u64,
    /// Memory in bytes that it needs when loaded with the context Parley would give it.
    pub memory: u64,
    /// Whether it is in memory, on its way, or cannot be used.
    pub state: ModelState,
}

/// Whether a model can be talked with at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum ModelState {
    /// On the disk, not in memory.
    Ready,
    /// On its way into memory.
    Loading {
        /// From 0 to 1.
        fraction: f32,
    },
    /// In memory.
    Loaded {
        /// Bytes set aside for it: weights and a full context, or what it holds where that is more.
        memory: u64,
    },
    /// Cannot be used, with the reason (file gone, changed, not supported).
    Unusable {
        /// The sentence for the person.
        error: AppError,
    },
}
