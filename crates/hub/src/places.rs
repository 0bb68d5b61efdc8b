//! Where Parley keeps what it keeps.

use crate::elsewhere::Neighbours;
use crate::record::hex;
use crate::starter;
use protocol::{AppError, failure};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Bytes of a hash that tell one folder from another.
const TOLD_APART: usize = 8;

/// The folders of one person's Parley. Nothing is created before it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    data: PathBuf,
    config: PathBuf,
    cache: PathBuf,
    hub_cache: PathBuf,
    starters: Vec<PathBuf>,
    neighbours: Neighbours,
}

impl Places {
    /// Everything under `$PARLEY_HOME` where that is set, else the platform's own folders.
    /// Errors: `file-not-found` where the person has no home folder.
    pub fn from_environment() -> Result<Places, AppError> {
        let set = std::env::var_os("PARLEY_HOME").filter(|home| !home.is_empty());
        let apart = set.is_some();
        let mut places = if let Some(home) = set {
            let home = std::path::absolute(&home)
                .map_err(|e| failure::file_not_found(Path::new(&home)).detail(e))?;
            Places::under(&home)
        } else {
            let folders = directories::ProjectDirs::from("", "", "parley")
                .ok_or_else(|| failure::file_not_found("~").detail("there is no home folder"))?;
            Places {
                data: folders.data_dir().to_owned(),
                config: folders.config_dir().to_owned(),
                cache: folders.cache_dir().to_owned(),
                hub_cache: directories::BaseDirs::new().map_or_else(
                    || folders.cache_dir().join("huggingface/hub"),
                    |base| base.home_dir().join(".cache/huggingface/hub"),
                ),
                starters: Vec::new(),
                neighbours: Neighbours::default(),
            }
        };
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(shared) = hub_cache(variable, apart) {
            places.hub_cache = shared;
        }
        places.starters = starter::candidates(
            std::env::var_os("PARLEY_STARTER").as_deref(),
            std::env::current_exe().ok().as_deref(),
            &places.data,
        );
        places.neighbours = Neighbours::from_environment().with_hub_cache(&places.hub_cache);
        Ok(places)
    }

    /// Everything under one folder; the starter model is looked for in its `data/starter` only,
    /// other programs' models as if it were the person's home.
    pub fn under(home: &Path) -> Places {
        let data = home.join("data");
        Places {
            starters: starter::candidates(None, None, &data),
            data,
            config: home.join("config"),
            cache: home.join("cache"),
            hub_cache: home.join("cache/huggingface/hub"),
            neighbours: Neighbours::of(home, |_| None)
                .with_hub_cache(&home.join("cache/huggingface/hub")),
        }
    }

    /// The same folders, with the starter model looked for at `path` (a file, or its folder).
    pub fn with_starter(mut self, path: &Path) -> Places {
        self.starters = starter::candidates(Some(path.as_os_str()), None, &self.data);
        self
    }

    /// What cannot be had again: the history and the library.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What the person has set.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// What can be made again.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// The hub's cache, which Python's huggingface_hub and other programs share.
    pub fn hub_cache(&self) -> &Path {
        &self.hub_cache
    }

    /// The folder of weights that were made smaller when they were loaded.
    pub fn weights(&self) -> PathBuf {
        self.cache.join("weights")
    }

    /// The folder of what models have read, so that they need not read it again: one for each
    /// history, since several may have the same cache.
    pub fn kv(&self) -> PathBuf {
        self.cache.join("kv").join(told_apart(&self.data))
    }

    /// Tells what the person has set here from what they have set in other folders, where both lie
    /// in one place, as in the system's keyring.
    pub(crate) fn fingerprint(&self) -> String {
        told_apart(&self.config)
    }

    /// What was measured of this machine.
    pub fn machine(&self) -> PathBuf {
        self.cache.join("machine.json")
    }

    /// The conversations.
    pub fn history(&self) -> PathBuf {
        self.data.join("history.db")
    }

    /// The library's index.
    pub fn library_index(&self) -> PathBuf {
        self.data.join("library.json")
    }

