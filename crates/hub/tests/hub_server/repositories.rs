//! The repositories that the hub has.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files from this length on are large ones, kept in the storage.
const LARGE: u64 = 100_000;

/// A repository at one commit.
#[derive(Clone)]
pub struct Repository {
    /// `owner/name`.
    pub name: String,
    /// What `main` is.
    pub commit: String,
    /// Whether it asks for a token.
    pub gated: bool,
    /// Whether its listing has nothing but folders, and each page leads to itself.
    pub circular: bool,
    pub files: BTreeMap<String, HubFile>,
}

/// A file with its hash.
#[derive(Clone)]
pub struct HubFile {
    pub content: Content,
    pub bytes: u64,
    /// sha256 of a large one, git's sha1 of a small one.
    pub etag: String,
    /// Whether it is in the storage.
    pub large: bool,
}

/// Where bytes come from.
#[derive(Clone)]
pub enum Content {
    Bytes(Arc<Vec<u8>>),
    File(PathBuf),
}

impl Content {
    /// The bytes from there on.
    pub fn from(&self, at: u64) -> std::io::Result<Box<dyn Read>> {
        Ok(match self {
            Content::Bytes(bytes) => {
                let mut cursor = std::io::Cursor::new(Shared(bytes.clone()));
                cursor.set_position(at);
                Box::new(cursor)
            }
            Content::File(path) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(at))?;
                Box::new(file)
            }
        })
    }
}

struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Repository {
    /// A repository without files; the name's hash is its commit.
    pub fn new(name: &str) -> Repository {
        Repository {
            commit: hex(&Sha1::digest(name)),
            name: name.to_owned(),
            gated: false,
            circular: false,
            files: BTreeMap::new(),
        }
    }

    /// With one file more, and another commit.
    pub fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Repository {
        let bytes = bytes.into();
        let large = bytes.len() as u64 >= LARGE;
        let etag = match large {
            true => hex(&Sha256::digest(&bytes)),
            false => {
                let mut hash = Sha1::new();
                hash.update(format!("blob {}\0", bytes.len()));
                hash.update(&bytes);
                hex(&hash.finalize())
            }
        };
        self.commit = hex(&Sha1::digest(format!("{} {path} {etag}", self.commit)));
        let file = HubFile {
            bytes: bytes.len() as u64,
            content: Content::Bytes(Arc::new(bytes)),
            etag,
            large,
        };
        self.files.insert(path.to_owned(), file);
        self
    }

    /// With a large file of the disk.
    pub fn with_file(mut self, path: &str, file: &Path) -> std::io::Result<Repository> {
        let mut hash = Sha256::new();
        let mut reading = File::open(file)?;
        let mut chunk = vec![0; 1 << 20];
        let bytes = reading.metadata()?.len();
        loop {
            match reading.read(&mut chunk)? {
                0 => break,
                read => hash.update(&chunk[..read]),
            }
        }
        let etag = hex(&hash.finalize());
        self.commit = hex(&Sha1::digest(format!("{} {path} {etag}", self.commit)));
        let file = HubFile {
            bytes,
            content: Content::File(file.to_owned()),
            etag,
            large: true,
        };
        self.files.insert(path.to_owned(), file);
        Ok(self)
    }

    /// The files of a folder.
    pub fn of_folder(name: &str, folder: &Path) -> std::io::Result<Repository> {
        let mut repository = Repository::new(name);
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(folder).unwrap_or(&path);
                let name = name.to_string_lossy().replace('\\', "/");
                repository = match std::fs::metadata(&path)?.len() {
                    0..LARGE => repository.with(&name, std::fs::read(&path)?),
                    _ => repository.with_file(&name, &path)?,
                };
            }
        }
        Ok(repository)
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
