//! One model as the index keeps it. These structs outlive a release: they are not `protocol`'s.

use formats::Description;
use protocol::{AppError, ModelEntry, ModelId, ModelState, Source, failure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Most bytes of a header that go into a provisional id.
const HEADER_LIMIT: u64 = 64 << 20;

/// A model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// `sha256:...`, or `header:...` until the file is hashed.
    pub id: String,
    /// Ids it had before; they go on resolving.
    #[serde(default)]
    pub earlier: Vec<String>,
    pub source: Origin,
    /// Files with these weights: the first that is there is used.
    pub files: Vec<Copy>,
    pub name: String,
    pub architecture: String,
    pub parameters: u64,
    pub quantisation: String,
    pub context: u32,
    pub memory: u64,
}

/// Where a model came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    Bundled,
    File,
    Hub {
        repo: String,
        revision: String,
        file: String,
    },
}

/// A file as it was when it was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// Absolute.
    pub path: String,
    pub bytes: u64,
    /// Nanoseconds since 1970.
    pub modified: i64,
    /// Hex, once it is hashed.
    #[serde(default)]
    pub sha256: Option<String>,
}

impl Record {
    /// Describes the file at `path`, absolute, under its provisional id.
    /// Errors: those of [`formats::describe`]; `file-not-readable`.
    pub fn describe(path: &Path) -> Result<Record, AppError> {
        let facts = formats::describe(path)?;
        let copy = Copy::of(path)?;
        Ok(Record {
            id: header_id(path, &facts, &copy)?,
            earlier: Vec::new(),
            source: Origin::File,
            files: vec![copy],
            memory: facts.memory_bytes(facts.given_context()),
            name: facts.name,
            architecture: facts.architecture,
            parameters: facts.parameters,
            quantisation: facts.quantisation,
            context: facts.context,
        })
    }

    /// Whether `id` is or was this model's.
    pub fn answers_to(&self, id: &str) -> bool {
        self.id == id || self.earlier.iter().any(|earlier| earlier == id)
    }

    /// The file to use, or why there is none: what became of the one that came last.
    pub fn usable(&self) -> Result<&Copy, AppError> {
        let mut why = failure::model_unknown(&self.id);
        for copy in &self.files {
            match copy.check(self) {
                Ok(()) => return Ok(copy),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    /// What a person sees of it.
    pub fn entry(&self) -> ModelEntry {
        let usable = self.usable();
        let shown = usable.as_ref().ok().copied().or(self.files.last());
        let path = shown.map_or_else(String::new, |copy| copy.path.clone());
        ModelEntry {
            id: ModelId(self.id.clone()),
            name: self.name.clone(),
            source: match &self.source {
                Origin::Bundled => Source::Bundled,
                Origin::File => Source::File { path: path.clone() },
                Origin::Hub {
                    repo,
                    revision,
                    file,
                } => Source::Hub {
                    repo: repo.clone(),
                    revision: revision.clone(),
                    file: file.clone(),
                },
            },
            bytes: shown.map_or(0, |copy| copy.bytes),
            path,
            architecture: self.architecture.clone(),
            parameters: self.parameters,
            quantisation: self.quantisation.clone(),
            context: self.context,
            memory: self.memory,
            state: match usable {
                Ok(_) => ModelState::Ready,
                Err(error) => ModelState::Unusable { error },
            },
        }
    }
}

impl Copy {
    /// The file at `path` as it is now. Errors: `file-not-found`, `file-not-readable`.
    pub fn of(path: &Path) -> Result<Copy, AppError> {
        let text = path
            .to_str()
            .ok_or_else(|| failure::file_not_readable(path).detail("the path is not UTF-8"))?;
        let metadata = std::fs::metadata(path).map_err(|e| not_read(path, &e))?;
        Ok(Copy {
            path: text.to_owned(),
            bytes: metadata.len(),
            modified: modified(&metadata),
            sha256: None,
        })
    }

    /// Whether the file still has the length and the date it had.
    pub fn is_as_it_was(&self) -> bool {
        std::fs::metadata(&self.path)
            .is_ok_and(|now| now.len() == self.bytes && modified(&now) == self.modified)
    }

    /// Errors: `model-gone`, `model-changed`.
    fn check(&self, record: &Record) -> Result<(), AppError> {
        let Ok(now) = std::fs::metadata(&self.path) else {
            return Err(failure::model_gone(&record.name, &self.path));
        };
        let other = |sha256: &String| {
            let pinned = record.id.strip_prefix("sha256:");
            pinned.is_some_and(|pinned| pinned != sha256)
        };
        if now.len() != self.bytes
            || modified(&now) != self.modified
            || self.sha256.as_ref().is_some_and(other)
        {
            return Err(failure::model_changed(&record.name, &self.path));
        }
        Ok(())
    }
}

/// When a file was last written, in nanoseconds since 1970; 0 where the system does not say.
fn modified(metadata: &Metadata) -> i64 {
    let Ok(at) = metadata.modified() else {
        return 0;
    };
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |n| -n),
    }
}

/// `header:<sha256 of the header's bytes, the length and the date>`.
fn header_id(path: &Path, facts: &Description, copy: &Copy) -> Result<String, AppError> {
    let file = File::open(path).map_err(|e| not_read(path, &e))?;
    let mut header = file.take(facts.header_bytes.min(HEADER_LIMIT));
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        match header.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => hash.update(&chunk[..read]),
            Err(e) => return Err(not_read(path, &e)),
        }
    }
    hash.update(copy.bytes.to_le_bytes());
    hash.update(copy.modified.to_le_bytes());
    Ok(format!("header:{}", hex(&hash.finalize())))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Why a file could not be read.
pub fn not_read(path: &Path, error: &std::io::Error) -> AppError {
    match error.kind() {
        std::io::ErrorKind::NotFound => failure::file_not_found(path),
        _ => failure::file_not_readable(path).detail(error),
    }
}
