//! The built window, driven as a person would: WebKitWebDriver starts it, with folders of its own.

use fantoccini::{Client, ClientBuilder, error::CmdError};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{
    fs,
    future::Future,
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long anything that comes may take. Twice the slowest seen on two busy cores.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The window under test: the built one, or an installed one named by `$PARLEY_DESKTOP`.
pub fn program() -> PathBuf {
    std::env::var_os("PARLEY_DESKTOP").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_parley-desktop")),
        PathBuf::from,
    )
}

/// Another program of the workspace, built beside the window.
fn beside(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_parley-desktop")).with_file_name(name);
    assert!(path.exists(), "{} is not built", path.display());
    path
}

/// A model file of the tests.
pub fn model(name: &str) -> PathBuf {
    let folder = std::env::var_os("PARLEY_MODELS").map_or_else(
        || {
            let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
                || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache"),
                PathBuf::from,
            );
            cache.join("parley-models")
        },
        PathBuf::from,
    );
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is missing: cargo xtask models",
        path.display()
    );
    path
}

/// The model that every new Parley begins with.
pub const STARTER: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
/// Another family, another tokenizer, another template.
pub const SECOND: &str = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";

/// Keeps what the content policy refuses in `window.refused`; to be said again after a load.
const LISTEN: &str = "window.refused ??= (() => {
    const refused = [];
    document.addEventListener('securitypolicyviolation', (event) =>
        refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
    return refused;
})()";

