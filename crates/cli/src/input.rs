//! What a command reads: standard input and files.

use protocol::{AppError, failure};
use std::{
    io::{self, Read},
    path::Path,
};

/// All of standard input, which has to be UTF-8. Errors: `not-text` with the place of the first
/// byte that is not.
pub(crate) fn text() -> Result<String, AppError> {
    String::from_utf8(stdin()?).map_err(|error| failure::not_text(error.utf8_error().valid_up_to()))
}

/// The JSON text of a file, or of standard input where the path is `-`.
pub(crate) fn json(path: &Path) -> Result<Vec<u8>, AppError> {
    if path == Path::new("-") {
        return stdin();
    }
    read(path)
}

/// A template. Errors: `not-text`.
pub(crate) fn template(path: &Path) -> Result<String, AppError> {
    String::from_utf8(read(path)?)
        .map_err(|error| failure::not_text(error.utf8_error().valid_up_to()))
}

fn read(path: &Path) -> Result<Vec<u8>, AppError> {
    std::fs::read(path).map_err(|error| {
        let said = match error.kind() {
            io::ErrorKind::NotFound => failure::file_not_found(path),
            io::ErrorKind::IsADirectory => failure::not_a_file(path),
            _ => failure::file_not_readable(path),
        };
        said.detail(error)
    })
}

fn stdin() -> Result<Vec<u8>, AppError> {
    let mut bytes = Vec::new();
    match io::stdin().lock().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(failure::file_not_readable("stdin").detail(error)),
    }
}
