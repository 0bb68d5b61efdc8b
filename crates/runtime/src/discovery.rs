//! Finds the program `parley-worker`.

use protocol::{AppError, failure};
use std::path::{Path, PathBuf};

/// The path of the worker: `named` alone where it is given, else beside `executable`, in its
/// parent folder (tests), in `../lib/parley/` (packages). Errors: `worker-missing`.
pub(crate) fn worker(named: Option<&Path>, executable: Option<&Path>) -> Result<PathBuf, AppError> {
    let candidates = match named {
        Some(named) => vec![named.to_owned()],
        None => {
            let program = format!("parley-worker{}", std::env::consts::EXE_SUFFIX);
            let folder = executable.and_then(Path::parent).unwrap_or(Path::new("."));
            vec![
                folder.join(&program),
                folder.join("..").join(&program),
                folder.join("../lib/parley").join(&program),
            ]
        }
    };
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(failure::worker_missing(&candidates[0])),
    }
}
