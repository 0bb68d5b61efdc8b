//! The library: the index in memory, kept in step with the file that several processes share.

use crate::download::Downloads;
use crate::elsewhere::Neighbours;
use crate::hashing;
use crate::index::{Found, Index, salvage};
use crate::places::Places;
use crate::record::{Copy, Origin, Prompt, Record, not_read};
use crate::shared_file::{SharedFile, Stamp};
use crate::starter::{self, MANIFEST};
use formats::{Checkpoint, Description};
use protocol::{AppError, KvType, ModelEntry, ModelId, PromptForm, WeightType, failure};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a new process is left alone before it hashes, so that one quick command is quick.
const GRACE: Duration = Duration::from_secs(1);
/// How often the file is looked at for what other processes did.
const POLL: Duration = Duration::from_secs(2);
/// The shortest beginning of an id that names a model.
const SHORTEST_PREFIX: usize = 6;

/// The model library. A cheap clone; the background work ends with the last one.
#[derive(Clone)]
pub struct Hub {
    pub(crate) shared: Arc<Shared>,
    pub(crate) downloads: Arc<Downloads>,
    _life: Arc<Life>,
}

/// What the clones and the background work of one library have in common.
pub(crate) struct Shared {
    pub(crate) file: SharedFile,
    state: Mutex<State>,
    /// Wakes the background thread.
    wake: Condvar,
    changes: watch::Sender<u64>,
    pub(crate) weights: PathBuf,
    kv: PathBuf,
    neighbours: Neighbours,
    machine: PathBuf,
}

/// The index as this process knows it.
pub(crate) struct State {
    pub(crate) index: Index,
    /// What conversations are kept in, where memory is reckoned.
    pub(crate) kv: KvType,
    /// The writing of the file that `index` is.
    stamp: Option<Stamp>,
    damage: Option<AppError>,
    closing: bool,
}

/// Ends the background thread when the last [`Hub`] is dropped.
struct Life(Arc<Shared>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.state().closing = true;
        self.0.wake.notify_all();
    }
}

impl Hub {
    /// Opens the library, with the starter model where it is found. A damaged index is set
    /// aside and rebuilt ([`Hub::damage`] says so). Where nothing may be written the library can
    /// still be read. Errors: `library-damaged` where the index cannot be read at all or is a
    /// newer Parley's.
    pub fn open(places: &Places) -> Result<Hub, AppError> {
        let shared = Arc::new(Shared {
            file: SharedFile::new(places.library_index()),
            state: Mutex::new(State {
                index: Index::default(),
                kv: KvType::default(),
                stamp: None,
                damage: None,
                closing: false,
            }),
            wake: Condvar::new(),
            changes: watch::Sender::new(0),
            weights: places.weights(),
            kv: places.kv(),
            neighbours: places.neighbours().clone(),
            machine: places.machine(),
        });
        shared.refresh()?;
        if let Some(record) = shared.starter_to_add(places.starters()) {
            let stored = places
                .create_data()
                .and_then(|()| shared.change(|index| index.add(record.clone())));
            if stored.is_err() {
                shared.state().index.add(record);
            }
        }
        let background = shared.clone();
        // Without the thread (the system has none to give) ids stay provisional: still usable.
        let _ = std::thread::Builder::new()
            .name("hub".into())
            .spawn(move || background.work());
        Ok(Hub {
            _life: Arc::new(Life(shared.clone())),
            downloads: Arc::new(Downloads::new(places.data(), places.hub_cache().to_owned())),
            shared,
        })
    }

    /// All models, the starter first, then in the order they came; `Ready` or `Unusable`.
    pub fn models(&self) -> Vec<ModelEntry> {
        self.shared.follow();
        let state = self.shared.state();
        let records = &state.index.models;
        let mut shown: Vec<&Record> = (0..records.len())
            .filter(|at| !superseded(records, *at))
            .map(|at| &records[at])
            .collect();
        shown.sort_by_key(|record| record.source != Origin::Bundled);
        let kv = state.kv;
        shown.into_iter().map(|record| record.entry(kv)).collect()
    }

