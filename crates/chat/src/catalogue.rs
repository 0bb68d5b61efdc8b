//! The catalogue on this machine: what of it is wanted, what fits, and help in choosing.

use crate::{App, state::Core};
use hub::{Catalogue, Standing, choose, fit_catalogue, measured};
use protocol::*;

impl App {
    /// What of the catalogue is wanted, with what this machine says of each file.
    pub async fn catalogue(&self, asked: CatalogueAsked) -> Result<CatalogueShown, AppError> {
        let core = self.core.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let here = Here::of(&core);
            let catalogue = Catalogue::shipped();
            let standing = |model: &CatalogueModel| here.standing(model);
            let models = catalogue.filtered(asked.language, &asked.filter, asked.order, &standing);
            CatalogueShown {
                families: catalogue.families(asked.language),
                fits: models.iter().map(|model| here.fits(model)).collect(),
                models,
            }
        });
        looking
            .await
            .map_err(|error| failure::internal().detail(error))
    }

    /// A few models for what a person has answered, each with its reasons.
    pub async fn choose_help(&self, answers: ChooseAnswers) -> Result<Choices, AppError> {
        let core = self.core.clone();
        let choosing = tokio::task::spawn_blocking(move || {
            let here = Here::of(&core);
            let standing = |model: &CatalogueModel| here.standing(model);
            Choices {
                choices: choose(Catalogue::shipped(), &answers, &standing),
            }
        });
        choosing
            .await
            .map_err(|error| failure::internal().detail(error))
    }
}

/// This machine, as far as models are concerned.
struct Here {
    machine: hub::Machine,
    /// Repository and path of every file that came from the hub.
    files: Vec<(String, String)>,
}

impl Here {
    fn of(core: &Core) -> Here {
        let from_hub = |entry: ModelEntry| match entry.source {
            Source::Hub { repo, file, .. } => Some((repo, file)),
            Source::Bundled | Source::File { .. } => None,
        };
        Here {
            machine: hub::Machine {
                memory_bytes: core.engine.memory().total,
                bandwidth: measured(&core.places),
            },
            files: core.hub.models().into_iter().filter_map(from_hub).collect(),
        }
    }

    fn fits(&self, model: &CatalogueModel) -> Vec<Option<Fit>> {
        let fit = |file| fit_catalogue(model, file, &self.machine);
        model.files.iter().map(fit).collect()
    }

    fn standing(&self, model: &CatalogueModel) -> Standing {
        let recommended = model.files.first();
        let fit = recommended.and_then(|file| fit_catalogue(model, file, &self.machine));
        let installed = |file: &CatalogueFile| {
            let same =
                |(repo, path): &(String, String)| *repo == file.repository && *path == file.file;
            self.files.iter().any(same)
        };
        Standing {
            fits: fit.map(|fit| fit.fits != Fits::No),
            tokens_per_second: fit.and_then(|fit| fit.tokens_per_second).map(f64::from),
            installed: model.files.iter().any(installed),
        }
    }
}
