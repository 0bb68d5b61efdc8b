//! What is kept of what models have read (their keys and values), so that they need not read it
//! again: after another conversation, a switch of model, a restart.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whose keys and values are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KvOwner {
    /// The id of a conversation: letters of ASCII, digits and dashes, at most 64.
    pub conversation: String,
    /// Whether they may be written to the disk: never of a temporary conversation.
    pub on_disk: bool,
}

/// Where keys and values are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KvPlace {
    /// Absolute path of a folder, which has one for each conversation.
    pub folder: String,
    /// Bytes that all of them may take; the runtime removes what was used longest ago.
    pub most: u64,
}

/// What kept keys and values take on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KvUse {
    /// Bytes that they take now.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Bytes that they may take; 0: they are not kept on the disk.
    #[ts(type = "number")]
    pub most: u64,
    /// Bytes that they may take where the person chose nothing: by what the disk has free.
    #[ts(type = "number")]
    pub usual: u64,
}