    /// What a model that is loaded from now on keeps keys and values in, and its memory is
    /// reckoned by.
    pub fn kv_type(&self) -> KvType {
        self.shared.state().kv
    }

    /// Sets [`Hub::kv_type`].
    pub fn choose_kv_type(&self, kv: KvType) {
        let before = std::mem::replace(&mut self.shared.state().kv, kv);
        if before != kv {
            self.shared.tell();
        }
    }

    /// Adds the model at `path`, a file or a folder, where it lies. One that is in the library
    /// already, as it is now, is only returned. Errors: those of [`formats::describe`], `disk-full`,
    /// `file-not-written`.
    pub fn import(&self, path: &Path) -> Result<ModelEntry, AppError> {
        let path = settled(path).map_err(|e| not_read(path, &e))?;
        self.shared.follow();
        let kv = self.kv_type();
        if let Some(record) = self.shared.state().index.by_path(&path.to_string_lossy()) {
            return Ok(record.entry(kv));
        }
        let mut record = Record::describe(&path)?;
        if let Some(name) = self.neighbours().name(&path) {
            record.name = name;
        }
        // By another of its files it may be there already.
        if let Some(known) = self.shared.state().index.by_path(&record.files[0].path) {
            return Ok(known.entry(kv));
        }
        self.shared.file.create_folder()?;
        let id = self.shared.change(|index| index.add(record))?;
        let entry = self.resolve(&ModelId(id))?;
        tracing::info!(
            model = entry.name,
            architecture = entry.architecture,
            quantisation = entry.quantisation,
            bytes = entry.bytes,
            memory = entry.memory,
            "model added"
        );
        Ok(entry)
    }

    /// Adds the model that was fetched to `path`. `checked` are the files of it whose content is
    /// known, by its sha256 or git's sha1, so that they need not be hashed again.
    /// Errors: as [`Hub::import`].
    pub(crate) fn import_fetched(
        &self,
        path: &Path,
        origin: Origin,
        checked: &[(PathBuf, String)],
    ) -> Result<ModelEntry, AppError> {
        let path = settled(path).map_err(|e| not_read(path, &e))?;
        let mut record = Record::describe(&path)?;
        record.source = origin.clone();
        record.files[0].fetched = true;
        if let Some(sha256) = hashing::of_checked(&record.files[0], checked) {
            record.files[0].sha256 = Some(sha256.clone());
            let provisional = std::mem::replace(&mut record.id, format!("sha256:{sha256}"));
            record.earlier.push(provisional);
        }
        self.shared.file.create_folder()?;
        let id = self.shared.change(|index| {
            let id = index.add(record);
            let mut models = index.models.iter_mut();
            if let Some(known) = models.find(|known| known.id == id)
                && known.source == Origin::File
            {
                known.source = origin;
            }
            id
        })?;
        self.resolve(&ModelId(id))
    }

    /// The model that has or had this id, or took its place; its state may be `Unusable`.
    /// Errors: `model-unknown`.
    pub fn resolve(&self, id: &ModelId) -> Result<ModelEntry, AppError> {
        self.record(id).map(|record| record.entry(self.kv_type()))
    }

    /// The id that a model has now; an unknown one is returned as it is. Reads no file.
    pub fn current_id(&self, id: &ModelId) -> ModelId {
        let state = self.shared.state();
        let record = state.index.by_id(&id.0);
        record.map_or_else(|| id.clone(), |record| ModelId(record.id.clone()))
    }

    /// The id of the model that stands for this one now: its own, or that of the newer revision
    /// that took its place. An unknown one is returned as it is. Reads no file.
    pub fn successor(&self, id: &ModelId) -> ModelId {
        let state = self.shared.state();
        let record = state.index.standing_for(&id.0);
        record.map_or_else(|| id.clone(), |record| ModelId(record.id.clone()))
    }

