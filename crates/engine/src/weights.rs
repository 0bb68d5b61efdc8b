//! The file of a model, mapped into memory: no copy of the weights is made, the system reads
//! pages as they are needed and shares them between processes.
//!
//! The one file of the engine with `unsafe` code (invariant 10 of ARCHITECTURE.md).
#![allow(unsafe_code)] // mapping a file, and reading its bytes as numbers

use crate::Cancel;
use formats::gguf::Gguf;
use half::{bf16, f16};
use memmap2::Mmap;
use protocol::{AppError, failure};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

/// Bytes touched between two looks at whether to stop.
const STEP: usize = 4 << 20;
/// The smallest page of any system.
const PAGE: usize = 4096;

/// A mapped model file.
pub(crate) struct Weights {
    map: Mmap,
    file: File,
    seen: Seen,
    path: PathBuf,
    name: String,
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

/// A block of quantised numbers of candle's. The types are `repr(C)` structures of integers and
/// f16 whose sizes candle asserts to be the sums of their fields' (no padding); an alignment of
/// at most four.
///
/// # Safety
/// Every bit pattern of the type must be valid, and it must have no padding.
pub(crate) unsafe trait Block {}
macro_rules! blocks {
    ($($name:ident)+) => {
        $(
            // SAFETY: see the trait.
            unsafe impl Block for candle_core::quantized::k_quants::$name {}
        )+
    };
}
blocks! { BlockQ4_0 BlockQ4_1 BlockQ5_0 BlockQ5_1 BlockQ8_0 BlockQ8_1 }
blocks! { BlockQ2K BlockQ3K BlockQ4K BlockQ5K BlockQ6K BlockQ8K }
// SAFETY: any four bytes are an f32.
unsafe impl Block for f32 {}
// SAFETY: transparent over u16.
unsafe impl Block for f16 {}
// SAFETY: transparent over u16.
unsafe impl Block for bf16 {}

impl Weights {
    /// Maps the file of a header that was checked against it.
    ///
    /// Errors: `file-not-readable`, `model-changed` (it is another file than the header's).
    pub fn map(gguf: &Gguf) -> Result<Weights, AppError> {
        let path = gguf.path.clone();
        let unreadable = |error: std::io::Error| failure::file_not_readable(&path).detail(error);
        let file = File::open(&path).map_err(unreadable)?;
        let seen = Seen::of(&file.metadata().map_err(unreadable)?);
        let name = crate::model::name(gguf);
        if seen.bytes != gguf.file_bytes {
            return Err(failure::model_changed(name, &path));
        }
        // SAFETY: the map is read-only. Another process that shortens the file would end this
        // one on the next read of a lost page (SIGBUS), one that writes to it would change the
        // weights: `check_unchanged` before each answer keeps the window for that small, and
        // the worker is a process of its own for the rest of it.
        let map = unsafe { Mmap::map(&file) }.map_err(unreadable)?;
        Ok(Weights {
            map,
            file,
            seen,
            path,
            name,
        })
    }

    /// Whether the file is still what was mapped.
    ///
    /// Errors: `model-gone`, `model-changed`.
    pub fn check_unchanged(&self) -> Result<(), AppError> {
        let open = self.file.metadata();
        let there = std::fs::metadata(&self.path);
        match (open, there) {
            (Ok(open), Ok(there)) => {
                if Seen::of(&open) == self.seen && Seen::of(&there) == self.seen {
                    Ok(())
                } else {
                    Err(failure::model_changed(&self.name, &self.path))
                }
            }
            _ => Err(failure::model_gone(&self.name, &self.path)),
        }
    }

    /// Reads every page once, so that the first answer does not wait for the disk.
    ///
    /// Errors: `cancelled`, `model-changed`.
    pub fn warm(
        &self,
        from: u64,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), AppError> {
        let bytes = self.map.get(from as usize..).unwrap_or_default();
        let total = bytes.len() as u64;
        #[cfg(unix)]
        // Advice only; without it the pages are read one by one.
        let _ = self.map.advise(memmap2::Advice::WillNeed);
        progress(0, total);
        let mut done = 0;
        for step in bytes.chunks(STEP) {
            cancel.check()?;
            self.check_unchanged()?;
            for page in step.chunks(PAGE) {
                std::hint::black_box(page[0]);
            }
            done += step.len() as u64;
            progress(done, total);
        }
        Ok(())
    }

    /// The bytes of a tensor; empty where they lie outside of the file.
    pub fn bytes(&self, offset: u64, bytes: u64) -> &[u8] {
        let end = offset.saturating_add(bytes) as usize;
        self.map.get(offset as usize..end).unwrap_or_default()
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Bytes as blocks; None where they are no whole number of blocks or not aligned for them.
pub(crate) fn blocks<T: Block>(bytes: &[u8]) -> Option<&[T]> {
    let size = size_of::<T>();
    let aligned = (bytes.as_ptr() as usize).is_multiple_of(align_of::<T>());
    if !aligned || size == 0 || !bytes.len().is_multiple_of(size) {
        return None;
    }
    // SAFETY: aligned and whole, as just checked; any bytes are a `T`, since `T: Block`; the
    // lifetime is that of the bytes.
    Some(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len() / size) })
}
