//! Which model proposes tokens for another, so that it reads several at once.

use crate::ModelId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which one does for a model, as the person chose. Answers are the same in every way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum DraftChoice {
    /// An installed one that can, where there is one and it fits.
    #[default]
    Automatic,
    /// None.
    Never,
    /// This one.
    Model {
        /// Its identity.
        id: ModelId,
    },
}

/// Chooses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DraftChoose {
    /// The model that answers.
    pub model: ModelId,
    /// What proposes for it.
    pub choice: DraftChoice,
}

/// A model that others can propose tokens for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Drafted {
    /// The model that answers.
    pub model: ModelId,
    /// Its name for people.
    pub name: String,
    /// What the person chose.
    pub choice: DraftChoice,
    /// The models that can, the one first that does by itself.
    pub drafts: Vec<DraftModel>,
}

/// A model that can propose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DraftModel {
    /// Its identity.
    pub id: ModelId,
    /// Its name for people.
    pub name: String,
    /// Such as `Q4_1`: two of one name differ by it.
    pub quantisation: String,
}

/// The installed models that others can propose tokens for, in the library's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Drafting {
    /// Those.
    pub models: Vec<Drafted>,
}