    /// The file or folder to load. Errors: `model-unknown`, `model-gone`, `model-changed`.
    pub fn path(&self, id: &ModelId) -> Result<PathBuf, AppError> {
        let record = self.record(id)?;
        record.usable().map(|copy| PathBuf::from(&copy.path))
    }

    /// What a person chose in place of the model's own template.
    pub fn prompt(&self, id: &ModelId) -> Option<Prompt> {
        self.shared.follow();
        let state = self.shared.state();
        state.index.standing_for(&id.0)?.prompt.clone()
    }

    /// [`Hub::prompt`] with its template.
    pub fn prompt_form(&self, id: &ModelId) -> Option<PromptForm> {
        self.prompt(id)?.form()
    }

    /// Chooses a template in place of the model's own, or none. Errors: `model-unknown`,
    /// `disk-full`, `file-not-written`.
    pub fn set_prompt(&self, id: &ModelId, prompt: Option<Prompt>) -> Result<(), AppError> {
        let known = self.shared.change(|index| {
            let mut models = index.models.iter_mut();
            let record = models.find(|record| record.answers_to(&id.0));
            record.map(|record| record.prompt = prompt)
        })?;
        known.ok_or_else(|| failure::model_unknown(&id.0))
    }

    /// The model that a person means: an id or its beginning (six characters or more), a name,
    /// or the path of a file or folder, which is imported where it is not in the library.
    /// Errors: `model-unknown`, `model-ambiguous`, `file-not-found`, those of [`Hub::import`].
    pub fn find(&self, text: &str) -> Result<ModelEntry, AppError> {
        let models = self.models();
        let prefix = |id: &ModelId| {
            let (_, hex) = id.0.split_once(':').unwrap_or_default();
            text.len() >= SHORTEST_PREFIX && (id.0.starts_with(text) || hex.starts_with(text))
        };
        if let Ok(entry) = self.resolve(&ModelId(text.to_owned())) {
            return Ok(entry);
        }
        let lower = text.to_lowercase();
        let path = Path::new(text);
        let begins = |m: &&ModelEntry| m.name.to_lowercase().starts_with(&lower);
        let matches: [Vec<&ModelEntry>; 3] = [
            models.iter().filter(|m| prefix(&m.id)).collect(),
            models.iter().filter(|m| named(m, &lower)).collect(),
            models
                .iter()
                .filter(begins)
                // A model that lies there is meant rather than one whose name begins so.
                .filter(|_| !lower.is_empty() && !is_model(path))
                .collect(),
        ];
        for found in matches {
            match found[..] {
                [] => {}
                [one] => return Ok(one.clone()),
                [..] => {
                    let ids: Vec<&str> = found.iter().map(|model| beginning(&model.id)).collect();
                    return Err(failure::model_ambiguous(text, ids.join(", ")));
                }
            }
        }
        let is_path = path.components().count() > 1 || path.extension().is_some();
        if path.exists() || is_path {
            self.import(path)
        } else {
            Err(failure::model_unknown(text))
        }
    }

    /// The starter model, where it is or was installed.
    pub fn starter(&self) -> Option<ModelEntry> {
        self.shared.follow();
        let state = self.shared.state();
        let mut records = state.index.models.iter();
        records
            .find(|record| record.source == Origin::Bundled)
            .map(|record| record.entry(state.kv))
    }

    /// Bytes that a model needs when loaded with `context` tokens.
    /// Errors: as [`Hub::path`] and [`formats::describe`].
    pub fn memory(&self, id: &ModelId, context: u32) -> Result<u64, AppError> {
        Ok(formats::describe(&self.path(id)?)?.memory_bytes(context))
    }

    /// The folder of weights that were made smaller when they were loaded.
    pub fn weights(&self) -> &Path {
        &self.shared.weights
    }

    /// The folder of what models have read.
    pub fn kv(&self) -> &Path {
        &self.shared.kv
    }

