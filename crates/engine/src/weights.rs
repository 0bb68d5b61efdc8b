//! The files of a model, mapped into memory: no copy of the weights is made, the system reads
//! pages as they are needed and shares them between processes.
//!
//! The one file of the engine with `unsafe` code (invariant 10 of ARCHITECTURE.md).
#![allow(unsafe_code)] // mapping a file

use crate::Cancel;
use formats::{Checkpoint, Tensor};
use kernels::Pool;
use memmap2::Mmap;
use protocol::{AppError, failure};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

/// Bytes that a thread brings between two looks at whether to stop.
const STEP: u64 = 16 << 20;
/// The smallest page of any system.
const PAGE: usize = 4096;

/// The mapped files of a model.
pub(crate) struct Weights {
    files: Vec<Mapped>,
    name: String,
}

struct Mapped {
    map: Mmap,
    file: File,
    seen: Seen,
    path: PathBuf,
}

/// Some bytes of a tensor.
struct Piece {
    part: usize,
    offset: u64,
    bytes: u64,
}

impl Piece {
    fn of(tensor: &Tensor) -> impl Iterator<Item = Piece> {
        let (part, offset, all) = (tensor.part, tensor.offset, tensor.bytes);
        (0..all.div_ceil(STEP)).map(move |nth| Piece {
            part,
            offset: offset + nth * STEP,
            bytes: (all - nth * STEP).min(STEP),
        })
    }
}

/// What tells one state of a file from another.
#[derive(PartialEq, Eq)]
struct Seen {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Seen {
    fn of(metadata: &Metadata) -> Seen {
        Seen {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt;
                (metadata.dev(), metadata.ino())
            },
        }
    }
}

impl Mapped {
    fn is_unchanged(&self) -> std::io::Result<bool> {
        let (open, there) = (self.file.metadata()?, std::fs::metadata(&self.path)?);
        Ok(Seen::of(&open) == self.seen && Seen::of(&there) == self.seen)
    }
}

impl Weights {
    /// Maps the files of a checkpoint that was checked against them.
    ///
    /// Errors: `file-not-readable`, `model-changed` (one is another file than the header's).
    pub fn map(checkpoint: &Checkpoint) -> Result<Weights, AppError> {
        let name = checkpoint.name();
        let mut files = Vec::with_capacity(checkpoint.files.len());
        for part in &checkpoint.files {
            let path = part.path.clone();
            let unreadable =
                |error: std::io::Error| failure::file_not_readable(&path).detail(error);
            let file = File::open(&path).map_err(unreadable)?;
            let seen = Seen::of(&file.metadata().map_err(unreadable)?);
            if seen.bytes != part.bytes {
                return Err(failure::model_changed(name, &path));
            }
            // SAFETY: the map is read-only. Another process that shortens the file would end
            // this one on the next read of a lost page (SIGBUS), one that writes to it would
            // change the weights: `check_unchanged` before each answer keeps the window for that
            // small, and the worker is a process of its own for the rest of it.
            let map = unsafe { Mmap::map(&file) }.map_err(unreadable)?;
            files.push(Mapped {
                map,
                file,
                seen,
                path,
            });
        }
        Ok(Weights { files, name })
    }

    /// Whether the files are still what was mapped.
    ///
    /// Errors: `model-gone`, `model-changed`.
    pub fn check_unchanged(&self) -> Result<(), AppError> {
        for file in &self.files {
            match file.is_unchanged() {
                Ok(true) => {}
                Ok(false) => return Err(failure::model_changed(&self.name, &file.path)),
                Err(_) => return Err(failure::model_gone(&self.name, &file.path)),
            }
        }
        Ok(())
    }

    /// Brings every page of some tensors into this process, so that the first answer waits neither
    /// for the disk nor for the system. Of a file that the system still has in memory, this takes
    /// a moment. `progress` is told bytes done and in all.
    ///
    /// Errors: `cancelled`, `model-changed`.
    pub fn warm(
        &self,
        tensors: &[Tensor],
        pool: &Pool,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), AppError> {
        let mut order: Vec<&Tensor> = tensors.iter().collect();
        order.sort_by_key(|tensor| (tensor.part, tensor.offset));
        let total = order.iter().map(|tensor| tensor.bytes).sum();
        progress(0, total);
        let pieces: Vec<Piece> = order.into_iter().flat_map(Piece::of).collect();
        let mut done = 0;
        let mut left = &pieces[..];
        while !left.is_empty() {
            cancel.check()?;
            self.check_unchanged()?;
            let (now, later) = left.split_at(left.len().min(pool.threads()));
            later.iter().take(now.len()).for_each(|p| self.foretell(p));
            pool.each(now.len(), |index| self.bring(&now[index]));
            done += now.iter().map(|piece| piece.bytes).sum::<u64>();
            progress(done, total);
            left = later;
        }
        Ok(())
    }

    /// Tells the system what is read soon. Advice only; without it pages come one by one.
    fn foretell(&self, piece: &Piece) {
        #[cfg(unix)]
        self.advise(piece, memmap2::Advice::WillNeed);
    }

    /// Maps all pages at once where the system knows how, else by touching each.
    fn bring(&self, piece: &Piece) {
        #[cfg(target_os = "linux")]
        if self.advise(piece, memmap2::Advice::PopulateRead) {
            return;
        }
        let bytes = self.bytes(piece.part, piece.offset, piece.bytes);
        for page in bytes.chunks(PAGE) {
            std::hint::black_box(page[0]);
        }
    }

    #[cfg(unix)]
    fn advise(&self, piece: &Piece, advice: memmap2::Advice) -> bool {
        self.files.get(piece.part).is_some_and(|file| {
            let (from, length) = (piece.offset as usize, piece.bytes as usize);
            file.map.advise_range(advice, from, length).is_ok()
        })
    }

    /// Where one of the files is.
    pub fn path(&self, part: usize) -> &Path {
        let file = self.files.get(part);
        file.map_or(Path::new(""), |file| &file.path)
    }

    /// The bytes of a tensor of one of the files; empty where they lie outside of it.
    pub fn bytes(&self, part: usize, offset: u64, bytes: u64) -> &[u8] {
        let end = offset.saturating_add(bytes) as usize;
        let file = self.files.get(part);
        file.and_then(|file| file.map.get(offset as usize..end))
            .unwrap_or_default()
    }
}
