//! What the environment says of the network: the variables that Python's huggingface_hub, curl and
//! OpenSSL know.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

/// All that are read.
const VARIABLES: &[&str] = &[
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "HF_ENDPOINT",
    "HF_HOME",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "HF_TOKEN_PATH",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "HUGGING_FACE_HUB_TOKEN",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "TRANSFORMERS_OFFLINE",
    "XDG_CACHE_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
/// A longer file is no token.
const TOKEN_LIMIT: u64 = 4096;

/// The variables that matter, as they are or as a test says.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Environment {
        let variables = VARIABLES.iter().filter_map(|name| {
            let value = std::env::var(name).ok()?;
            Some(((*name).to_owned(), value))
        });
        Environment {
            variables: variables.collect(),
            home: directories::BaseDirs::new().map(|folders| folders.home_dir().to_owned()),
        }
    }

    /// One of these variables only, without a home folder.
    pub fn of(variables: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Environment {
            variables: variables.iter().map(owned).collect(),
            home: None,
        }
    }

    /// The same with this home folder.
    pub fn at_home(mut self, home: PathBuf) -> Environment {
        self.home = Some(home);
        self
    }

    /// The first of these variables that says anything: its value and its name.
    pub(super) fn first(&self, names: &[&str]) -> Option<(&str, &str)> {
        names.iter().find_map(|name| {
            let (name, value) = self.variables.get_key_value(*name)?;
            let value = value.trim();
            (!value.is_empty()).then_some((value, name.as_str()))
        })
    }

    /// The first of these variables that is switched on, as Python's huggingface_hub reads it.
    pub(super) fn on(&self, names: &[&str]) -> Option<(&str, &str)> {
        let (value, name) = self.first(names)?;
        let on = ["1", "on", "yes", "true"].contains(&value.to_lowercase().as_str());
        on.then_some((value, name))
    }

    /// The token, and the variable or the file that has it.
    pub(super) fn token(&self) -> Option<(String, String)> {
        if self.on(&["HF_HUB_DISABLE_IMPLICIT_TOKEN"]).is_some() {
            return None;
        }
        if let Some((token, name)) = self.first(&["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]) {
            return Some((token.to_owned(), name.to_owned()));
        }
        let (path, from) = self.token_file()?;
        let mut text = String::new();
        let file = std::fs::File::open(&path).ok()?;
        file.take(TOKEN_LIMIT).read_to_string(&mut text).ok()?;
        let token = text.trim();
        (!token.is_empty()).then(|| (token.to_owned(), from))
    }

    /// The file that Python's login writes, and what names it.
    fn token_file(&self) -> Option<(PathBuf, String)> {
        if let Some((path, name)) = self.first(&["HF_TOKEN_PATH"]) {
            return Some((self.expanded(path), name.to_owned()));
        }
        if let Some((folder, name)) = self.first(&["HF_HOME"]) {
            return Some((self.expanded(folder).join("token"), name.to_owned()));
        }
        let path = match self.first(&["XDG_CACHE_HOME"]) {
            Some((cache, _)) => self.expanded(cache),
            None => self.home.as_ref()?.join(".cache"),
        };
        let path = path.join("huggingface").join("token");
        let named = path.display().to_string();
        Some((path, named))
    }

    /// A path with `~` as the home folder, as shells and Python write it.
    fn expanded(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    }
}
