//! Opens a file that is thought to be a model, and tells what else it may be.

use protocol::{AppError, failure};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Endings of files that PyTorch pickles; a GGUF file may bear one all the same.
const PICKLES: [&str; 6] = ["bin", "pt", "pth", "ckpt", "pkl", "pickle"];

/// Opens a regular file for reading and gives its length in bytes. Folders, pipes and devices
/// are refused before they are opened, since opening those can wait forever.
pub(crate) fn regular_file(path: &Path) -> Result<(File, u64), AppError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => failure::file_not_found(path).detail(error),
        _ => failure::file_not_readable(path).detail(error),
    };
    let found = std::fs::metadata(path).map_err(failed)?;
    if found.is_dir() {
        return Err(failure::not_a_file(path));
    }
    if !found.is_file() {
        return Err(failure::not_a_model(path).detail("a pipe or a device"));
    }
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    Ok((file, bytes))
}

/// Why a file that does not begin as a model does is not loaded.
pub(crate) fn not_a_model(path: &Path, start: &[u8]) -> AppError {
    if is_pointer(start) {
        return failure::pointer_only(path);
    }
    // Pickle's protocol 2 to 5 opcode, and the zip that newer PyTorch files are.
    let pickle = start.len() >= 2 && start[0] == 0x80 && (2..=5).contains(&start[1]);
    if pickle || start.starts_with(b"PK\x03\x04") || is_pickle(path) {
        return failure::unsafe_format(path);
    }
    let start = start.trim_ascii_start().to_ascii_lowercase();
    if start.starts_with(b"<!doctype") || start.starts_with(b"<html") {
        return failure::web_page(path);
    }
    failure::not_a_model(path)
}

/// Whether this is what git-lfs leaves in the place of a large file:
/// <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
pub(crate) fn is_pointer(start: &[u8]) -> bool {
    start.starts_with(b"version https://git")
}

/// Whether a file is a pickle by its name.
pub(crate) fn is_pickle(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy());
    ending.is_some_and(|ending| PICKLES.iter().any(|of| ending.eq_ignore_ascii_case(of)))
}

/// Reads as many of the first bytes as there are, up to `most`.
pub(crate) fn first_bytes(input: &mut impl Read, most: u64) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    input.take(most).read_to_end(&mut start)?;
    Ok(start)
}