/// A person's computer: folders where nothing was before, and what was there stays over restarts.
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// An empty one.
    pub fn new() -> Home {
        Home {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `program` with this home and nothing of the machine's own session.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let worker = std::env::var_os("PARLEY_WORKER")
            .map_or_else(|| beside("parley-worker"), PathBuf::from);
        command
            .env("HOME", self.path())
            .env("PARLEY_HOME", self.path().join("parley"))
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("XDG_CACHE_HOME", self.path().join("cache"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("PARLEY_STARTER", model(STARTER))
            .env("PARLEY_WORKER", worker)
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .env("NO_AT_BRIDGE", "1")
            .env("GSETTINGS_BACKEND", "memory")
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env_remove("LANGUAGE");
        command
    }

    /// What `parley` says on this computer, asked with `arguments`.
    pub fn parley(&self, arguments: &[&str]) -> String {
        let program =
            std::env::var_os("PARLEY_COMMAND").map_or_else(|| beside("parley"), PathBuf::from);
        let output = self
            .command(&program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("parley starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "parley {arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The processes of this computer called `name`. (At most 15 bytes of it: the kernel keeps no more.)
    pub fn processes(&self, name: &str) -> Vec<u32> {
        let ours = format!("PARLEY_HOME={}", self.path().join("parley").display());
        let is_ours = |folder: &Path| {
            let called = fs::read_to_string(folder.join("comm")).unwrap_or_default();
            let environment = fs::read(folder.join("environ")).unwrap_or_default();
            called.trim_end() == name
                && environment
                    .split(|byte| *byte == 0)
                    .any(|one| one == ours.as_bytes())
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
        self.signal("KILL", name);
    }

    /// SIGTERM, as at the end of a session.
    pub fn end(&self, name: &str) {
        self.signal("TERM", name);
    }

    fn signal(&self, signal_name: &str, name: &str) {
        let found = self.processes(name);
        assert!(!found.is_empty(), "no {name} is running");
        for id in found {
            signal(signal_name, &id.to_string());
        }
    }

    /// `parley import` of a model of the tests, and the name that people see.
    pub fn import(&self, file: &str) -> String {
        let path = model(file);
        self.parley(&["import", path.to_str().expect("Unicode")]);
        let listed = self.parley(&["inspect", path.to_str().expect("Unicode"), "--json"]);
        let described: Value = serde_json::from_str(&listed).expect("JSON");
        described["name"].as_str().expect("a name").to_owned()
    }

    /// Waits until no process of this computer is called `name`.
    pub async fn until_gone(&self, name: &str) {
        self.wait(&format!("the end of {name}"), || {
            self.processes(name).is_empty()
        })
        .await;
    }

    /// Waits until the window's processes have written this.
    pub async fn until_logged(&self, words: &str) {
        self.wait(words, || self.logged().contains(words)).await;
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
    fn log(&self) -> fs::File {
        let path = self.path().join("log.txt");
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("a log")
    }

    /// What the window's processes have written.
    pub fn logged(&self) -> String {
        fs::read_to_string(self.path().join("log.txt")).unwrap_or_default()
    }

    /// Opens the window and waits until its page stands.
    pub async fn open(&self) -> Window {
        self.open_with(&[]).await
    }

    /// Opens the window of someone who has talked before, with the last conversation on the page.
    pub async fn open_again(&self) -> Window {
        let window = self.open().await;
        window
            .until("a conversation", || window.shows(crate::page::CONVERSATION))
            .await;
        if window.texts(crate::page::OWN).await.is_empty() {
            window.press(crate::page::CONVERSATION, 0).await;
        }
        window
            .until("its words", || window.shows(crate::page::OWN))
            .await;
        window
    }

    /// The same, with variables of the environment set.
    pub async fn open_with(&self, environment: &[(&str, &str)]) -> Window {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a port")
            .port();
        let driver = self
            .command(Path::new("WebKitWebDriver"))
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .envs(environment.iter().copied())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(self.log())
            .stderr(self.log())
            .spawn()
            .expect("WebKitWebDriver starts (Debian: webkit2gtk-driver)");
        let driver = Driver(driver);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                began.elapsed() < PATIENCE,
                "WebKitWebDriver does not listen"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let wishes = json!({
            "webkitgtk:browserOptions": { "binary": program(), "args": [] },
            // What leaves the page must fail soon: without this it waits for 300 seconds.
            "timeouts": { "pageLoad": 3000, "script": 30_000, "implicit": 0 },
        });
        let Value::Object(wishes) = wishes else {
            unreachable!()
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wishes)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("the window opens");
        let window = Window {
            client,
            _driver: driver,
        };
        window
            .until("the page stands", || async {
                window.script(LISTEN, vec![]).await;
                window.shows(crate::page::STANDS).await
            })
            .await;
        window
    }
}

fn signal(name: &str, target: &str) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), "--", target])
        .status();
}

/// The driver and all that it has started: one process group, ended together.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        signal("KILL", &format!("-{}", self.0.id()));
        let _ = self.0.wait();
    }
}

/// An open window.
pub struct Window {
    /// The WebDriver session.
    pub client: Client,
    _driver: Driver,
}

impl Window {
    /// What the script returns, run in the page; `args` are its `arguments`.
    pub async fn script(&self, script: &str, args: Vec<Value>) -> Value {
        self.client.execute(script, args).await.expect(script)
    }

    /// A row of the command table, asked as the page asks.
    pub async fn call(&self, name: &str, request: Value) -> Result<Value, Value> {
        let asked = "const [name, request, done] = arguments;
            window.__TAURI_INTERNALS__.invoke('call', { name, request })
                .then((reply) => done({ reply }), (error) => done({ error }));";
        let answer = self
            .client
            .execute_async(asked, vec![json!(name), request])
            .await
            .expect(name);
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["reply"].clone()),
        }
    }

    /// Whether anything fits the selector and can be seen.
    pub async fn shows(&self, selector: &str) -> bool {
        let seen = "return [...document.querySelectorAll(arguments[0])].some((one) => one.getClientRects().length > 0)";
        self.client
            .execute(seen, vec![json!(selector)])
            .await
            .is_ok_and(|seen| seen == true)
    }

    /// The text of all that fits the selector, in the order of the page.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let texts = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText.trim())";
        let texts = self.script(texts, vec![json!(selector)]).await;
        serde_json::from_value(texts).expect("a list of strings")
    }

    /// The text of the last that fits the selector; empty where nothing does.
    pub async fn text(&self, selector: &str) -> String {
        self.texts(selector).await.pop().unwrap_or_default()
    }

    /// Waits for what must come.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, mut holds: impl FnMut() -> F) {
        let began = Instant::now();
        while !holds().await {
            if began.elapsed() > PATIENCE {
                self.picture("failed").await;
                let page = self.text("body").await;
                panic!("it did not come: {what}; the page shows:\n{page}");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Saves a picture of the page as `target/screens/NAME.png`, for looking at.
    pub async fn picture(&self, name: &str) {
        let Ok(picture) = self.client.screenshot().await else {
            return;
        };
        let built = Path::new(env!("CARGO_BIN_EXE_parley-desktop"));
        let folder = built
            .ancestors()
            .nth(2)
            .expect("a target folder")
            .join("screens");
        fs::create_dir_all(&folder).expect("a folder for pictures");
        fs::write(folder.join(format!("{name}.png")), picture).expect("written");
    }

    /// Fails where the content policy refused something that the page itself asked for.
    pub async fn assert_nothing_refused(&self) {
        let refused = self.script("return window.refused", vec![]).await;
        assert_eq!(
            refused,
            json!([]),
            "the policy refuses the page what it needs"
        );
    }

    /// Closes the window and waits until its process, and all it has started, have ended.
    pub async fn close(self, home: &Home) -> Result<(), CmdError> {
        self.client.close().await?;
        home.until_gone("parley-desktop").await;
        home.until_gone("parley-worker").await;
        Ok(())
    }
}
