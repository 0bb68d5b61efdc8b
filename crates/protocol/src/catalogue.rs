//! The catalogue of models: what is known of each, in the language asked for, and from where.
//!
//! What nobody has read is absent or [`Openness::Unknown`]: nothing here is a guess.

use crate::{Fit, Language};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a fact stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Citation {
    /// Where it was read: https.
    pub address: String,
    /// The day on which it was read, such as `2026-11-22`.
    pub read: String,
    /// What it rests on, in English: as the source says it, shortly.
    pub words: String,
}

/// How far one part of a model can be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Openness {
    /// Anyone can have it and use it.
    Open,
    /// Some of it, or under conditions.
    Partly,
    /// Nobody outside can have it.
    Closed,
    /// No source was read that says.
    #[default]
    Unknown,
}

/// One light: how far one part of a model can be had, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Light {
    /// How far.
    pub state: Openness,
    /// None only where `state` is unknown.
    #[serde(default)]
    pub source: Option<Citation>,
}

/// What the five lights are about, in the order in which they stand in [`CatalogueModel::lights`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OpenPart {
    /// What the model was made from: of a fine-tune, also what its parent was made from.
    TrainingData,
    /// The model itself.
    Weights,
    /// What measured how good it is.
    EvaluationCode,
    /// What made it an assistant, or a specialist: code and recipes.
    FineTuningCode,
    /// How the training went: curves, logs.
    TrainingMetrics,
}

impl OpenPart {
    /// All of them, in order.
    pub const ALL: [OpenPart; 5] = [
        OpenPart::TrainingData,
        OpenPart::Weights,
        OpenPart::EvaluationCode,
        OpenPart::FineTuningCode,
        OpenPart::TrainingMetrics,
    ];
}

/// A model's openness in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OpennessClass {
    /// All five lights are open, and the licence is.
    FullyOpen,
    /// The weights can be had and used for everything; something else is kept back or not known.
    WeightsOnly,
    /// The licence forbids some uses, or the weights must be asked for.
    Restricted,
}

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Task {
    /// Answers and converses.
    Chat,
    /// Goes on with a text: a model that was not made an assistant.
    Completion,
    /// Programs.
    Code,
    /// Mathematics.
    Maths,
    /// Thinks before it answers.
    Reasoning,
    /// Calls tools.
    Tools,
    /// Sees pictures.
    Vision,
}

/// What a model may be used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Licence {
    /// For filters: the key of `licences.json`.
    pub id: String,
    /// Such as `Apache License 2.0`.
    pub name: String,
    /// SPDX identifier, where it has one.
    pub spdx: Option<String>,
    /// Its text: https.
    pub address: String,
    /// What it allows and what it forbids, in plain words.
    pub plain: String,
    /// It allows every use by everyone.
    pub open: bool,
    /// What it limits, each a short sentence; none where it is open.
    pub limits: Vec<String>,
}

/// How good a model was found to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Figure {
    /// Such as `MMLU`, with what belongs to it: `MMLU (5-shot)`.
    pub benchmark: String,
    /// The figure.
    pub value: f64,
    /// Such as `%`.
    pub unit: String,
    /// Who found it.
    pub source: Citation,
}

/// What a host asked for answers of the same model, in US dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Price {
    /// The company.
    pub host: String,
    /// For a million tokens that are read.
    pub input_per_million: f64,
    /// For a million tokens that are written.
    pub output_per_million: f64,
    /// Where it stood, and when.
    pub source: Citation,
}

/// A file that holds a model whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CatalogueFile {
    /// `owner/name` on the hub.
    pub repository: String,
    /// A commit; None: whatever is the newest.
    #[serde(default)]
    pub revision: Option<String>,
    /// Path inside the repository.
    pub file: String,
    /// Such as `Q4_K_M`.
    pub kind: String,
    /// Its exact length, where it was read.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub bytes: Option<u64>,
    /// Sixty-four hexadecimal digits, where they were read.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Where length and hash were read.
    #[serde(default)]
    pub source: Option<Citation>,
}

/// What a model's layers are like, as its config.json says: what its memory is reckoned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LayerFacts {
    /// How many.
    pub layers: u32,
    /// Heads of keys and values, of each layer.
    pub kv_heads: u32,
    /// Numbers of each head.
    pub head_dim: u32,
    /// How many positions back attention reaches, where less than the context.
    #[serde(default)]
    pub window: Option<u32>,
}

