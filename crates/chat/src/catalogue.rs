//! The catalogue on this machine: what of it is wanted, what fits, and help in choosing.

use crate::{App, state::Core};
use hub::{Catalogue, Room, Standing, choose, fit_catalogue};
use protocol::*;

impl App {
    /// What of the catalogue is wanted, with what this machine says of each file.
    pub async fn catalogue(&self, asked: CatalogueAsked) -> Result<CatalogueShown, AppError> {
        let room = self.room(asked.measured).await?;
        self.with(move |core, _| {
            let here = Here::of(core, room);
            let catalogue = Catalogue::shipped();
            let standing = |model: &CatalogueModel| here.standing(model);
            let models = catalogue.filtered(asked.language, &asked.filter, asked.order, &standing);
            Ok(CatalogueShown {
                families: catalogue.families(asked.language),
                fits: models.iter().map(|model| here.fits(model)).collect(),
                models,
            })
        })
        .await
    }

    /// A few models for what a person has answered, each with its reasons.
    pub async fn choose_help(&self, answers: ChooseAnswers) -> Result<Choices, AppError> {
        let room = self.room(true).await?;
        self.with(move |core, _| {
            let here = Here::of(core, room);
            let standing = |model: &CatalogueModel| here.standing(model);
            Ok(Choices {
                choices: choose(Catalogue::shipped(), &answers, &standing),
            })
        })
        .await
    }

    /// What this machine gives a model. How fast it reads memory is told only where it is
    /// `measured`, which takes a second or two where it is not known from before.
    pub(crate) async fn room(&self, measured: bool) -> Result<Room, AppError> {
        let bandwidth = match measured {
            true => self.core.engine.bandwidth().await,
            false => None,
        };
        self.with(move |core, state| {
            Ok(Room {
                memory_bytes: core.engine.memory().total,
                bandwidth,
                kv_type: state.settings.kv_type,
            })
        })
        .await
    }
}

/// This machine, as far as the catalogue is concerned.
struct Here {
    room: Room,
    /// Repository and path of every file that came from the hub.
    files: Vec<(String, String)>,
}

impl Here {
    fn of(core: &Core, room: Room) -> Here {
        let from_hub = |entry: ModelEntry| match entry.source {
            Source::Hub { repo, file, .. } => Some((repo, file)),
            Source::Bundled | Source::File { .. } => None,
        };
        Here {
            room,
            files: core.hub.models().into_iter().filter_map(from_hub).collect(),
        }
    }

    fn fits(&self, model: &CatalogueModel) -> Vec<Option<Fit>> {
        let fit = |file| fit_catalogue(model, file, &self.room);
        model.files.iter().map(fit).collect()
    }

    fn standing(&self, model: &CatalogueModel) -> Standing {
        let recommended = model.files.first();
        let fit = recommended.and_then(|file| fit_catalogue(model, file, &self.room));
        let have = |file: &CatalogueFile| {
            let mut files = self.files.iter();
            files.any(|(repo, path)| *repo == file.repository && *path == file.file)
        };
        Standing {
            fits: fit.map(|fit| fit.fits != Fits::No),
            tokens_per_second: fit.and_then(|fit| fit.tokens_per_second).map(f64::from),
            installed: model.files.iter().any(have),
        }
    }
}
