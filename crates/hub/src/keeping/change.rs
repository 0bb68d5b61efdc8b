//! Changes of the index that keeping needs, and the end of copies that no model has any more.

use super::GoOn;
use super::removal::Removal;
use crate::index::Index;
use crate::library::Shared;
use crate::lock::Lock;
use crate::record::{Copy, Record};
use crate::shared_file::not_written;
use protocol::{AppError, ModelId, failure};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl Shared {
    /// Held by who takes files away: nobody else does, or reads them, over all processes.
    /// Errors: `library-busy`, `file-not-written`.
    pub fn alone(&self) -> Result<Lock, AppError> {
        self.work_lock(Lock::try_take)
    }

    /// Held by who reads files for long. Errors: as [`Shared::alone`].
    pub fn among_readers(&self) -> Result<Lock, AppError> {
        self.work_lock(Lock::try_share)
    }

    fn work_lock(
        &self,
        lock: impl FnOnce(&Path) -> Result<Option<Lock>, AppError>,
    ) -> Result<Lock, AppError> {
        self.file.create_folder()?;
        lock(&self.file.path().with_extension("work.lock"))?.ok_or_else(failure::library_busy)
    }

    /// Changes the model that has or had the id. Errors: `model-unknown`, and those of a change.
    pub fn of_model<T>(
        &self,
        id: &ModelId,
        change: impl FnOnce(&mut Record) -> T,
    ) -> Result<T, AppError> {
        let changed = self.change(|index| {
            let mut models = index.models.iter_mut();
            models.find(|record| record.answers_to(&id.0)).map(change)
        })?;
        changed.ok_or_else(|| failure::model_unknown(&id.0))
    }

    /// What goes with the copies, where no model of the library needs it.
    pub fn removal(&self, copies: &[Copy], except: Option<&str>) -> Removal {
        let used = used(&self.state().index, except);
        Removal::of(copies, &used, &self.weights)
    }

    /// Removes from the disk the copies that no model has any more, also those that a process
    /// left that was killed at it. Errors: `file-not-written`, with the rest done.
    pub fn clear_out(&self, go_on: GoOn) -> Result<(), AppError> {
        self.follow();
        let leaving = self.state().index.leaving.clone();
        if leaving.is_empty() {
            return Ok(());
        }
        // Something else may have been put there since.
        let mut as_they_were = leaving.clone();
        as_they_were.retain(is_as_it_was_or_gone);
        let removed = self.removal(&as_they_were, None).run(go_on);
        if go_on() {
            self.change(|index| index.leaving.retain(|copy| !leaving.contains(copy)))?;
        }
        removed.map_err(|(path, error)| not_written(&path, &error))
    }
}

/// Files that models of the library have, `except` that of this id.
fn used(index: &Index, except: Option<&str>) -> BTreeSet<PathBuf> {
    let others = index
        .models
        .iter()
        .filter(|record| Some(record.id.as_str()) != except);
    let copies = others.flat_map(|record| &record.files);
    let parts = copies.flat_map(Copy::files);
    parts.map(|part| PathBuf::from(part.path)).collect()
}

fn is_as_it_was_or_gone(copy: &Copy) -> bool {
    let files = copy.files();
    files
        .iter()
        .all(|part| part.is_as_it_was() || !Path::new(&part.path).exists())
}
