//! The file that keeps quantised matrices: where it is, whether it can be used, its header.
//!
//! Layout: GGUF version 3, <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

use super::hex;
use crate::Cancel;
use crate::threads::Threads;
use crate::weights::Weights;
use formats::gguf::{Array, Gguf, Value};
use formats::{Checkpoint, Tensor, ggml};
use protocol::{AppError, failure};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Of each tensor's data, in bytes: GGUF's own default.
pub(super) const ALIGNMENT: u64 = 32;
const MODEL: &str = "parley.model";
const SOURCE: &str = "parley.source";
const DIGESTS: &str = "parley.digests";
/// In the place of an architecture: the file is no model.
const NO_ARCHITECTURE: &str = "parley-kept-weights";
/// GGUF's numbers for the types of values that we write.
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// A kept file that is there or can be made.
pub(super) struct Container {
    pub path: PathBuf,
    /// The folder of the model that it belongs to.
    pub model: PathBuf,
    /// What tells the state of that model.
    pub source: String,
}

impl Container {
    /// Waits until no other process makes a kept file; `wait` is called meanwhile, and may give
    /// up. The lock is let go when the file is dropped.
    ///
    /// Errors: `disk-full`, `file-not-written`, those of `wait`.
    pub fn lock(&self, mut wait: impl FnMut() -> Result<(), AppError>) -> Result<File, AppError> {
        let folder = self.folder();
        std::fs::create_dir_all(folder).map_err(|error| not_written(folder, &error))?;
        let path = folder.join("lock");
        let failed = |error: std::io::Error| not_written(&path, &error);
        let mut options = File::options();
        let options = options.create(true).truncate(false).write(true);
        let file = options.open(&path).map_err(failed)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => wait()?,
                // A file system without locks: at worst two processes make the same.
                Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {
                    return Ok(file);
                }
                Err(TryLockError::Error(e)) => return Err(failed(e)),
            }
        }
    }

    /// What is kept, where it is whole, undamaged, and of these matrices as they are now.
    ///
    /// Errors: `cancelled`.
    pub fn open(
        &self,
        matrices: &[(&Tensor, ggml::Type)],
        threads: &Threads,
        cancel: &Cancel,
    ) -> Result<Option<Checkpoint>, AppError> {
        let Some((kept, weights)) = self.header_of(matrices) else {
            return Ok(None);
        };
        let digests = digests(&kept).unwrap_or_default();
        let whole = threads.run(|| {
            let tensors = kept.tensors.par_iter().zip(digests);
            let whole = tensors.map(|(tensor, digest)| {
                cancel.check()?;
                let bytes = weights.bytes(tensor.part, tensor.offset, tensor.bytes);
                Ok(hex(&Sha256::digest(bytes)) == *digest)
            });
            whole.collect::<Result<Vec<bool>, AppError>>()
        });
        let whole = whole??.into_iter().all(|whole| whole);
        Ok(whole.then_some(kept))
    }

    /// The header of what is kept, where it says what it should.
    fn header_of(&self, matrices: &[(&Tensor, ggml::Type)]) -> Option<(Checkpoint, Weights)> {
        let kept = Checkpoint::open(&self.path).ok()?;
        let source = kept.gguf()?.metadata.text(SOURCE)?;
        let names = kept.tensors.len() == matrices.len()
            && (kept.tensors.iter().zip(matrices)).all(|(kept, (tensor, kind))| {
                kept.name == tensor.name && kept.shape == tensor.shape && kept.kind == *kind
            });
        let same = source == self.source && names && digests(&kept)?.len() == matrices.len();
        let weights = Weights::map(&kept).ok()?;
        same.then_some((kept, weights))
    }

    /// The bytes before the data, which begins at a multiple of [`ALIGNMENT`]. As many for any
    /// digests.
    pub fn header(&self, matrices: &[(&Tensor, ggml::Type)], digests: &[String]) -> Vec<u8> {
        let mut header = b"GGUF".to_vec();
        header.extend(3u32.to_le_bytes());
        header.extend((matrices.len() as u64).to_le_bytes());
        header.extend(4u64.to_le_bytes());
        let model = self.model.to_string_lossy();
        for (key, value) in [
            ("general.architecture", NO_ARCHITECTURE),
            (MODEL, &model),
            (SOURCE, &self.source),
        ] {
            put_text(&mut header, key);
            header.extend(TEXT.to_le_bytes());
            put_text(&mut header, value);
        }
        put_text(&mut header, DIGESTS);
        header.extend(ARRAY.to_le_bytes());
        header.extend(TEXT.to_le_bytes());
        header.extend((digests.len() as u64).to_le_bytes());
        for digest in digests {
            put_text(&mut header, digest);
        }
        let mut offset = 0u64;
        for (tensor, kind) in matrices {
            put_text(&mut header, &tensor.name);
            header.extend((tensor.shape.len() as u32).to_le_bytes());
            for size in tensor.shape.iter().rev() {
                header.extend(size.to_le_bytes());
            }
            header.extend(kind.id.to_le_bytes());
            header.extend(offset.to_le_bytes());
            let bytes = kind.size(tensor.numbers()).unwrap_or(0);
            offset += bytes.next_multiple_of(ALIGNMENT);
        }
        header.resize(header.len().next_multiple_of(ALIGNMENT as usize), 0);
        header
    }

    /// Removes what processes left that died while they wrote, and what belongs to models that
    /// are gone. The lock is held.
    pub fn sweep(&self) {
        let entries = std::fs::read_dir(self.folder());
        for path in entries.into_iter().flatten().flatten().map(|e| e.path()) {
            let is = |end: &str| path.extension().is_some_and(|found| found == end);
            let gone = || {
                let kept = Gguf::open(&path).ok()?;
                let model = kept.metadata.text(MODEL)?;
                Some(!Path::new(model).exists())
            };
            if is("part") || is("gguf") && gone() == Some(true) {
                // What cannot be removed now is removed another time.
                let _ = std::fs::remove_file(&path);
            }
        }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }
}

fn digests(kept: &Checkpoint) -> Option<&[String]> {
    match kept.gguf()?.metadata.get(DIGESTS)? {
        Value::Array(Array::Text(digests)) => Some(digests),
        _ => None,
    }
}

fn put_text(header: &mut Vec<u8>, text: &str) {
    header.extend((text.len() as u64).to_le_bytes());
    header.extend(text.as_bytes());
}

/// Why a file could not be written.
pub(super) fn not_written(path: &Path, error: &std::io::Error) -> AppError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failure::disk_full(path).detail(error),
        _ => failure::file_not_written(path).detail(error),
    }
}
