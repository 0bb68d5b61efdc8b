//! The library's index: one file, written whole and atomically, under a lock that every Parley
//! takes. A damaged one is set aside and rebuilt from the paths that can still be read in it.

use crate::record::{Copy, Origin, Record};
use crate::shared_file::SharedFile;
use protocol::{AppError, failure};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The version of the file's form.
const VERSION: u32 = 1;
/// A longer index is not one of ours.
const LIMIT: u64 = 16 << 20;
/// Most paths that are taken from a damaged index.
const SALVAGE_LIMIT: usize = 1000;

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    version: u32,
    /// In the order they came.
    pub models: Vec<Record>,
    /// Copies that no model has any more, and that are to go from the disk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaving: Vec<Copy>,
}

impl Default for Index {
    fn default() -> Self {
        Index {
            version: VERSION,
            models: Vec::new(),
            leaving: Vec::new(),
        }
    }
}

impl Index {
    /// The model that has or had `id`.
    pub fn by_id(&self, id: &str) -> Option<&Record> {
        self.models.iter().find(|record| record.answers_to(id))
    }

    /// The model that has or had `id`, or else the one that took its place.
    pub fn standing_for(&self, id: &str) -> Option<&Record> {
        let replaces = |record: &&Record| record.replaced.iter().any(|replaced| replaced == id);
        self.by_id(id).or_else(|| self.models.iter().find(replaces))
    }

    /// Puts the model `new` in the place of `old`: in the list, in what a person chose of its
    /// prompt and of what proposes for it, and for who names the old one, whose files are to go. Nothing happens where one of
    /// them is not there, or both are the same.
    pub fn replace(&mut self, old: &str, new: &str) {
        let at = |id: &str| self.models.iter().position(|record| record.answers_to(id));
        let (Some(place), Some(from)) = (at(old), at(new)) else {
            return;
        };
        if place == from {
            return;
        }
        self.models.swap(place, from);
        let before = self.models.remove(from);
        let after = &mut self.models[place - usize::from(from < place)];
        after.prompt = after.prompt.take().or(before.prompt);
        after.draft = after.draft.take().or(before.draft);
        let ids = before.replaced.into_iter().chain(before.earlier);
        after.replaced.extend(ids.chain([before.id]));
        self.leaving.extend(before.files.iter().map(Copy::now));
    }

    /// The model that uses the file at `path` as it is now.
    pub fn by_path(&self, path: &str) -> Option<&Record> {
        self.models.iter().find(|record| {
            let mut copies = record.files.iter();
            copies.any(|copy| copy.path == path && copy.is_as_it_was())
        })
    }

    /// Adds a model, or its file to the model that has its id already. Returns that id.
    pub fn add(&mut self, record: Record) -> String {
        let known = self.models.iter_mut().find(|other| {
            let mut ids = record.earlier.iter().chain([&record.id]);
            ids.any(|id| other.answers_to(id))
        });
        let Some(known) = known else {
            let id = record.id.clone();
            self.models.push(record);
            return id;
        };
        known.prompt = known.prompt.take().or(record.prompt);
        known.draft = known.draft.take().or(record.draft);
        known.vocabulary = known.vocabulary.take().or(record.vocabulary);
        for mut copy in record.files {
            match known.files.iter_mut().find(|c| c.path == copy.path) {
                Some(old) => {
                    copy.fetched |= old.fetched;
                    *old = copy;
                }
                None => known.files.push(copy),
            }
        }
        known.replaced.extend(record.replaced);
        for id in record.earlier.into_iter().chain([record.id]) {
            if !known.answers_to(&id) {
                known.earlier.push(id);
            }
        }
        if record.source == Origin::Bundled {
            known.source = Origin::Bundled;
            known.name = record.name;
        }
        known.id.clone()
    }

    /// Notes the hash of the file at `path`, of `bytes` and `modified` as it was hashed.
    /// A provisional model gets its identity, and joins the model that has it already.
    pub fn hashed(&mut self, path: &str, bytes: u64, modified: i64, sha256: &str) {
        let Some(at) = self.models.iter_mut().position(|record| {
            record.files.iter_mut().any(|copy| {
                let same = (copy.path.as_str(), copy.bytes, copy.modified)
                    == (path, bytes, modified)
                    && copy.sha256.is_none();
                if same {
                    copy.sha256 = Some(sha256.to_owned());
                }
                same
            })
        }) else {
            return;
        };
        if !self.models[at].id.starts_with("header:") {
            return;
        }
        let mut record = self.models.remove(at);
        let provisional = std::mem::replace(&mut record.id, format!("sha256:{sha256}"));
        record.earlier.push(provisional);
        if self.by_id(&record.id).is_some() {
            self.add(record);
        } else {
            self.models.insert(at, record);
        }
    }
}

/// What reading found.
pub enum Found {
    /// The index; an absent file is an empty one.
    Whole(Index),
    /// Something else, and its bytes.
    Damaged(Vec<u8>),
}

impl Found {
    /// Errors: `library-damaged` where it cannot be read or was written by a newer Parley.
    pub fn read(file: &SharedFile) -> Result<Found, AppError> {
        let path = file.path();
        let unreadable = |e: std::io::Error| failure::library_damaged(path).detail(e);
        let Some(bytes) = file.read(LIMIT).map_err(unreadable)? else {
            return Ok(Found::Whole(Index::default()));
        };
        let version = serde_json::from_slice::<serde_json::Value>(&bytes)
            .ok()
            .and_then(|index| index.get("version")?.as_u64());
        if version.is_some_and(|version| version > VERSION.into()) {
            return Err(failure::library_damaged(path).detail("written by a newer Parley"));
        }
        Ok(match serde_json::from_slice(&bytes) {
            Ok(index) if bytes.len() as u64 <= LIMIT => Found::Whole(index),
            _ => Found::Damaged(bytes),
        })
    }
}

/// Every path that can still be read in a damaged index.
pub fn salvage(bytes: &[u8]) -> Vec<PathBuf> {
    let mark = b"\"path\"";
    let mut paths = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark)
        && paths.len() < SALVAGE_LIMIT
    {
        rest = &rest[at + mark.len()..];
        let value = rest.trim_ascii_start();
        let Some(value) = value.strip_prefix(b":") else {
            continue;
        };
        let mut strings = serde_json::Deserializer::from_slice(value).into_iter::<String>();
        if let Some(Ok(path)) = strings.next() {
            paths.push(PathBuf::from(path));
        }
    }
    paths
}
