//! One model as the index keeps it. These structs outlive a release: they are not `protocol`'s.

use crate::drafting::{self, Draft};
use formats::forms::Form;
use formats::{Checkpoint, Description};
use protocol::{AppError, KvType, ModelEntry, ModelId, ModelState, PromptForm, Source, failure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::Read;
use std::iter::repeat;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Most bytes of all headers that go into a provisional id.
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
    /// Where these weights lie: the first place that has them is used.
    pub files: Vec<Copy>,
    pub name: String,
    pub architecture: String,
    pub parameters: u64,
    pub quantisation: String,
    pub context: u32,
    pub memory: u64,
    /// The same with keys and values in 8 bits; None of what an older Parley added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compact_memory: Option<u64>,
    /// What a person chose in place of its own template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// Which model proposes tokens for it, as a person chose; None: by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// The digest of its vocabulary, empty where there is none; None: nobody has looked yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<String>,
    /// A newer revision of it that the hub told of when it was last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<Newer>,
    /// Ids of earlier revisions whose place it took: who names one of them means this model,
    /// unless that one is in the library again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
}

/// A newer revision of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newer {
    /// The commit.
    pub revision: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Bytes of those that are not here.
    pub fetch_bytes: u64,
}

/// A choice of how a model's conversations are written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Prompt {
    /// A form of the table, by its name.
    Form {
        /// Such as `chatml`.
        name: String,
    },
    /// A template of one's own.
    Template {
        /// Jinja.
        source: String,
    },
}

impl Prompt {
    /// The template and what ends its answers. None of a form that this version does not know.
    pub fn form(&self) -> Option<PromptForm> {
        match self {
            Prompt::Form { name } => Form::named(name).map(|form| PromptForm {
                source: form.template.to_owned(),
                stops: form.stops.iter().map(|stop| (*stop).to_owned()).collect(),
            }),
            Prompt::Template { source } => Some(PromptForm {
                source: source.clone(),
                stops: Vec::new(),
            }),
        }
    }
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

/// A file as it was when it was added; or the files of a model that has several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// Absolute; of several files that of the first part, or of their folder.
    pub path: String,
    /// Of all files together.
    pub bytes: u64,
    /// Nanoseconds since 1970; of several files that of the newest.
    pub modified: i64,
    /// Hex, once it is hashed.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Each file, where there are several, in the order in which they are hashed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Whether it was read again and is not what it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
    /// Whether Parley fetched it. Of a model that comes with Parley its source does not say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fetched: bool,
}

/// One of several files as it was when its model was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Absolute.
    pub path: String,
    pub bytes: u64,
    /// Nanoseconds since 1970.
    pub modified: i64,
}

