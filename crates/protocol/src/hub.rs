//! Live search of the hub: what is asked, and what it says.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What to look for on the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct HubSearch {
    /// Words, a maker or a repository.
    pub text: String,
    /// A language of the model, as BCP 47.
    pub language: Option<String>,
    /// The licence as the hub names it, such as `apache-2.0`.
    pub licence: Option<String>,
    /// Only files that Parley runs: GGUF, safetensors, or None for both.
    pub format: Option<HubFormat>,
    /// The order.
    pub sort: HubSort,
    /// Where the last answer ended: [`HubFound::next`].
    pub after: Option<String>,
}

/// The format of a repository's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum HubFormat {
    /// One file with everything.
    Gguf,
    /// A folder of weights, tokenizer and config.json.
    Safetensors,
}

/// The order of what the hub finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum HubSort {
    /// Fetched most often first.
    #[default]
    Downloads,
    /// Liked most often first.
    Likes,
    /// Changed last first.
    Changed,
}

/// One page of what the hub found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct HubFound {
    /// The repositories.
    pub repositories: Vec<HubRepository>,
    /// Asks for the next page; None: this is the last.
    pub next: Option<String>,
}

/// A repository as the hub tells of it. All text is a stranger's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct HubRepository {
    /// `owner/name`.
    pub repository: String,
    /// The catalogue's model that it is a repository of, where it is known.
    pub catalogue: Option<String>,
    /// The formats that its tags name.
    pub formats: Vec<HubFormat>,
    /// The licence as the hub names it.
    pub licence: Option<String>,
    /// Languages, as the hub's tags name them.
    pub languages: Vec<String>,
    /// Number of weights, where the hub knows.
    #[ts(type = "number | null")]
    pub parameters: Option<u64>,
    /// The base model that its card names.
    pub parent: Option<String>,
    /// Whether its makers ask first.
    pub gated: bool,
    /// How often it was fetched in the last month.
    #[ts(type = "number")]
    pub downloads: u64,
    /// How often it was liked.
    #[ts(type = "number")]
    pub likes: u64,
    /// ISO date of the last change.
    pub changed: Option<String>,
}

/// Names a repository of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RepositoryRef {
    /// `owner/name`.
    pub repository: String,
    /// Commit, branch or tag; None: `main`.
    #[serde(default)]
    pub revision: Option<String>,
}

/// What a repository holds that Parley can run, and its card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct HubDetails {
    /// What the search says of it.
    pub repository: HubRepository,
    /// The commit that this is of.
    pub revision: String,
    /// What can be fetched, each one model.
    pub files: Vec<HubFile>,
    /// The model card as Markdown, at most 256 KB, without its header; hostile. None: there is none.
    pub card: Option<String>,
}

/// One model of a repository: a GGUF file, its parts, or the folder of safetensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct HubFile {
    /// Paths inside the repository; empty for the folder.
    pub files: Vec<String>,
    /// Such as `Q4_K_M` or `BF16`; None where the name does not say.
    pub kind: Option<String>,
    /// Bytes altogether.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Of a single file, where the hub knows it.
    pub sha256: Option<String>,
    /// What its layers are like, where its own header could be read.
    pub layers: Option<crate::LayerFacts>,
    /// Tokens that it was made for, where its own header could be read.
    pub context: Option<u32>,
    /// Whether it runs here.
    pub fit: Option<crate::Fit>,
}