/// A model of the catalogue, in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CatalogueModel {
    /// Its repository, `owner/name`.
    pub id: String,
    /// The id of its family.
    pub family: String,
    /// For people.
    pub name: String,
    /// Who made it.
    pub makers: Vec<String>,
    /// The id of the model that it was made from, where the catalogue has it.
    pub parent: Option<String>,
    /// When it came out: `2024-02` or `2024-02-01`.
    pub date: String,
    /// What it is, in a sentence or two.
    pub about: String,
    /// What it can do.
    pub tasks: Vec<Task>,
    /// What it knows about: `general`, `code`, `maths`, `medicine`, `japanese`, `chinese`,
    /// `multilingual`, `small`.
    pub domains: Vec<String>,
    /// BCP 47.
    pub languages: Vec<String>,
    /// Weights, all of them.
    #[ts(type = "number")]
    pub parameters: u64,
    /// Weights that each token is computed with, where that is not all.
    #[ts(type = "number | null")]
    pub active_parameters: Option<u64>,
    /// Tokens that it was made for.
    pub context: u32,
    /// What it may be used for.
    pub licence: Licence,
    /// Whoever wants the weights must say who they are and accept terms first; None: nobody has
    /// read whether.
    pub gated: Option<bool>,
    /// In one word.
    pub openness: OpennessClass,
    /// In the order of [`OpenPart::ALL`].
    pub lights: [Light; 5],
    /// The code that the base was trained with: shown beside the lights.
    pub training_code: Light,
    /// How good it was found to be.
    pub quality: Vec<Figure>,
    /// What hosts ask for its answers.
    pub prices: Vec<Price>,
    /// How a conversation is written for it, with `{u}` for what a person says, `{s}` for standing
    /// instructions and `{a}` for the answer.
    pub prompt_form: Option<String>,
    /// What can be fetched, the recommended file first.
    pub files: Vec<CatalogueFile>,
    /// None where its config.json was not read.
    pub layers: Option<LayerFacts>,
    /// Where the facts above were read.
    pub sources: Vec<Citation>,
}

/// A family of models, in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CatalogueFamily {
    /// Such as `olmo`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it is.
    pub about: String,
    /// What its technique means, in a sentence.
    pub technique: String,
    /// Their ids, each parent before its children.
    pub models: Vec<String>,
}

/// Which models are wanted: all that is set must be true of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct CatalogueFilter {
    /// What was typed: each word must be in a name, a maker, the repository or the description.
    pub text: String,
    /// It can do all of these.
    pub tasks: Vec<Task>,
    /// It knows about all of these.
    pub domains: Vec<String>,
    /// It speaks all of these.
    pub languages: Vec<String>,
    /// The recommended file is at most so long.
    #[ts(type = "number | null")]
    pub max_bytes: Option<u64>,
    /// It fits this machine.
    pub fits: bool,
    /// The id of a licence.
    pub licence: Option<String>,
    /// How open.
    pub openness: Option<OpennessClass>,
    /// It is on this machine.
    pub installed: bool,
}

/// In which order models are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CatalogueOrder {
    /// What fits this machine first, of that the largest first.
    #[default]
    Fit,
    /// The smallest first.
    Size,
    /// The newest first.
    Date,
    /// The most open first.
    Openness,
}

/// What a person who wants help in choosing has a model for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Purpose {
    /// Conversation, writing, questions.
    Everyday,
    /// Programs.
    Code,
    /// Mathematics.
    Maths,
    /// Medicine and biology.
    Medicine,
    /// To see how such a model is made.
    Study,
}

/// What matters most to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Matters {
    /// Good answers.
    Quality,
    /// Quick answers.
    Speed,
    /// That everything about it can be seen.
    Openness,
    /// That it is small.
    Size,
}

/// The answers of "Help me choose".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ChooseAnswers {
    /// What for.
    pub purpose: Purpose,
    /// BCP 47, such as `en`, `zh`, `ja`.
    pub language: String,
    /// What matters most.
    pub matters: Matters,
}

/// Why a model is proposed: a message of the catalogues (`choose-…`) with its arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Reason {
    /// The message.
    pub key: String,
    /// Its arguments.
    pub args: std::collections::BTreeMap<String, crate::Arg>,
}

/// A model that "Help me choose" proposes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Choice {
    /// Its id in the catalogue.
    pub model: String,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

/// The catalogue, in one language: the answer to [`CatalogueAsked`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CatalogueShown {
    /// By name.
    pub families: Vec<CatalogueFamily>,
    /// In the order asked for.
    pub models: Vec<CatalogueModel>,
    /// What this machine says of each model's files, in the order of [`CatalogueModel::files`];
    /// None where it cannot be told.
    pub fits: Vec<Vec<Option<Fit>>>,
}

/// What "Help me choose" proposes, the best first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Choices {
    /// A few; none where nothing suits and fits.
    pub choices: Vec<Choice>,
}

/// Asks for the catalogue, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CatalogueAsked {
    /// The person's language.
    pub language: Language,
    /// Which models.
    #[serde(default)]
    pub filter: CatalogueFilter,
    /// In which order.
    #[serde(default)]
    pub order: CatalogueOrder,
    /// Whether to wait where this machine's speed must be measured first, a second or two. Without
    /// it nothing is told of how fast a model would write.
    #[serde(default)]
    pub measured: bool,
}
