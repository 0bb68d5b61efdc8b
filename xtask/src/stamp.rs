//! Remembering that a step was done for exactly these files, so that the next run skips it.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Outcome;

/// Does `step` unless the file `stamp` says that it was done for `key`, and notes it after success.
/// True if the step ran.
pub(crate) fn once(stamp: &Path, key: &str, step: impl FnOnce() -> Outcome) -> Outcome<bool> {
    if fs::read_to_string(stamp).is_ok_and(|done| done == key) {
        return Ok(false);
    }
    step()?;
    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder)
            .map_err(|error| format!("{} could not be made: {error}.", folder.display()))?;
    }
    fs::write(stamp, key)
        .map_err(|error| format!("{} could not be written: {error}.", stamp.display()))?;
    Ok(true)
}

/// One hash over the names and contents of files and folders, without what lies in folders named in `without`.
pub(crate) fn of_files(paths: &[PathBuf], without: &[&str]) -> Outcome<String> {
    let mut hash = Sha256::new();
    let mut files = Vec::new();
    for path in paths {
        list(path, without, &mut files)
            .map_err(|error| format!("{} could not be read: {error}.", path.display()))?;
    }
    files.sort();
    for file in files {
        let content = fs::read(&file)
            .map_err(|error| format!("{} could not be read: {error}.", file.display()))?;
        hash.update(file.to_string_lossy().as_bytes());
        hash.update([0]);
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    Ok(hex(&hash.finalize()))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn list(path: &Path, without: &[&str], files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !without.iter().any(|name| entry.file_name() == *name) {
            list(&entry.path(), without, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_runs_again_only_when_its_key_changed() {
        let stamp = std::env::temp_dir().join(format!("xtask-stamp-{}/done", std::process::id()));
        let mut ran = 0;
        let mut step = |key: &str| {
            once(&stamp, key, || {
                ran += 1;
                Ok(())
            })
        };
        assert_eq!(
            [step("a"), step("a"), step("b"), step("a")],
            [Ok(true), Ok(false), Ok(true), Ok(true)]
        );
        assert!(once(&stamp, "c", || Err("no".to_owned())).is_err());
        assert_eq!(
            once(&stamp, "c", || Ok(())),
            Ok(true),
            "a failed step is not noted as done"
        );
        assert_eq!(ran, 3);
        fs::remove_dir_all(stamp.parent().unwrap()).unwrap();
    }
}
