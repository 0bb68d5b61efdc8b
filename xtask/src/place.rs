//! Where things are: the repository, the build's folder, the models.

use std::env;
use std::path::{Path, PathBuf};

use crate::Outcome;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let xtask = PathBuf::from(manifest);
    xtask.parent().map(Path::to_path_buf).unwrap_or(xtask)
}

/// Cargo's build folder.
pub(crate) fn target() -> PathBuf {
    // Cargo reads a relative one from the folder that it is called in, as `join` on an absolute one does.
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => env::current_dir().unwrap_or_else(|_| root()).join(folder),
        None => root().join("target"),
    }
}

/// Where Cargo keeps the sources of other people's crates; None where no home is known.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    let named = env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

/// Where test models are kept: `$PARLEY_MODELS`, else `parley-models` in the person's cache folder.
pub(crate) fn models() -> Outcome<PathBuf> {
    let named = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(folder) = named("PARLEY_MODELS") {
        return Ok(env::current_dir()
            .map_err(|error| error.to_string())?
            .join(folder));
    }
    named("XDG_CACHE_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .map(|cache| cache.join("parley-models"))
        .ok_or_else(|| {
            "No home folder is known: name a folder for the models in $PARLEY_MODELS.".to_owned()
        })
}
