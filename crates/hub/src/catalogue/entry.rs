//! A family's file, as it is written, and what becomes of it in one language.
//!
//! `assets/catalogue/README.md` describes the fields.

use protocol::{
    CatalogueFamily, CatalogueFile, CatalogueModel, Citation, Figure, Language, LayerFacts,
    Licence, Light, Openness, OpennessClass, Price, Task,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A sentence in every language of the interface.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub en: String,
    #[serde(rename = "zh-Hans")]
    pub hans: String,
    #[serde(rename = "zh-Hant")]
    pub hant: String,
}

impl Words {
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::ZhHans => &self.hans,
            Language::ZhHant => &self.hant,
        }
    }

    pub fn all(&self) -> [&str; 3] {
        [&self.en, &self.hans, &self.hant]
    }
}

/// One entry of `licences.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LicenceEntry {
    pub name: String,
    #[serde(default)]
    pub spdx: Option<String>,
    pub address: String,
    pub plain: Words,
    pub open: bool,
    #[serde(default)]
    pub limits: Vec<Words>,
    /// Where it was read.
    #[cfg_attr(not(test), expect(dead_code, reason = "for who checks the entry"))]
    pub source: Citation,
}

/// `licences.json`.
pub(super) type Licences = BTreeMap<String, LicenceEntry>;

/// One file of `families/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FamilyEntry {
    pub id: String,
    pub name: String,
    pub about: Words,
    pub technique: Words,
    pub models: Vec<ModelEntry>,
}

/// The five lights, and the one beside them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lights {
    pub training_data: Light,
    pub weights: Light,
    pub evaluation_code: Light,
    pub fine_tuning_code: Light,
    pub training_metrics: Light,
    pub training_code: Light,
}

impl Lights {
    /// The five, in the order of [`protocol::OpenPart::ALL`].
    fn five(&self) -> [Light; 5] {
        [
            self.training_data.clone(),
            self.weights.clone(),
            self.evaluation_code.clone(),
            self.fine_tuning_code.clone(),
            self.training_metrics.clone(),
        ]
    }
}

/// One model of a family's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelEntry {
    pub id: String,
    pub name: String,
    pub makers: Vec<String>,
    #[serde(default)]
    pub parent: Option<String>,
    pub date: String,
    pub about: Words,
    pub tasks: Vec<Task>,
    pub domains: Vec<String>,
    pub languages: Vec<String>,
    pub parameters: u64,
    #[serde(default)]
    pub active_parameters: Option<u64>,
    pub context: u32,
    pub licence: String,
    #[serde(default)]
    pub gated: Option<bool>,
    pub lights: Lights,
    #[serde(default)]
    pub quality: Vec<Figure>,
    #[serde(default)]
    pub prices: Vec<Price>,
    #[serde(default)]
    pub prompt_form: Option<String>,
    #[serde(default)]
    pub files: Vec<CatalogueFile>,
    #[serde(default)]
    pub layers: Option<LayerFacts>,
    pub sources: Vec<Citation>,
}

/// Up to so many weights a model is called small: four bits of each fit into 2.5 GB.
const SMALL: u64 = 4_000_000_000;

/// From so many languages on a model is called multilingual.
const MULTILINGUAL: usize = 3;

impl ModelEntry {
    pub fn shown(&self, family: &str, licence: Licence, language: Language) -> CatalogueModel {
        let lights = self.lights.five();
        CatalogueModel {
            id: self.id.clone(),
            family: family.to_owned(),
            name: self.name.clone(),
            makers: self.makers.clone(),
            parent: self.parent.clone(),
            date: self.date.clone(),
            about: self.about.of(language).to_owned(),
            tasks: self.tasks.clone(),
            domains: self.all_domains(),
            languages: self.languages.clone(),
            parameters: self.parameters,
            active_parameters: self.active_parameters,
            context: self.context,
            gated: self.gated,
            openness: class(&lights, &licence, self.gated),
            licence,
            lights,
            training_code: self.lights.training_code.clone(),
            quality: self.quality.clone(),
            prices: self.prices.clone(),
            prompt_form: self.prompt_form.clone(),
            files: self.files.clone(),
            layers: self.layers,
            sources: self.sources.clone(),
        }
    }

    /// Those that are written, and those that follow from other facts.
    fn all_domains(&self) -> Vec<String> {
        let mut domains = self.domains.clone();
        if self.languages.len() >= MULTILINGUAL {
            domains.push("multilingual".to_owned());
        }
        if self.parameters <= SMALL {
            domains.push("small".to_owned());
        }
        domains
    }
}

/// A model's openness in one word, defined here and nowhere else. Restricted: the licence limits
/// who may use it or for what, the weights are not open, or they must be asked for. Fully open:
/// all five lights are open besides. Weights only: everything between.
pub(super) fn class(lights: &[Light; 5], licence: &Licence, gated: Option<bool>) -> OpennessClass {
    let open = |light: &Light| light.state == Openness::Open;
    let [_, weights, ..] = lights;
    if !licence.open || gated == Some(true) || !open(weights) {
        OpennessClass::Restricted
    } else if lights.iter().all(open) {
        OpennessClass::FullyOpen
    } else {
        OpennessClass::WeightsOnly
    }
}

impl LicenceEntry {
    pub fn shown(&self, id: &str, language: Language) -> Licence {
        Licence {
            id: id.to_owned(),
            name: self.name.clone(),
            spdx: self.spdx.clone(),
            address: self.address.clone(),
            plain: self.plain.of(language).to_owned(),
            open: self.open,
            limits: self
                .limits
                .iter()
                .map(|limit| limit.of(language).to_owned())
                .collect(),
        }
    }
}

impl FamilyEntry {
    pub fn shown(&self, language: Language) -> CatalogueFamily {
        CatalogueFamily {
            id: self.id.clone(),
            name: self.name.clone(),
            about: self.about.of(language).to_owned(),
            technique: self.technique.of(language).to_owned(),
            models: self.models.iter().map(|model| model.id.clone()).collect(),
        }
    }
}
