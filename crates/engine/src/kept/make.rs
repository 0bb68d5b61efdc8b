//! Makes a kept file: block of rows by block of rows, in parallel, whole or not at all.

use super::container::{ALIGNMENT, Container, not_written};
use super::hex;
use crate::threads::Threads;
use crate::weights::Weights;
use crate::{Cancel, quantise};
use formats::{Checkpoint, Tensor, ggml, one_line};
use kernels::BlockType;
use protocol::{AppError, failure};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Numbers that one thread quantises at once.
const AT_ONCE: usize = 1 << 18;
/// Bytes written between two waits for the disk: all at the end would be one long silence.
const UNSYNCED: u64 = 64 << 20;

/// A file that is not finished, and removed where it never is.
struct Unfinished {
    path: PathBuf,
    file: File,
    unsynced: u64,
}

impl Unfinished {
    fn create(path: PathBuf) -> Result<Unfinished, AppError> {
        let file = File::create(&path).map_err(|error| not_written(&path, &error))?;
        Ok(Unfinished {
            path,
            file,
            unsynced: 0,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), AppError> {
        let failed = |error| not_written(&self.path, &error);
        self.file.write_all(bytes).map_err(failed)?;
        self.unsynced += bytes.len() as u64;
        if self.unsynced >= UNSYNCED {
            self.file.sync_data().map_err(failed)?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Writes the header again, and gives the file its name.
    fn finish(mut self, header: &[u8], path: &Path) -> Result<(), AppError> {
        let failed = |error| not_written(path, &error);
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.write(header)?;
        self.file.sync_all().map_err(failed)?;
        std::fs::rename(&self.path, path).map_err(failed)?;
        // The new name is safe only when the folder is.
        #[cfg(unix)]
        File::open(path.parent().unwrap_or(Path::new(".")))
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it has its name, there is none of this one.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Writes the matrices of a checkpoint, each in its type. The container is locked. `progress` is
/// told bytes of the matrices that are done, and in all. Errors: as `super::quantised`.
pub(super) fn write(
    checkpoint: &Checkpoint,
    matrices: &[(&Tensor, ggml::Type)],
    container: &Container,
    threads: &Threads,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), AppError> {
    container.sweep();
    let weights = Weights::map(checkpoint)?;
    let total = matrices.iter().map(|(tensor, _)| tensor.bytes).sum();
    let mut file = Unfinished::create(container.path.with_extension("part"))?;
    let mut digests = vec!["0".repeat(64); matrices.len()];
    file.write(&container.header(matrices, &digests))?;
    let mut done = 0;
    progress(done, total);
    for ((tensor, kind), digest) in matrices.iter().zip(&mut digests) {
        let rows = Rows::of(tensor, *kind, &weights)?;
        let mut seen = Sha256::new();
        let mut written = 0;
        // Several for each thread, so that none waits long for the slowest.
        for some in rows.blocks().chunks(16 * threads.count() as usize) {
            weights.check_unchanged()?;
            let made = threads.run(|| {
                let each = some.par_iter();
                each.map(|bytes| cancel.check().and_then(|()| rows.quantised(bytes)))
                    .collect::<Result<Vec<Vec<u8>>, AppError>>()
            });
            for made in made?? {
                seen.update(&made);
                file.write(&made)?;
                written += made.len() as u64;
            }
            done += some.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
            progress(done, total);
        }
        let padding = written.next_multiple_of(ALIGNMENT) - written;
        file.write(&[0; ALIGNMENT as usize][..padding as usize])?;
        *digest = hex(&seen.finalize());
    }
    file.finish(&container.header(matrices, &digests), &container.path)
}

/// The rows of one matrix.
struct Rows<'a> {
    tensor: &'a Tensor,
    from: BlockType,
    to: ggml::Type,
    bytes: &'a [u8],
    row_bytes: usize,
    columns: usize,
    path: &'a Path,
}

impl<'a> Rows<'a> {
    fn of(tensor: &'a Tensor, to: ggml::Type, weights: &'a Weights) -> Result<Rows<'a>, AppError> {
        let name = tensor.kind.name;
        let from =
            BlockType::named(name).ok_or_else(|| failure::unknown_type(&tensor.name, name))?;
        let columns = tensor.shape.last().copied().unwrap_or(0) as usize;
        Ok(Rows {
            tensor,
            from,
            to,
            bytes: weights.bytes(tensor.part, tensor.offset, tensor.bytes),
            row_bytes: columns * from.bytes(),
            columns,
            path: weights.path(tensor.part),
        })
    }

    /// The matrix by whole rows, as many as a thread quantises at once.
    fn blocks(&self) -> Vec<&'a [u8]> {
        let rows = (AT_ONCE / self.columns.max(1)).max(1);
        self.bytes.chunks((rows * self.row_bytes).max(1)).collect()
    }

    /// Errors: `model-damaged`, where one of them is no finite number: rounded among others, it
    /// would not be seen any more.
    fn quantised(&self, bytes: &[u8]) -> Result<Vec<u8>, AppError> {
        let mut values = vec![0f32; bytes.len() / self.from.bytes()];
        let read = kernels::dequantize(self.from, bytes, &mut values);
        if !read || !values.iter().all(|value| value.is_finite()) {
            let what = format!("the numbers of {}", one_line(&self.tensor.name));
            return Err(failure::model_damaged(self.path, what));
        }
        quantise(self.to, &values)
    }
}
