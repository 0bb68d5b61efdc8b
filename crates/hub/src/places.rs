//! Where Parley keeps what it keeps.

use crate::starter;
use protocol::{AppError, failure};
use std::path::{Path, PathBuf};

/// The folders of one person's Parley. Nothing is created before it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    data: PathBuf,
    config: PathBuf,
    cache: PathBuf,
    starters: Vec<PathBuf>,
}

impl Places {
    /// Everything under `$PARLEY_HOME` where that is set, else the platform's own folders.
    /// Errors: `file-not-found` where the person has no home folder.
    pub fn from_environment() -> Result<Places, AppError> {
        let set = std::env::var_os("PARLEY_HOME").filter(|home| !home.is_empty());
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
                starters: Vec::new(),
            }
        };
        places.starters = starter::candidates(
            std::env::var_os("PARLEY_STARTER").as_deref(),
            std::env::current_exe().ok().as_deref(),
            &places.data,
        );
        Ok(places)
    }

    /// Everything under one folder; the starter model is looked for in its `data/starter` only.
    pub fn under(home: &Path) -> Places {
        let data = home.join("data");
        Places {
            starters: starter::candidates(None, None, &data),
            data,
            config: home.join("config"),
            cache: home.join("cache"),
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

    /// The folder of weights that were made smaller when they were loaded.
    pub fn weights(&self) -> PathBuf {
        self.cache.join("weights")
    }

    /// The folder of what models have read, so that they need not read it again.
    pub fn kv(&self) -> PathBuf {
        self.cache.join("kv")
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

    /// Creates the data folder, for the person alone where the system knows of such.
    /// Errors: `disk-full`, `file-not-written`.
    pub fn create_data(&self) -> Result<(), AppError> {
        crate::index::create_private(&self.data)
    }
}
