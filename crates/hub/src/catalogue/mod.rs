//! The catalogue of models that comes with Parley: which there are, what is known of each, and
//! from where. `assets/catalogue/README.md` says how it is written.

mod better;
mod choose;
mod entry;
mod recognised;
mod shipped;
mod shown;

pub use better::better_model;
pub use choose::choose;
pub(crate) use recognised::{Traits, of_repository, recognised};
pub use shown::Standing;

use entry::{FamilyEntry, Licences, ModelEntry};
use protocol::{CatalogueFamily, CatalogueFile, CatalogueModel, Language};
use shown::Haystack;

/// All families and models.
#[derive(Debug)]
pub struct Catalogue {
    licences: Licences,
    families: Vec<FamilyEntry>,
    /// What searching looks through, of each model in the order of [`Self::entries`].
    haystacks: Vec<Haystack>,
}

impl Catalogue {
    /// Of the texts of `licences.json` and the families' files. Errors: a text that is no JSON of
    /// the schema.
    fn read(licences: &str, families: &[&str]) -> serde_json::Result<Catalogue> {
        let families: Vec<FamilyEntry> = families
            .iter()
            .map(|text| serde_json::from_str(text))
            .collect::<Result<_, _>>()?;
        let mut catalogue = Catalogue {
            licences: serde_json::from_str(licences)?,
            families,
            haystacks: Vec::new(),
        };
        catalogue.haystacks = catalogue
            .entries()
            .map(|(family, model)| Haystack::of(family, model))
            .collect();
        Ok(catalogue)
    }

    /// The families, by name.
    pub fn families(&self, language: Language) -> Vec<CatalogueFamily> {
        let mut families: Vec<_> = self.families.iter().map(|f| f.shown(language)).collect();
        families.sort_by_key(|family| family.name.to_lowercase());
        families
    }

    /// All models, family by family, each parent before its children.
    pub fn models(&self, language: Language) -> Vec<CatalogueModel> {
        self.entries()
            .filter_map(|(family, model)| self.shown(family, model, language))
            .collect()
    }

    /// The model of a repository, `owner/name`; upper and lower case are one.
    pub fn model(&self, id: &str, language: Language) -> Option<CatalogueModel> {
        self.entries()
            .find(|(_, model)| model.id.eq_ignore_ascii_case(id))
            .and_then(|(family, model)| self.shown(family, model, language))
    }

    fn entries(&self) -> impl Iterator<Item = (&FamilyEntry, &ModelEntry)> {
        self.families
            .iter()
            .flat_map(|family| family.models.iter().map(move |model| (family, model)))
    }

    /// None where the catalogue lacks the licence, which the tests rule out.
    fn shown(
        &self,
        family: &FamilyEntry,
        model: &ModelEntry,
        language: Language,
    ) -> Option<CatalogueModel> {
        let licence = self.licences.get(&model.licence)?;
        let licence = licence.shown(&model.licence, language);
        Some(model.shown(&family.id, licence, language))
    }
}

/// Bits that a weight takes in a file of a kind, all tensors together: what files of 7 billion
/// weights in this catalogue take.
const BITS: &[(&str, f64)] = &[
    ("Q2_K", 3.0),
    ("Q3_K_S", 3.5),
    ("Q3_K_M", 3.9),
    ("MXFP4", 4.6),
    ("Q4_0", 4.55),
    ("Q4_1", 5.0),
    ("Q4_K_S", 4.6),
    ("Q4_K_M", 4.85),
    ("Q5_0", 5.5),
    ("Q5_K_M", 5.7),
    ("Q6_K", 6.6),
    ("Q8_0", 8.5),
    ("F16", 16.0),
    ("BF16", 16.0),
];

/// Bytes of a model's file, and whether that is exact: else it is reckoned from the weights and
/// the kind, and has to be shown with "about". None where the kind is not known either.
pub fn file_bytes(model: &CatalogueModel, file: &CatalogueFile) -> Option<(u64, bool)> {
    if let Some(bytes) = file.bytes {
        return Some((bytes, true));
    }
    let (_, bits) = BITS.iter().find(|(kind, _)| *kind == file.kind)?;
    Some(((model.parameters as f64 * bits / 8.0) as u64, false))
}

#[cfg(test)]
mod tests;
