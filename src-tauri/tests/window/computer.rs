//! A person's computer: folders where nothing was before, the programs, and their processes.

use crate::display::Display;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long anything that comes may take, also beside builds on two cores. Most of it comes at once.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The model that every new Parley begins with.
pub const STARTER: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
/// Another family, another tokenizer, another template.
pub const SECOND: &str = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";

/// A variable of the environment, as a path.
pub fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

/// The window under test: the built one, or an installed one named by `$PARLEY_DESKTOP`.
pub fn program() -> PathBuf {
    variable("PARLEY_DESKTOP").unwrap_or_else(|| env!("CARGO_BIN_EXE_parley-desktop").into())
}

/// Whether that is an installed one: it is to find its worker and its model by itself.
pub fn is_installed() -> bool {
    variable("PARLEY_DESKTOP").is_some()
}

/// Another program of the workspace: the one named by the variable, or built beside the window.
pub fn beside(named: &str, name: &str) -> PathBuf {
    let built = || Path::new(env!("CARGO_BIN_EXE_parley-desktop")).with_file_name(name);
    let path = variable(named).unwrap_or_else(built);
    assert!(
        path.exists(),
        "{} is missing: cargo build --workspace",
        path.display()
    );
    path
}

/// A model file of the tests.
pub fn model(name: &str) -> PathBuf {
    let home = || variable("HOME").expect("a home").join(".cache");
    let cache = || {
        variable("XDG_CACHE_HOME")
            .unwrap_or_else(home)
            .join("parley-models")
    };
    let path = variable("PARLEY_MODELS").unwrap_or_else(cache).join(name);
    assert!(
        path.exists(),
        "{} is missing: cargo xtask models",
        path.display()
    );
    path
}

/// Sends a signal to a process, or with `-` before its number to a group of them.
pub fn signal(name: &str, target: &str) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), "--", target])
        .status();
}

/// What is there stays over restarts of the window.
pub struct Home {
    folder: TempDir,
    /// What its windows are shown on.
    pub display: Display,
}

impl Home {
    /// An empty one.
    pub fn new() -> Home {
        let folder = tempfile::tempdir().expect("a folder");
        let display = Display::new();
        Home { folder, display }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where everything of Parley's is kept.
    pub fn parley_home(&self) -> PathBuf {
        self.path().join("parley")
    }

    /// `program` with this home and nothing of the machine's own session.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("HOME", self.path())
            .env("PARLEY_HOME", self.parley_home())
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("XDG_CACHE_HOME", self.path().join("cache"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("DISPLAY", &self.display.name)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XAUTHORITY")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .env("NO_AT_BRIDGE", "1")
            .env("GSETTINGS_BACKEND", "memory")
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env_remove("LANGUAGE")
            .stdin(Stdio::null());
        if !is_installed() {
            command
                .env("PARLEY_STARTER", model(STARTER))
                .env("PARLEY_WORKER", beside("PARLEY_WORKER", "parley-worker"));
        }
        command
    }

    /// What `parley` says on this computer, asked with `arguments`.
    pub fn parley(&self, arguments: &[&str]) -> String {
        let program = beside("PARLEY_COMMAND", "parley");
        let output = self
            .command(&program)
            .args(arguments)
            .output()
            .expect("parley starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "parley {arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// `parley render` of the messages by the template of a model of the tests.
    pub fn render(&self, file: &str, messages: Vec<Value>) -> String {
        let path = self.path().join("messages.json");
        fs::write(&path, Value::from(messages).to_string()).expect("written");
        let unicode = |path: &Path| path.to_str().expect("Unicode").to_owned();
        self.parley(&["render", &unicode(&model(file)), &unicode(&path)])
    }

    /// The processes of this computer called `name`. (At most 15 bytes of it: the kernel keeps no more.)
    pub fn processes(&self, name: &str) -> Vec<u32> {
        let ours = format!("PARLEY_HOME={}", self.parley_home().display());
        let is_ours = |folder: &Path| {
            let called = fs::read_to_string(folder.join("comm")).unwrap_or_default();
            let environment = fs::read(folder.join("environ")).unwrap_or_default();
            let mut variables = environment.split(|byte| *byte == 0);
            called.trim_end() == name && variables.any(|one| one == ours.as_bytes())
        };
        fs::read_dir("/proc")
            .expect("/proc")
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|id: &u32| is_ours(&Path::new("/proc").join(id.to_string())))
            .collect()
    }

    /// SIGKILL for every process of this computer called `name`; there must be one.
    pub fn kill(&self, name: &str) {
        self.send("KILL", name);
    }

    /// SIGTERM, as at the end of a session.
    pub fn end(&self, name: &str) {
        self.send("TERM", name);
    }

    fn send(&self, which: &str, name: &str) {
        let found = self.processes(name);
        assert!(!found.is_empty(), "no {name} is running");
        for id in found {
            signal(which, &id.to_string());
        }
    }

    /// Waits until no process of this computer is called `name`.
    pub async fn until_gone(&self, name: &str) {
        self.wait(&format!("the end of {name}"), || {
            self.processes(name).is_empty()
        })
        .await;
    }

    /// Waits for what must come.
    pub async fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < PATIENCE,
                "it did not come: {what}\n{}",
                self.logged()
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Where the window's processes write what they have to say to developers.
    pub fn log(&self) -> fs::File {
        let path = self.path().join("log.txt");
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("a log")
    }

    fn logged(&self) -> String {
        fs::read_to_string(self.path().join("log.txt")).unwrap_or_default()
    }
}