    /// The folder of the locks of running processes.
    pub fn runs(&self) -> PathBuf {
        self.data.join("runs")
    }

    /// The folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// Where the window listens for "focus" and "open this file".
    pub fn socket(&self) -> PathBuf {
        self.data.join("window.sock")
    }

    /// How the window stood when it was last seen.
    pub fn window(&self) -> PathBuf {
        self.config.join("window.json")
    }

    /// Files that may be the starter model, the likeliest first.
    pub(crate) fn starters(&self) -> &[PathBuf] {
        &self.starters
    }

    /// Where other programs keep their models.
    pub fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    /// Creates the data folder, for the person alone where the system knows of such.
    /// Errors: `disk-full`, `file-not-written`.
    pub fn create_data(&self) -> Result<(), AppError> {
        crate::shared_file::create_private(&self.data)
    }
}

/// A short hash of a folder's path.
fn told_apart(folder: &Path) -> String {
    let hash = Sha256::digest(real(folder).as_os_str().as_encoded_bytes());
    hex(&hash[..TOLD_APART])
}

/// Where the environment says that the hub's cache is, by the variables of Python's
/// huggingface_hub in its order. `apart`: Parley's own home is set, which counts before the
/// system's folder of caches.
fn hub_cache(variable: impl Fn(&str) -> Option<OsString>, apart: bool) -> Option<PathBuf> {
    let path = |name: &str, below: &str| {
        let path = std::path::absolute(variable(name)?).ok()?;
        Some(if below.is_empty() {
            path
        } else {
            path.join(below)
        })
    };
    path("HF_HUB_CACHE", "")
        .or_else(|| path("HUGGINGFACE_HUB_CACHE", ""))
        .or_else(|| path("HF_HOME", "hub"))
        .or_else(|| path("XDG_CACHE_HOME", "huggingface/hub").filter(|_| !apart))
}

/// A path as it is without links, also where its end is not there yet.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        let real = above.canonicalize().ok()?;
        // Joined part by part, so that nothing is not joined as an empty one.
        Some(rest.iter().fold(real, |real, part| real.join(part)))
    });
    there.unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    #[test]
    fn the_hubs_cache_is_where_python_has_it() {
        let check = |set: &[(&str, &str)], apart: bool, folder: Option<&str>| {
            let variable = |name: &str| {
                let mut set = set.iter();
                set.find(|(set, _)| *set == name)
                    .map(|(_, value)| OsString::from(value))
            };
            assert_eq!(
                hub_cache(variable, apart),
                folder.map(PathBuf::from),
                "{set:?}"
            );
        };
        check(&[], false, None);
        check(
            &[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")],
            false,
            Some("/c"),
        );
        check(
            &[("HUGGINGFACE_HUB_CACHE", "/c"), ("HF_HOME", "/h")],
            false,
            Some("/c"),
        );
        check(
            &[("HF_HOME", "/h"), ("XDG_CACHE_HOME", "/x")],
            true,
            Some("/h/hub"),
        );
        check(
            &[("XDG_CACHE_HOME", "/x")],
            false,
            Some("/x/huggingface/hub"),
        );
        check(&[("XDG_CACHE_HOME", "/x")], true, None);
    }

    /// Each start forgets what is kept of conversations that its history does not have.
    #[test]
    fn histories_with_one_cache_swept_what_the_other_had_kept() {
        let folder = tempfile::tempdir().unwrap();
        let of = |data: &str| {
            let places = Places::under(folder.path());
            let data = folder.path().join(data);
            Places { data, ..places }.kv()
        };
        let (first, second) = (of("first"), of("second"));
        assert_ne!(first, second);
        assert!(first.starts_with(folder.path().join("cache/kv")));
        // The same before it is there, once it is, and by another way to it.
        std::fs::create_dir(folder.path().join("first")).unwrap();
        assert_eq!(of("first"), first);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("first"), folder.path().join("link"))
                .unwrap();
            assert_eq!(of("link"), first);
        }
    }
}
