//! What a person sets for all of Parley.

use crate::{KvType, ModelId, NetworkSettings};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A language of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    En,
    /// 简体中文.
    #[serde(rename = "zh-Hans")]
    ZhHans,
    /// 繁體中文.
    #[serde(rename = "zh-Hant")]
    ZhHant,
}

impl Language {
    /// All of them, English first.
    pub const ALL: [Language; 3] = [Language::En, Language::ZhHans, Language::ZhHant];

    /// The BCP 47 tag: also the folder of its messages.
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::ZhHans => "zh-Hans",
            Language::ZhHant => "zh-Hant",
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Theme {
    /// As the system is.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct Settings {
    /// None: the system's language.
    pub language: Option<Language>,
    /// Light or dark.
    pub theme: Theme,
    /// The model last chosen anywhere: what a new conversation begins with.
    pub model: Option<ModelId>,
    /// Bytes of the disk that may be taken by what models have read, so that they need not read
    /// it again; 0: none. None: by what the disk has free.
    #[ts(type = "number | null")]
    pub kept_bytes: Option<u64>,
    /// What models that are loaded from now on keep their reading in.
    pub kv_type: KvType,
    /// The folder of models that are fetched; None: the hub's own cache, which other programs share.
    pub library: Option<String>,
    /// How the hub is reached.
    pub network: NetworkSettings,
}