impl Record {
    /// Describes the model at `path`, absolute, under its provisional id.
    /// Errors: those of [`formats::describe`]; `file-not-readable`.
    pub fn describe(path: &Path) -> Result<Record, AppError> {
        let model = Checkpoint::open(path)?;
        let facts = Description::of(&model)?;
        let compact = Description {
            kv_type: KvType::Q8_0,
            ..facts.clone()
        };
        let copy = Copy::of(&model)?;
        Ok(Record {
            id: header_id(&model, &copy)?,
            earlier: Vec::new(),
            source: Origin::File,
            files: vec![copy],
            memory: facts.memory_bytes(facts.given_context()),
            compact_memory: Some(compact.memory_bytes(facts.given_context())),
            name: facts.name,
            architecture: facts.architecture,
            parameters: facts.parameters,
            quantisation: facts.quantisation,
            context: facts.context,
            prompt: None,
            draft: None,
            vocabulary: Some(drafting::of(&model)),
            newer: None,
            replaced: Vec::new(),
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

    /// What a person sees of it, whose conversations are kept in `kv`.
    pub fn entry(&self, kv: KvType) -> ModelEntry {
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
            memory: match kv {
                KvType::F16 => self.memory,
                KvType::Q8_0 => self.compact_memory.unwrap_or(self.memory),
            },
            state: match usable {
                Ok(_) => ModelState::Ready,
                Err(error) => ModelState::Unusable { error },
            },
        }
    }
}

impl Copy {
    /// The files of a model as they are now. Errors: `file-not-found`, `file-not-readable`.
    pub fn of(model: &Checkpoint) -> Result<Copy, AppError> {
        let parts = model.paths().into_iter().map(|path| Part::of(&path));
        let mut parts = parts.collect::<Result<Vec<Part>, AppError>>()?;
        let bytes = parts.iter().map(|part| part.bytes).sum();
        let newest = parts.iter().map(|part| part.modified).max();
        if parts.len() == 1 {
            parts.clear();
        }
        Ok(Copy {
            path: text(&model.path)?,
            bytes,
            modified: newest.unwrap_or(0),
            sha256: None,
            parts,
            damaged: false,
            fetched: false,
        })
    }

    /// The same with the lengths and dates that its files have now.
    pub fn now(&self) -> Copy {
        let mut now = self.clone();
        let parts = self
            .files()
            .into_iter()
            .map(|part| Part::of(Path::new(&part.path)).unwrap_or(part));
        let parts: Vec<Part> = parts.collect();
        now.bytes = parts.iter().map(|part| part.bytes).sum();
        now.modified = parts.iter().map(|part| part.modified).max().unwrap_or(0);
        if !now.parts.is_empty() {
            now.parts = parts;
        }
        now
    }

    /// Each of its files.
    pub fn files(&self) -> Vec<Part> {
        if !self.parts.is_empty() {
            return self.parts.clone();
        }
        vec![Part {
            path: self.path.clone(),
            bytes: self.bytes,
            modified: self.modified,
        }]
    }

    /// Whether all files still have the length and the date they had.
    pub fn is_as_it_was(&self) -> bool {
        self.files().iter().all(Part::is_as_it_was)
    }

    /// Errors: `model-gone`, `model-changed`, `file-damaged`.
    fn check(&self, record: &Record) -> Result<(), AppError> {
        for part in self.files() {
            if std::fs::metadata(&part.path).is_err() {
                return Err(failure::model_gone(&record.name, &part.path));
            }
            if !part.is_as_it_was() {
                return Err(failure::model_changed(&record.name, &part.path));
            }
        }
        if self.damaged {
            return Err(failure::file_damaged(&record.name, &self.path));
        }
        let pinned = record.id.strip_prefix("sha256:");
        let other = |sha256: &String| pinned.is_some_and(|pinned| pinned != sha256);
        if self.sha256.as_ref().is_some_and(other) {
            return Err(failure::model_changed(&record.name, &self.path));
        }
        Ok(())
    }
}

impl Part {
    fn of(path: &Path) -> Result<Part, AppError> {
        let metadata = std::fs::metadata(path).map_err(|e| not_read(path, &e))?;
        Ok(Part {
            path: text(path)?,
            bytes: metadata.len(),
            modified: modified(&metadata),
        })
    }

    /// Whether the file still has the length and the date it had.
    pub fn is_as_it_was(&self) -> bool {
        std::fs::metadata(&self.path)
            .is_ok_and(|now| now.len() == self.bytes && modified(&now) == self.modified)
    }
}

fn text(path: &Path) -> Result<String, AppError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| failure::file_not_readable(path).detail("the path is not UTF-8"))
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

/// `header:<sha256 of each file's header, length and date>`; of what lies beside the weights
/// there is no header.
fn header_id(model: &Checkpoint, copy: &Copy) -> Result<String, AppError> {
    let mut hash = Sha256::new();
    let mut left = HEADER_LIMIT;
    let headers = model.files.iter().map(|file| file.header_bytes);
    for (part, bytes) in copy.files().iter().zip(headers.chain(repeat(0))) {
        let path = Path::new(&part.path);
        let file = File::open(path).map_err(|e| not_read(path, &e))?;
        let mut header = file.take(bytes.min(left));
        left -= bytes.min(left);
        let mut chunk = vec![0; 1 << 16];
        loop {
            match header.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => hash.update(&chunk[..read]),
                Err(e) => return Err(not_read(path, &e)),
            }
        }
        hash.update(part.bytes.to_le_bytes());
        hash.update(part.modified.to_le_bytes());
    }
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
