//! What is kept of what models have read (their keys and values), so that they need not read it
//! again: after another conversation, a switch of model, a restart.

use crate::ModelId;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use ts_rs::TS;

/// The ending of a block's file. Files with others are on their way, or left over.
pub const KV_BLOCK: &str = "kv";
/// Longest id of a conversation of which blocks are kept.
const LONGEST: usize = 64;
/// Letters of a model's id in the names of its folders.
const MODEL_LETTERS: usize = 16;

/// What keys and values are computed with, and kept in: in memory and on the disk alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub enum KvType {
    /// Half-floats.
    #[default]
    #[serde(rename = "f16")]
    F16,
    /// 8 bits, 32 of them with a scale: half the memory, and answers that may differ a little. Of
    /// layers whose heads are not whole blocks of 32, half-floats.
    #[serde(rename = "q8_0")]
    Q8_0,
}

impl KvType {
    /// Both.
    pub const ALL: [KvType; 2] = [KvType::F16, KvType::Q8_0];

    /// The name, as it is written in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            KvType::F16 => "f16",
            KvType::Q8_0 => "q8_0",
        }
    }
}

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
    /// What the library knows the model by, as [`kv_model`] says: by that it finds what is the
    /// model's, and removes it with the model.
    pub model: String,
    /// Bytes that all of them may take; the runtime removes what was used longest ago.
    pub most: u64,
}

/// The folder of a conversation in that of all, which has one for each model, and that a file for
/// each block. None where the id is not the name of a folder, and of none but its own.
pub fn kv_folder(all: &Path, conversation: &str) -> Option<PathBuf> {
    let letters = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
    let is_name = (1..=LONGEST).contains(&conversation.len()) && conversation.bytes().all(letters);
    is_name.then(|| all.join(conversation))
}

/// What the folders of a model begin with, by an id of it; behind it stands, after a dash, what
/// computed: the same file computes otherwise in another version.
pub fn kv_model(id: &ModelId) -> String {
    let digits =
        id.0.split_once(':')
            .map_or(id.0.as_str(), |(_, digits)| digits);
    let letters = digits.chars().filter(char::is_ascii_alphanumeric);
    letters.take(MODEL_LETTERS).collect()
}

/// The file of a model's block; None as for [`kv_folder`].
pub fn kv_file(all: &Path, conversation: &str, model: &str, block: &str) -> Option<PathBuf> {
    let folder = kv_folder(all, conversation)?.join(model);
    Some(folder.join(format!("{block}.{KV_BLOCK}")))
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
