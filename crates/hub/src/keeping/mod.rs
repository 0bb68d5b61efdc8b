//! Keeping models: what is installed and whose it is, deleting, checking, moving and replacing them.

mod change;
mod deletion;
mod in_use;
mod moving;
pub(crate) mod place;
mod reading;
mod removal;
mod update;
mod verification;

use crate::catalogue::{Traits, recognised};
use crate::library::Hub;
use crate::record::{Copy, Origin, Record};
use place::Place;
use protocol::{Installed, Keeper, ModelEntry};
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
            catalogue: self.catalogued(&record, &entry),
            entry,
            last_used: None,
            conversations: 0,
            repository: origin(&record).map(|(repository, ..)| repository),
            newer: record.newer.map(update::told),
        })
    }

    /// The catalogue's model that it is a file of.
    fn catalogued(&self, record: &Record, entry: &ModelEntry) -> Option<String> {
        let origin = origin(record);
        let inside = origin
            .as_ref()
            .map(|(_, _, inside)| inside.to_string_lossy());
        let stem = Path::new(&entry.path).file_stem().unwrap_or_default();
        recognised(&Traits {
            origin: origin
                .as_ref()
                .zip(inside.as_deref())
                .map(|((name, ..), inside)| (name.as_str(), inside)),
            sha256: record.files.iter().find_map(|copy| copy.sha256.as_deref()),
            names: [&entry.name, &stem.to_string_lossy()],
            quantisation: &entry.quantisation,
            parameters: entry.parameters,
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
}

/// The hub's repository, revision and file of a model that came from there, also of one that
/// another program fetched into the hub's cache.
fn origin(record: &Record) -> Option<(String, String, PathBuf)> {
    if record.source == Origin::Bundled {
        return None;
    }
    if let Origin::Hub {
        repo,
        revision,
        file,
    } = &record.source
    {
        return Some((repo.clone(), revision.clone(), file.into()));
    }
    let places = record
        .files
        .iter()
        .map(|copy: &Copy| Place::of(Path::new(&copy.path)));
    let place = places.flatten().next();
    place.map(|place| (place.name(), place.revision, place.inside))
}
