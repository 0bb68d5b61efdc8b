//! Bringing one file to another folder: whole, flushed and read again before it has its name.

use super::super::place::Place;
use super::super::{GoOn, Told};
use crate::hashing;
use crate::record::not_read;
use crate::shared_file::not_written;
use protocol::{AppError, failure};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// The ending of files on their way.
const ON_ITS_WAY: &str = "moving";

/// A move on its way.
pub struct Bringing<'a> {
    /// Whether bytes are written anew also on the same disk.
    pub always_copy: bool,
    /// Bytes.
    pub done: u64,
    /// Bytes.
    pub total: u64,
    pub tell: Told<'a>,
    pub go_on: GoOn<'a>,
    /// Files and links of the target that were made for the model at hand.
    pub made: Vec<PathBuf>,
}

impl Bringing<'_> {
    /// Errors: `cancelled`.
    pub fn step(&self) -> Result<(), AppError> {
        match (self.go_on)() {
            true => Ok(()),
            false => Err(failure::cancelled()),
        }
    }

    /// Bytes that the file needs at the target beyond what is there.
    pub fn needed(&self, path: &Path, place: &Place, to: &Path) -> u64 {
        let Ok(file) = fs::metadata(path) else {
            return 0;
        };
        let target = fs::symlink_metadata(target(path, place, to));
        let is_there = target.is_ok_and(|target| target.is_file() && target.len() == file.len());
        match is_there || self.same_disk(&file, to) {
            true => 0,
            false => file.len(),
        }
    }

    /// Removes what a killed process left on its way to a repository.
    pub fn sweep(&self, place: &Place) {
        for folder in [place.blobs(), place.snapshot()] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry
                    .path()
                    .extension()
                    .is_some_and(|ending| ending == ON_ITS_WAY)
                {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }

    /// Brings a file of a snapshot: its blob where it has one, and the link to it.
    pub fn file(&mut self, path: &Path, place: &Place, to: &Path) -> Result<(), AppError> {
        let inside = path.strip_prefix(place.snapshot()).unwrap_or(Path::new(""));
        let new = place.within(to).file(inside);
        let Some(blob) = place.blob(path) else {
            return self.bytes(path, &new.path());
        };
        let new_blob = target(path, place, to);
        self.bytes(&blob, &new_blob)?;
        let link = new.path();
        if new.blob(&link).as_deref() == Some(&new_blob) {
            return Ok(());
        }
        make_folder_of(&link)?;
        let made = remove(&link).and_then(|()| make_link(&to_blob(&new, &new_blob), &link));
        if made.is_err() {
            // A disk without links: then the snapshot has the file itself.
            fs::rename(&new_blob, &link).map_err(|error| not_written(&link, &error))?;
        }
        self.made.push(link.clone());
        flush_folder_of(&link)?;
        self.step()
    }

    /// Brings the names of the snapshot that the target does not have.
    pub fn refs(&mut self, place: &Place, to: &Path) -> Result<(), AppError> {
        let (old, new) = (place.folder(), place.within(to).folder());
        for path in place.refs() {
            let Ok(name) = path.strip_prefix(&old) else {
                continue;
            };
            let name = new.join(name);
            if !name.exists() {
                make_folder_of(&name)?;
                // Exactly what huggingface_hub writes.
                let written = fs::write(&name, &place.revision);
                written.map_err(|error| not_written(&name, &error))?;
                self.made.push(name);
            }
        }
        Ok(())
    }

    /// Brings bytes from one path to another, where they are not there already.
    fn bytes(&mut self, from: &Path, to: &Path) -> Result<(), AppError> {
        self.step()?;
        make_folder_of(to)?;
        let began = self.done;
        let bytes = fs::metadata(from).map_err(|error| not_read(from, &error))?;
        if !self.is_there(from, to, &bytes)? {
            let mut name = to.as_os_str().to_owned();
            name.push(format!(".{}.{ON_ITS_WAY}", std::process::id()));
            let part = PathBuf::from(name);
            let brought = self.by_name(from, &part, &bytes);
            let brought = brought.and_then(|named| match named {
                true => Ok(()),
                false => self.by_copy(from, &part, &bytes),
            });
            let whole = brought.and_then(|()| {
                self.step()?;
                fs::rename(&part, to).map_err(|error| not_written(to, &error))
            });
            if whole.is_err() {
                let _ = fs::remove_file(&part);
            }
            whole?;
            self.made.push(to.to_owned());
            flush_folder_of(to)?;
        }
        self.done = began + bytes.len();
        (self.tell)(self.done, self.total);
        self.step()
    }

    /// Another name on the same disk: nothing is written, and nothing needs room.
    fn by_name(&self, from: &Path, part: &Path, bytes: &fs::Metadata) -> Result<bool, AppError> {
        if !self.same_disk(bytes, part.parent().unwrap_or(part)) {
            return Ok(false);
        }
        // The file itself: a second name of a link is a link.
        let whole = fs::canonicalize(from).map_err(|error| not_read(from, &error))?;
        Ok(remove(part)
            .and_then(|()| fs::hard_link(whole, part))
            .is_ok())
    }

    fn by_copy(&mut self, from: &Path, part: &Path, bytes: &fs::Metadata) -> Result<(), AppError> {
        let began = self.done;
        let failed = |error: io::Error| not_written(part, &error);
        let source = File::open(from).map_err(|error| not_read(from, &error))?;
        let mut target = File::create(part).map_err(failed)?;
        let mut written = Ok(());
        let hash = hashing::of_bytes(source, |chunk| {
            written = target.write_all(chunk);
            self.done += chunk.len() as u64;
            (self.tell)(self.done, self.total);
            Ok(written.is_ok() && (self.go_on)())
        });
        written.map_err(failed)?;
        let hash = hash.map_err(|error| not_read(from, &error))?;
        let hash = hash.ok_or_else(failure::cancelled)?;
        // What has been read of a model is told by its date.
        let flushed = bytes.modified().and_then(|date| target.set_modified(date));
        flushed.and_then(|()| target.sync_all()).map_err(failed)?;
        if self.hash(part)? != hash {
            return Err(failure::file_damaged(name(from), part));
        }
        self.done = began;
        Ok(())
    }

    /// Whether the same bytes are at the target already.
    fn is_there(&self, from: &Path, to: &Path, bytes: &fs::Metadata) -> Result<bool, AppError> {
        let target = fs::symlink_metadata(to);
        if !target.is_ok_and(|target| target.is_file() && target.len() == bytes.len()) {
            return Ok(false);
        }
        Ok(self.hash(to)? == self.hash(from)?)
    }

    fn hash(&self, path: &Path) -> Result<Vec<u8>, AppError> {
        let failed = |error| not_read(path, &error);
        let file = File::open(path).map_err(failed)?;
        let hash = hashing::of_bytes(file, |_| Ok((self.go_on)())).map_err(failed)?;
        hash.ok_or_else(failure::cancelled)
    }

    /// Whether a file may have another name in the folder.
    #[cfg(unix)]
    fn same_disk(&self, file: &fs::Metadata, folder: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let folder = fs::metadata(folder);
        !self.always_copy && folder.is_ok_and(|folder| folder.dev() == file.dev())
    }

    #[cfg(not(unix))]
    fn same_disk(&self, _: &fs::Metadata, _: &Path) -> bool {
        false
    }
}

/// Where the bytes of a snapshot's file go.
fn target(path: &Path, place: &Place, to: &Path) -> PathBuf {
    let new = place.within(to);
    match place.blob(path) {
        Some(blob) => new.blobs().join(blob.file_name().unwrap_or_default()),
        None => {
            let inside = path.strip_prefix(place.snapshot()).unwrap_or(Path::new(""));
            new.file(inside).path()
        }
    }
}

/// What a link in a snapshot says of its blob: `../../blobs/<name>`, from deeper inside more.
fn to_blob(place: &Place, blob: &Path) -> PathBuf {
    let folders = place.inside.parent().unwrap_or(Path::new(""));
    let ups = folders.components().map(|_| Component::ParentDir);
    let mut link: PathBuf = ups
        .chain([Component::ParentDir, Component::ParentDir])
        .collect();
    link.push("blobs");
    link.join(blob.file_name().unwrap_or_default())
}

#[cfg(unix)]
fn make_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn make_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn make_folder_of(path: &Path) -> Result<(), AppError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| not_written(folder, &error))
}

/// A new name is safe only when its folder is.
fn flush_folder_of(path: &Path) -> Result<(), AppError> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    let flushed = File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(|error| not_written(folder, &error))
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
