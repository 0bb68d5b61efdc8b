//! Newer revisions of models: looked for and fetched only when that is asked for. The old one
//! stays as it is until the new one is whole; then that takes its place.

use super::place::Place;
use crate::download::{Listed, content, newest};
use crate::library::Hub;
use crate::network::Network;
use crate::record::{Copy, Newer, Origin, Record, hex};
use protocol::{AppError, Download, DownloadWish, ModelEntry, ModelId, NewerRevision, failure};
use std::path::{Path, PathBuf};

/// Where a model came from, and where it lies.
struct Home {
    place: Place,
    copy: Copy,
    /// The branch that the hub is asked for.
    branch: String,
    /// Paths that make the model; none: the folder.
    wanted: Vec<String>,
}

impl Hub {
    /// Asks the hub for a newer revision of the model, with other files than are here, and notes
    /// what it says. Errors: `model-unknown`, `update-unknown`, `hub-file-missing` where the newest
    /// revision has no such file, and those of any request.
    pub async fn look_newer(
        &self,
        network: &Network,
        id: &ModelId,
    ) -> Result<Option<NewerRevision>, AppError> {
        let record = self.record(id)?;
        let home = Home::of(&record)?;
        let (place, wanted) = (&home.place, &home.wanted);
        let known = place.revision.as_str();
        let found = newest(network, &place.name(), &home.branch, wanted, known).await?;
        let compared = tokio::task::spawn_blocking(move || {
            let files = found.files?;
            let differs = |file: &Listed| !home.has(file);
            let bytes = |file: &Listed| file.bytes;
            files.iter().any(differs).then(|| Newer {
                revision: found.commit,
                bytes: files.iter().map(bytes).fold(0, u64::saturating_add),
                fetch_bytes: files
                    .iter()
                    .filter(|file| !home.has_blob(file))
                    .map(bytes)
                    .fold(0, u64::saturating_add),
            })
        });
        let newer = compared
            .await
            .map_err(|error| failure::internal().detail(error))?;
        self.shared.of_model(&ModelId(record.id), |record| {
            record.newer.clone_from(&newer);
        })?;
        Ok(newer.map(told))
    }

    /// Looks again, and puts the newer revision into the queue, beside the old one: who runs the
    /// queue lets it take that one's place. Errors: `update-none`, and those of
    /// [`Hub::look_newer`] and [`Hub::download_start`].
    pub async fn update(&self, network: &Network, id: &ModelId) -> Result<Download, AppError> {
        let newer = self.look_newer(network, id).await?;
        let record = self.record(id)?;
        newer.ok_or_else(|| failure::update_none(&record.name))?;
        let home = Home::of(&record)?;
        let wish = DownloadWish {
            repository: home.place.name(),
            // Not the commit: what is newest when it comes is what is wanted.
            revision: Some(home.branch),
            files: home.wanted,
            name: Some(record.name),
        };
        self.download_update(&wish, &home.place.cache, &ModelId(record.id))
    }

    /// Adds what was fetched to `path`, and puts it in the place of `old`, in one go that no other
    /// work on the library comes between. Errors: `library-busy`, and as of an import.
    pub(crate) fn import_update(
        &self,
        path: &Path,
        origin: Origin,
        checked: &[(PathBuf, String)],
        old: &ModelId,
    ) -> Result<ModelEntry, AppError> {
        let _alone = self.shared.alone()?;
        let entry = self.import_fetched(path, origin, checked)?;
        self.put_in_place(old, &entry.id)?;
        Ok(entry)
    }

    /// Puts `new`, which is whole and in the library, in the place of `old`, an earlier revision of
    /// it: what was chosen for the one holds for the other, who names the old one means the new
    /// one, and the old files go. Errors: `library-busy`, `model-unknown`, what makes `new`
    /// unusable, `disk-full`, `file-not-written`; then both are there.
    pub fn replace(&self, old: &ModelId, new: &ModelId) -> Result<(), AppError> {
        let _alone = self.shared.alone()?;
        self.put_in_place(old, new)
    }

    fn put_in_place(&self, old: &ModelId, new: &ModelId) -> Result<(), AppError> {
        // Nothing is taken away for something that cannot be used.
        self.record(new)?.usable()?;
        self.shared.change(|index| index.replace(&old.0, &new.0))?;
        tracing::info!(%old, %new, "model updated");
        self.shared.forget_the_gone();
        if let Err(error) = self.shared.clear_out(&|| true) {
            // Tried again by the next process.
            tracing::warn!(%error, "an old revision could not be removed");
        }
        Ok(())
    }
}

impl Home {
    /// Errors: `update-unknown` where the model did not come from the hub.
    fn of(record: &Record) -> Result<Home, AppError> {
        let unknown = || failure::update_unknown(&record.name);
        if record.source == Origin::Bundled {
            return Err(unknown());
        }
        let mut copies = record.files.iter();
        let placed = |copy: &Copy| Some((Place::of(Path::new(&copy.path))?, copy.clone()));
        let (place, copy) = copies.find_map(placed).ok_or_else(unknown)?;
        // What is newest of a branch that was asked for by name is that branch's.
        let refs = place.folder().join("refs");
        let named = place.refs();
        let names = named
            .iter()
            .filter_map(|path| path.strip_prefix(&refs).ok()?.to_str());
        let branch = names.min_by_key(|name| (*name != "main", *name));
        let branch = branch.unwrap_or("main").to_owned();
        let inside = place.inside.to_string_lossy().into_owned();
        Ok(Home {
            wanted: Some(inside)
                .filter(|path| !path.is_empty())
                .into_iter()
                .collect(),
            place,
            copy,
            branch,
        })
    }

    /// Whether the file of the newer revision is, byte for byte, in the old one.
    fn has(&self, file: &Listed) -> bool {
        let Some(etag) = file.etag.as_deref() else {
            return false;
        };
        let path = self.place.snapshot().join(&file.path);
        if !std::fs::metadata(&path).is_ok_and(|there| there.len() == file.bytes) {
            return false;
        }
        if let Some(blob) = self.place.blob(&path) {
            return blob.file_name().is_some_and(|name| name == etag);
        }
        // A disk without links: what it is is only known by reading it, or from before.
        let is_one = self.copy.parts.is_empty() && Path::new(&self.copy.path) == path;
        match &self.copy.sha256 {
            Some(sha256) if is_one && etag.len() == sha256.len() => sha256 == etag,
            _ => content(&path, file.bytes, etag).is_ok_and(|hash| hex(&hash) == etag),
        }
    }

    fn has_blob(&self, file: &Listed) -> bool {
        let blob = file.etag.as_ref().map(|etag| self.place.blobs().join(etag));
        let there = blob.and_then(|blob| std::fs::metadata(blob).ok());
        there.is_some_and(|there| there.is_file() && there.len() == file.bytes)
    }
}

/// As people are told.
pub fn told(newer: Newer) -> NewerRevision {
    NewerRevision {
        revision: newer.revision,
        bytes: newer.bytes,
        fetch_bytes: newer.fetch_bytes,
    }
}
