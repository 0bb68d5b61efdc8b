//! Keeping models: what is installed and whose it is, deleting, checking, moving and replacing them.

mod change;
mod deletion;
mod in_use;
pub(crate) mod layout;
mod moving;
mod removal;
mod verification;

use crate::library::Hub;
use crate::record::{Copy, Origin, Record};
use layout::Place;
use protocol::{AppError, Installed, Keeper, ModelEntry, ModelId};
use std::path::{Path, PathBuf};

/// Told bytes done and bytes in all.
pub type Told<'a> = &'a mut dyn FnMut(u64, u64);
/// Whether to go on: asked between steps, and between pieces of a file.
pub type GoOn<'a> = &'a dyn Fn() -> bool;

impl Hub {
    /// All models, in the order of [`Hub::models`], with what is known of them here: who uses
    /// them is for the history to say.
    pub fn installed(&self) -> Vec<Installed> {
        let models = self.models().into_iter();
        models
            .filter_map(|entry| self.as_installed(entry))
            .collect()
    }

    fn as_installed(&self, entry: ModelEntry) -> Option<Installed> {
        let record = self.record(&entry.id).ok()?;
        Some(Installed {
            keeper: self.keeper(&record, Path::new(&entry.path)),
            entry,
            catalogue: None,
            last_used: None,
            conversations: 0,
            newer: record.newer,
        })
    }

    /// Whose folder the model's file lies in.
    fn keeper(&self, record: &Record, path: &Path) -> Keeper {
        if record.source == Origin::Bundled {
            return Keeper::Parley;
        }
        match self.neighbours().keeper(path) {
            // What Parley fetched into a folder of its own.
            Keeper::Person if Place::of(path).is_some() => match record.source {
                Origin::Hub { .. } => Keeper::Parley,
                _ => Keeper::HubCache,
            },
            keeper => keeper,
        }
    }

    /// Notes what the hub said when it was asked for a newer revision of the model; None: there is
    /// none. Errors: `model-unknown`, `disk-full`, `file-not-written`.
    pub fn note_newer(&self, id: &ModelId, revision: Option<String>) -> Result<(), AppError> {
        self.shared.of_model(id, |record| record.newer = revision)
    }

    /// The hub's repository, revision and file of a model that came from there, also of one that
    /// another program fetched into the hub's cache.
    pub fn origin(&self, id: &ModelId) -> Result<Option<(String, String, PathBuf)>, AppError> {
        let record = self.record(id)?;
        if let Origin::Hub {
            repo,
            revision,
            file,
        } = &record.source
        {
            return Ok(Some((repo.clone(), revision.clone(), file.into())));
        }
        let places = record
            .files
            .iter()
            .map(|copy: &Copy| Place::of(Path::new(&copy.path)));
        let place = places.flatten().next();
        Ok(place.map(|place| (place.name(), place.revision, place.inside)))
    }
}
