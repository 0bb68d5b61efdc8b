//! Deleting a model: first a look, then the deed.

use super::in_use;
use super::place::Place;
use crate::library::Hub;
use crate::record::{Copy, Origin, Record};
use protocol::{AppError, Deletion, ModelId, failure};
use std::path::Path;

impl Hub {
    /// What deleting the model would do. Which conversations it answers in, and whether it is in
    /// this process's memory, is for others to say. Errors: `model-unknown`, `model-bundled`.
    pub fn deletion(&self, id: &ModelId) -> Result<Deletion, AppError> {
        let record = self.to_delete(id)?;
        let removal = self.shared.removal(&record.files, Some(&record.id));
        let read = self.shared.read_bytes(&record);
        let in_use = removal.files.iter().any(|path| in_use::is_mapped(path));
        Ok(Deletion {
            model: ModelId(record.id),
            files: removal
                .files
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            freed_bytes: removal.freed + read,
            shared_bytes: removal.shared,
            conversations: 0,
            loaded: false,
            in_use,
        })
    }

    /// Takes the model out of the library, with what it has read, and where `files` is true removes what
    /// [`Hub::deletion`] tells, which is returned as it was. A process that is killed meanwhile
    /// leaves that to the next one.
    /// Errors: `model-unknown`, `model-bundled`, `library-busy` where the library is moved or a
    /// model checked; `disk-full`, `file-not-written`: then what could be removed is.
    pub fn delete(&self, id: &ModelId, files: bool) -> Result<Deletion, AppError> {
        let _alone = self.shared.alone()?;
        let mut deletion = self.deletion(id)?;
        if !files {
            // What it has read is of use to nobody else.
            let read = self.shared.read_bytes(&self.record(id)?);
            let own = std::mem::replace(&mut deletion.freed_bytes, read);
            deletion.shared_bytes += own.saturating_sub(read);
            deletion.files.clear();
        }
        let id = deletion.model.clone();
        self.cancel_updates(&id)?;
        self.shared.change(|index| {
            let at = index
                .models
                .iter()
                .position(|record| record.answers_to(&id.0));
            if let Some(at) = at {
                let record = &mut index.models[at];
                let going = match comes_with_parley(record) {
                    true => record
                        .files
                        .extract_if(.., |copy| is_in_cache(copy))
                        .collect(),
                    false => index.models.remove(at).files,
                };
                if files {
                    index.leaving.extend(going.iter().map(Copy::now));
                }
            }
        })?;
        tracing::info!(
            model = %deletion.model,
            files = deletion.files.len(),
            freed = deletion.freed_bytes,
            "model deleted"
        );
        self.shared.forget_the_gone();
        self.shared.clear_out(&|| true)?;
        Ok(deletion)
    }

    /// The model as far as it may go: of the one that comes with Parley, what was fetched beside.
    fn to_delete(&self, id: &ModelId) -> Result<Record, AppError> {
        let mut record = self.record(id)?;
        if comes_with_parley(&record) {
            record.files.retain(is_in_cache);
            if record.files.is_empty() {
                return Err(failure::model_bundled(&record.name));
            }
        }
        Ok(record)
    }
}

/// Whether it would be back with the next start.
fn comes_with_parley(record: &Record) -> bool {
    let is_its = |copy: &Copy| !is_in_cache(copy) && Path::new(&copy.path).exists();
    record.source == Origin::Bundled && record.files.iter().any(is_its)
}

fn is_in_cache(copy: &Copy) -> bool {
    Place::of(Path::new(&copy.path)).is_some()
}
