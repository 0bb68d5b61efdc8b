//! Blocks on the disk, a file for each ([`kv_file`]), for the person alone. What is there may be
//! removed at any moment, and whatever is wrong with a file, it is as if not there.

use super::keys::{Identity, Key, hex};
use super::memory::Unsaved;
use super::{Block, file};
use kernels::KvShape;
use protocol::{KvPlace, kv_file, kv_folder};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How much later a block of a conversation is said to be used than the one behind it.
const APART: Duration = Duration::from_millis(100);

/// The blocks of one model.
pub(super) struct Disk {
    folder: PathBuf,
    /// The name of its folder in each conversation's.
    name: String,
    identity: Identity,
    most: u64,
}

impl Disk {
    pub fn new(place: &KvPlace, identity: &Identity) -> Disk {
        Disk {
            folder: place.folder.clone().into(),
            name: format!("{}-{}", place.model, identity.name()),
            identity: *identity,
            most: place.most,
        }
    }

    /// Bytes that all files may take.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// A conversation's block. A file that is not it is removed.
    pub fn read(&self, conversation: &str, key: &Key, shapes: &[KvShape]) -> Option<Block> {
        let path = self.path(conversation, key)?;
        // Looked at first: to open a pipe would wait for somebody who writes.
        let there = fs::symlink_metadata(&path).ok()?;
        let whole = there.is_file() && there.len() == file::length(shapes);
        let block = whole
            .then(|| File::open(&path).ok())
            .flatten()
            .and_then(|from| file::read(from, &self.identity, key, shapes));
        if block.is_none() {
            remove(&path, &there);
        }
        block
    }

    /// Sees to it that a block's file is there and known to be used now. Gives the bytes that were
    /// written, 0 where it was there.
    pub fn write(&self, unsaved: &Unsaved) -> io::Result<u64> {
        let Some(path) = self.path(&unsaved.conversation, &unsaved.key) else {
            return Ok(0);
        };
        // The quota takes the files that were used longest ago: the end before the beginning,
        // without which it is of no use.
        let later = APART.saturating_mul(u32::try_from(unsaved.index).unwrap_or(u32::MAX));
        let used = SystemTime::now().checked_sub(later);
        let used = used.unwrap_or_else(SystemTime::now);
        let shapes: Vec<KvShape> = unsaved.block.iter().map(|page| page.shape()).collect();
        let there = fs::symlink_metadata(&path).ok();
        // Whatever lies there that was not read or written is made anew: it may be damaged.
        if unsaved.there
            && let Some(there) = &there
            && there.is_file()
            && there.len() == file::length(&shapes)
        {
            let file = OpenOptions::new().write(true).open(&path);
            if file.is_ok_and(|file| file.set_modified(used).is_ok()) {
                return Ok(0);
            }
        }
        // A file takes the place of another, but not of a folder.
        if let Some(there) = there.filter(fs::Metadata::is_dir) {
            remove(&path, &there);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        let name = format!("{}.{}.part", hex(&unsaved.key), std::process::id());
        let part = folder.join(name);
        let write = || {
            create_private(folder)?;
            let (bytes, file) = self.write_new(&part, unsaved)?;
            file.set_modified(used)?;
            fs::rename(&part, &path)?;
            Ok(bytes)
        };
        let written = write().or_else(|error: io::Error| match error.kind() {
            // Somebody removed the folder meanwhile, which is empty then.
            io::ErrorKind::NotFound => write(),
            _ => Err(error),
        });
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }

    fn write_new(&self, path: &Path, unsaved: &Unsaved) -> io::Result<(u64, File)> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let bytes = file::write(&mut file, &self.identity, &unsaved.key, &unsaved.block)?;
        Ok((bytes, file))
    }

    /// Removes what is there of a conversation; None: of all.
    pub fn forget(&self, conversation: Option<&str>) {
        let gone = match conversation {
            Some(conversation) => kv_folder(&self.folder, conversation),
            None => Some(self.folder.clone()),
        };
        if let Some(gone) = gone {
            let _ = fs::remove_dir_all(gone);
        }
    }

    /// None for a conversation that cannot have files.
    fn path(&self, conversation: &str, key: &Key) -> Option<PathBuf> {
        kv_file(&self.folder, conversation, &self.name, &hex(key))
    }
}

/// Removes what is no block; where that fails, it is a miss all the same.
fn remove(path: &Path, there: &fs::Metadata) {
    let _ = match there.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
}

/// A folder, with those above it, for the person alone.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
