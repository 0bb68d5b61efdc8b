//! What of the catalogue is shown, and in which order: search as one types, filters, sorting.

use super::{
    Catalogue,
    entry::{FamilyEntry, ModelEntry},
    file_bytes,
};
use protocol::{CatalogueFilter, CatalogueModel, CatalogueOrder, Language};
use unicode_normalization::UnicodeNormalization;

/// What this machine says of a model, reckoned by who knows the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// Whether its recommended file fits; None where that cannot be told.
    pub fits: Option<bool>,
    /// How quickly it would write; None where that cannot be told.
    pub tokens_per_second: Option<f64>,
    /// It is on this machine.
    pub installed: bool,
}

/// A model's words, folded.
#[derive(Debug)]
pub(super) struct Haystack {
    /// How it is called: name, repository, makers, family.
    names: String,
    /// What is said of it, in every language.
    descriptions: String,
}

impl Haystack {
    pub fn of(family: &FamilyEntry, model: &ModelEntry) -> Haystack {
        let names = [&model.name, &model.id, &family.name];
        let names = names.into_iter().chain(&model.makers);
        let names: Vec<_> = names.map(String::as_str).collect();
        let said = [&model.about, &family.about, &family.technique];
        let mut said: Vec<_> = said.iter().flat_map(|words| words.all()).collect();
        said.extend(model.domains.iter().map(String::as_str));
        Haystack {
            names: folded(&names.join("\n")),
            descriptions: folded(&said.join("\n")),
        }
    }

    /// How well it answers to the folded words: 0 is by its name, 1 by its description too. None:
    /// a word is nowhere.
    fn rank(&self, words: &[&str]) -> Option<u8> {
        words.iter().try_fold(0, |rank, word| {
            if self.names.contains(word) {
                Some(rank)
            } else {
                self.descriptions.contains(word).then_some(1)
            }
        })
    }
}

/// As searching compares: without upper case, and without the widths and ligatures that Unicode
/// counts as the same.
fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

impl Catalogue {
    /// The models in whose names, makers or description, in any language, every word of `text` is,
    /// those that are called so first.
    pub fn search(&self, text: &str, language: Language) -> Vec<CatalogueModel> {
        let filter = CatalogueFilter {
            text: text.to_owned(),
            ..CatalogueFilter::default()
        };
        self.filtered(language, &filter, CatalogueOrder::Date, &|_| {
            Standing::default()
        })
    }

    /// The models that the filter lets through, in an order; where words are searched, those
    /// come first that are called so.
    pub fn filtered(
        &self,
        language: Language,
        filter: &CatalogueFilter,
        order: CatalogueOrder,
        standing: &dyn Fn(&CatalogueModel) -> Standing,
    ) -> Vec<CatalogueModel> {
        let text = folded(&filter.text);
        let words: Vec<_> = text.split_whitespace().collect();
        let mut found: Vec<(u8, Standing, CatalogueModel)> = self
            .entries()
            .zip(&self.haystacks)
            .filter_map(|((family, model), haystack)| {
                let rank = haystack.rank(&words)?;
                let model = self.shown(family, model, language)?;
                let standing = standing(&model);
                passes(filter, &model, standing).then_some((rank, standing, model))
            })
            .collect();
        let bytes = |model: &CatalogueModel| recommended_bytes(model).unwrap_or(u64::MAX);
        match order {
            CatalogueOrder::Fit => found.sort_by_key(|(rank, standing, model)| {
                let fits = match standing.fits {
                    Some(true) => 0,
                    None => 1,
                    Some(false) => 2,
                };
                (*rank, fits, std::cmp::Reverse(bytes(model)))
            }),
            CatalogueOrder::Size => found.sort_by_key(|(rank, _, model)| (*rank, bytes(model))),
            CatalogueOrder::Date => found.sort_by(|(rank, _, a), (other, _, b)| {
                rank.cmp(other).then_with(|| b.date.cmp(&a.date))
            }),
            CatalogueOrder::Openness => {
                found.sort_by_key(|(rank, _, model)| (*rank, model.openness, closed(model)));
            }
        }
        found.into_iter().map(|(_, _, model)| model).collect()
    }
}

/// Bytes of the recommended file, exact or about; None where there is none.
pub(super) fn recommended_bytes(model: &CatalogueModel) -> Option<u64> {
    let file = model.files.first()?;
    file_bytes(model, file).map(|(bytes, _)| bytes)
}

/// How many lights are not green, by how far: what sorts models of one class.
fn closed(model: &CatalogueModel) -> u32 {
    use protocol::Openness::{Closed, Open, Partly, Unknown};
    let points = |light: &protocol::Light| match light.state {
        Open => 0,
        Partly => 1,
        Closed | Unknown => 2,
    };
    model.lights.iter().map(points).sum()
}

/// All that the filter asks for but the words.
fn passes(filter: &CatalogueFilter, model: &CatalogueModel, standing: Standing) -> bool {
    let CatalogueFilter {
        text: _,
        tasks,
        domains,
        languages,
        max_bytes,
        fits,
        licence,
        openness,
        installed,
    } = filter;
    tasks.iter().all(|task| model.tasks.contains(task))
        && domains.iter().all(|domain| model.domains.contains(domain))
        && languages.iter().all(|language| speaks(model, language))
        && max_bytes.is_none_or(|most| recommended_bytes(model).is_some_and(|b| b <= most))
        && (!fits || standing.fits == Some(true))
        && licence.as_ref().is_none_or(|id| *id == model.licence.id)
        && openness.is_none_or(|class| class == model.openness)
        && (!installed || standing.installed)
}

/// Whether it speaks a language: `zh-Hant` is spoken by a model that lists `zh`.
pub(super) fn speaks(model: &CatalogueModel, language: &str) -> bool {
    let primary = |tag: &str| {
        tag.split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let asked = primary(language);
    model
        .languages
        .iter()
        .any(|spoken| primary(spoken) == asked)
}