    /// The file of what was measured of this machine.
    pub fn machine(&self) -> &Path {
        &self.shared.machine
    }

    /// A number that rises whenever the library changes, also by another process.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// `library-damaged`, with the path where the damaged index is kept, where this process
    /// found one and rebuilt it.
    pub fn damage(&self) -> Option<AppError> {
        self.shared.state().damage.clone()
    }

    /// Where other programs keep their models.
    pub fn neighbours(&self) -> &Neighbours {
        &self.shared.neighbours
    }

    pub(crate) fn record(&self, id: &ModelId) -> Result<Record, AppError> {
        self.shared.follow();
        let state = self.shared.state();
        let record = state.index.standing_for(&id.0).cloned();
        record.ok_or_else(|| failure::model_unknown(&id.0))
    }
}

/// Bytes that the model at `path`, a file or a folder, in the library or not, needs when loaded with `context` tokens
/// its weights made smaller to `quantise`, and keys and values kept in `kv`. None of a context: with what Parley would
/// give it; none of the other: with the weights as they are. Errors: those of [`formats::describe`].
pub fn memory_needed(
    path: &Path,
    context: Option<u32>,
    quantise: Option<WeightType>,
    kv: KvType,
) -> Result<u64, AppError> {
    let checkpoint = Checkpoint::open(path)?;
    let mut facts = Description {
        kv_type: kv,
        ..Description::of(&checkpoint)?
    };
    if let Some(kind) = quantise {
        facts.weight_bytes = checkpoint.quantised_bytes(kind);
    }
    Ok(facts.memory_bytes(context.unwrap_or_else(|| facts.given_context())))
}

/// The absolute path, by which the file is found from anywhere. A link keeps its own name and
/// folder: it may lie beside other parts, and its target, as in the hub's cache, beside nothing.
fn settled(path: &Path) -> std::io::Result<PathBuf> {
    let whole = std::fs::canonicalize(path)?;
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if path.is_symlink() && !whole.is_dir() => {
            Ok(std::fs::canonicalize(Path::new(".").join(folder))?.join(name))
        }
        _ => Ok(whole),
    }
}

/// Whether a model seems to lie at the path.
fn is_model(path: &Path) -> bool {
    path.is_file() || path.join("config.json").is_file()
}

/// As much of an id as tells it from others.
fn beginning(id: &ModelId) -> &str {
    let hex = id.0.find(':').map_or(0, |at| at + 1);
    id.0.get(..hex + 2 * SHORTEST_PREFIX).unwrap_or(&id.0)
}

/// Whether `lower` is what a person calls the model: its name, or its file's.
fn named(model: &ModelEntry, lower: &str) -> bool {
    let path = Path::new(&model.path);
    let file = [path.file_name(), path.file_stem()];
    let mut names = file.iter().flatten().map(|name| name.to_string_lossy());
    model.name.to_lowercase() == lower || names.any(|name| name.to_lowercase() == lower)
}

/// Whether a model that cannot be used has nothing but files that another one has now.
fn superseded(records: &[Record], at: usize) -> bool {
    let unusable = |record: &Record| record.usable().is_err();
    unusable(&records[at])
        && records[at].files.iter().all(|copy| {
            let mut others = records.iter().enumerate();
            others.any(|(other, record)| {
                other != at
                    && record.files.iter().any(|c| c.path == copy.path)
                    && (other > at || !unusable(record))
            })
        })
}

impl Shared {
    /// The folder of what models have read.
    pub(crate) fn kv_folder(&self) -> &Path {
        &self.kv
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.changes.send_modify(|number| *number += 1);
        self.wake.notify_all();
    }

    /// Reads the file where another process has written it; goes on with what is known where
    /// that fails.
    pub(crate) fn follow(&self) {
        if self.file.stamp() != self.state().stamp {
            let _ = self.refresh();
        }
    }

