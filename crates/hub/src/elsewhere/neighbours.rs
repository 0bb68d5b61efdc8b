//! Where other programs keep their models, on each system.
//!
//! Ollama: <https://docs.ollama.com/faq>; LM Studio: <https://lmstudio.ai/docs/app/advanced/import-model>;
//! Jan: <https://jan.ai/docs/desktop/data-folder>; GPT4All: <https://docs.gpt4all.io/gpt4all_desktop/settings.html>;
//! the hub's cache: <https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables>.

use crate::keeping::place::Place;
use protocol::Keeper;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Bytes of another program's settings.
const MOST_SETTINGS: u64 = 1 << 20;

/// The folders of other programs, whether they are there or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// Those of one program in the order in which it would look, absolute.
    folders: Vec<(Keeper, PathBuf)>,
}

impl Neighbours {
    /// Those of the person who runs this. Empty where there is no home folder.
    pub fn from_environment() -> Neighbours {
        let Some(folders) = directories::BaseDirs::new() else {
            return Neighbours::default();
        };
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let mut neighbours = Neighbours::of(folders.home_dir(), set);
        if cfg!(target_os = "linux") {
            // Where its installer lets it run as a user of its own.
            for folder in ["/usr/share/ollama/.ollama/models", "/var/lib/ollama/models"] {
                neighbours.folders.push((Keeper::Ollama, folder.into()));
            }
        }
        neighbours
    }

    /// Those under a home folder, with `variable` for what the environment says.
    pub fn of(home: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Neighbours {
        let set = |name: &str| variable(name).map(PathBuf::from);
        // Windows and macOS keep data in one place each.
        let (config, data, local) = if cfg!(windows) {
            let roaming = set("APPDATA").unwrap_or_else(|| home.join("AppData/Roaming"));
            let local = set("LOCALAPPDATA").unwrap_or_else(|| home.join("AppData/Local"));
            (roaming.clone(), roaming, local)
        } else if cfg!(target_os = "macos") {
            let support = home.join("Library/Application Support");
            (support.clone(), support.clone(), support)
        } else {
            let config = set("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
            let data = set("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share"));
            (config, data.clone(), data)
        };
        let cache = set("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache"));
        let hub = set("HF_HUB_CACHE")
            .or_else(|| set("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| set("HF_HOME").map(|folder| folder.join("hub")))
            .unwrap_or_else(|| cache.join("huggingface/hub"));
        let mut folders = vec![(Keeper::HubCache, hub)];
        let mut add = |keeper, folder: Option<PathBuf>| {
            folders.extend(folder.map(|folder| (keeper, folder)));
        };
        add(Keeper::Ollama, set("OLLAMA_MODELS"));
        add(Keeper::Ollama, Some(home.join(".ollama/models")));
        let lm_studio = home.join(".lmstudio");
        add(
            Keeper::LmStudio,
            setting(&lm_studio.join("settings.json"), "downloadsFolder"),
        );
        add(Keeper::LmStudio, Some(lm_studio.join("models")));
        add(Keeper::LmStudio, Some(cache.join("lm-studio/models")));
        for folder in [&data, &config] {
            let jan = folder.join("Jan");
            add(
                Keeper::Jan,
                setting(&jan.join("settings.json"), "data_folder"),
            );
            add(Keeper::Jan, Some(jan.join("data")));
        }
        add(Keeper::Jan, Some(home.join("jan")));
        add(Keeper::Gpt4all, Some(local.join("nomic.ai/GPT4All")));
        folders.retain(|(_, folder)| folder.is_absolute());
        folders.dedup();
        Neighbours { folders }
    }

    /// The same with another folder that is the hub's cache.
    pub fn with_hub_cache(mut self, folder: &Path) -> Neighbours {
        let one = (Keeper::HubCache, folder.to_owned());
        if !self.folders.contains(&one) {
            self.folders.insert(0, one);
        }
        self
    }

    /// Whose folder the path lies in; the person's, where it is nobody else's.
    pub fn keeper(&self, path: &Path) -> Keeper {
        let whole = std::fs::canonicalize(path);
        let is_in = |folder: &Path| {
            let links = std::fs::canonicalize(folder);
            path.starts_with(folder)
                || matches!((&whole, &links), (Ok(path), Ok(folder)) if path.starts_with(folder))
        };
        // A link of the cache leads to a blob that may lie anywhere.
        let by_name = Place::of(path).map(|place| place.cache);
        let is_cache = |folder: &Path| by_name.as_deref().is_some_and(is_same(folder));
        let mut folders = self.folders.iter();
        let found = folders.find(|(keeper, folder)| match keeper {
            Keeper::HubCache => is_cache(folder) || is_in(folder),
            _ => is_in(folder),
        });
        found.map_or(Keeper::Person, |(keeper, _)| *keeper)
    }

    fn folders(&self, keeper: Keeper) -> impl Iterator<Item = &Path> {
        let of = self.folders.iter().filter(move |(of, _)| *of == keeper);
        of.map(|(_, folder)| folder.as_path())
    }

    /// The folders of a program that are there, without links.
    pub(super) fn roots(&self, keeper: Keeper) -> impl Iterator<Item = PathBuf> {
        let there = self.folders(keeper).map(std::fs::canonicalize);
        there.flatten().filter(|folder| folder.is_dir())
    }
}

fn is_same(folder: &Path) -> impl Fn(&Path) -> bool {
    let whole = std::fs::canonicalize(folder).ok();
    let folder = folder.to_owned();
    move |other| other == folder || whole.as_deref() == Some(other)
}

/// A path of another program's settings.
fn setting(path: &Path, name: &str) -> Option<PathBuf> {
    let settings = super::folders::json(path, MOST_SETTINGS)?;
    Some(PathBuf::from(settings.get(name)?.as_str()?))
}
