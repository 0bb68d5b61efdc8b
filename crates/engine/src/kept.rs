//! Weights of a folder that were made smaller when it was loaded, and are kept for the next start.
//!
//! A kept file is a GGUF container with the matrices that were quantised, under their own names.
//! It belongs to files of certain lengths and dates and to one type, and carries a digest of each
//! matrix: where anything differs it is made again. What is not in it is read from the folder.

mod container;
mod make;
#[cfg(test)]
mod tests;

use crate::Cancel;
use crate::threads::Threads;
use container::Container;
use formats::Checkpoint;
use protocol::{AppError, Quantise, WeightType, failure};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// Changes when kept files are made in another way.
const FORM: u32 = 1;
/// Between two looks at whether another process has finished.
const PAUSE: Duration = Duration::from_millis(50);

/// The checkpoint with its matrices in `quantise`'s type: those that are kept, or made now.
/// `progress` is told bytes done and in all.
///
/// Errors: `quantise-gguf`; `model-damaged`, where weights are no numbers; `disk-full`,
/// `file-not-written`; `model-gone`, `model-changed`; `cancelled`. None of them leaves a file.
pub(crate) fn quantised(
    checkpoint: Checkpoint,
    quantise: &Quantise,
    threads: &Threads,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Checkpoint, AppError> {
    if checkpoint.gguf().is_some() {
        return Err(failure::quantise_gguf(checkpoint.name()));
    }
    let matrices = checkpoint.quantisable(quantise.kind);
    if matrices.is_empty() {
        return Ok(checkpoint);
    }
    let container = Container {
        path: place(quantise, &checkpoint.path),
        model: checkpoint.path.clone(),
        source: identity(&checkpoint, quantise.kind)?,
    };
    // Held until the kept file is there: another process that wants the same waits for it.
    let _lock = container.lock(|| {
        // Who only waits does not compute: this shows that it lives.
        progress(0, 1);
        std::thread::sleep(PAUSE);
        cancel.check()
    })?;
    let kept = match container.open(&matrices, threads, cancel)? {
        Some(kept) => kept,
        None => {
            make::write(
                &checkpoint,
                &matrices,
                &container,
                threads,
                cancel,
                progress,
            )?;
            let made = container.open(&matrices, threads, cancel)?;
            made.ok_or_else(|| failure::file_not_written(&container.path))?
        }
    };
    drop(matrices);
    Ok(checkpoint.with_tensors_of(kept))
}

/// One file for each folder and type, so that a later one takes the place of a stale one.
fn place(quantise: &Quantise, model: &Path) -> PathBuf {
    let name = hex(&Sha256::digest(model.as_os_str().as_encoded_bytes()));
    Path::new(&quantise.folder).join(format!("{}-{}.gguf", &name[..16], quantise.kind.name()))
}

/// What tells the files of the model from any others, in hex.
fn identity(checkpoint: &Checkpoint, kind: WeightType) -> Result<String, AppError> {
    let mut seen = Sha256::new();
    seen.update(format!("{FORM} {}", kind.name()));
    for part in &checkpoint.files {
        let unreadable =
            |error: std::io::Error| failure::file_not_readable(&part.path).detail(error);
        let metadata = std::fs::metadata(&part.path).map_err(unreadable)?;
        let modified = metadata.modified().map_err(unreadable)?;
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let path = part.path.as_os_str().as_encoded_bytes();
        seen.update((path.len() as u64).to_le_bytes());
        seen.update(path);
        seen.update(metadata.len().to_le_bytes());
        seen.update(since.as_nanos().to_le_bytes());
    }
    Ok(hex(&seen.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