    /// Reads the file. A damaged one is set aside and rebuilt.
    fn refresh(&self) -> Result<(), AppError> {
        let stamp = self.file.stamp();
        match Found::read(&self.file)? {
            Found::Whole(index) => {
                let mut state = self.state();
                let changed = state.index != index;
                state.index = index;
                state.stamp = stamp;
                drop(state);
                if changed {
                    self.tell();
                }
                Ok(())
            }
            Found::Damaged(_) => self.change(|_| ()),
        }
    }

    /// Changes the index, as it is on disk now, under the lock.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Index) -> T) -> Result<T, AppError> {
        let lock = self.file.lock()?;
        let mut index = match Found::read(&self.file)? {
            Found::Whole(index) => index,
            Found::Damaged(bytes) => self.rebuild(&bytes)?,
        };
        let result = change(&mut index);
        self.file.write(&index)?;
        let stamp = self.file.stamp();
        let mut state = self.state();
        state.index = index;
        state.stamp = stamp;
        drop(state);
        drop(lock);
        self.tell();
        Ok(result)
    }

    /// The lock is held.
    fn rebuild(&self, bytes: &[u8]) -> Result<Index, AppError> {
        let aside = self.file.set_aside()?;
        tracing::warn!(aside = %aside.display(), "the library was damaged and is rebuilt");
        self.state().damage = Some(failure::library_damaged(&aside));
        let mut index = Index::default();
        for path in salvage(bytes) {
            // Files that are gone or no models any more are in the copy set aside.
            if let Ok(record) = Record::describe(&path)
                && index.by_path(&record.files[0].path).is_none()
            {
                index.add(record);
            }
        }
        Ok(index)
    }

    /// The starter, where it lies at one of the paths and is not in the index so.
    fn starter_to_add(&self, candidates: &[PathBuf]) -> Option<Record> {
        let path = starter::find(candidates)?;
        let id = format!("sha256:{}", MANIFEST.sha256);
        let text = path.to_str()?;
        if let Some(known) = self.state().index.by_path(text)
            && known.id == id
        {
            return None;
        }
        let described = Record::describe(&path).ok()?;
        Some(Record {
            id,
            source: Origin::Bundled,
            name: MANIFEST.name.clone(),
            ..described
        })
    }

    /// The background thread: hashes what is not hashed, and looks at what others wrote.
    fn work(&self) {
        let mut given_up = HashSet::new();
        let mut open = self.rest(GRACE);
        if open {
            // What a process left that was killed while it removed a model.
            let _ = self.clear_out(&|| !self.state().closing);
            self.forget_the_gone();
        }
        while open {
            self.follow();
            while open && self.look_at_vocabulary() {
                open = !self.state().closing;
            }
            let Some(copy) = self.to_hash(&given_up) else {
                open = self.rest(POLL);
                continue;
            };
            let hash = hashing::sha256(&copy, |pause| self.rest(pause));
            let key = (copy.path.clone(), copy.modified);
            let noted = hash.is_some_and(|sha256| {
                self.change(|index| index.hashed(&copy.path, copy.bytes, copy.modified, &sha256))
                    .is_ok()
            });
            if noted {
                tracing::info!(path = copy.path, bytes = copy.bytes, "model hashed");
            } else {
                given_up.insert(key);
            }
            open = !self.state().closing;
        }
    }

    /// A file that is as it was when added, and has no hash.
    fn to_hash(&self, given_up: &HashSet<(String, i64)>) -> Option<Copy> {
        let state = self.state();
        let mut copies = state.index.models.iter().flat_map(|record| &record.files);
        copies
            .find(|copy| {
                copy.sha256.is_none()
                    && !given_up.contains(&(copy.path.clone(), copy.modified))
                    && copy.is_as_it_was()
            })
            .cloned()
    }

    /// Waits; false when the hub is closing.
    fn rest(&self, time: Duration) -> bool {
        let state = self.state();
        let waited = self
            .wake
            .wait_timeout_while(state, time, |state| !state.closing);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.closing
    }
}
