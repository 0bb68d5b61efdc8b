//! The built window, driven by WebKitWebDriver: it starts it, and ends with it.

use crate::{
    computer::{Home, PATIENCE, model, program, signal, variable},
    page,
};
use fantoccini::{Client, ClientBuilder, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use std::{
    fmt::Debug,
    fs,
    future::Future,
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

/// Keeps what the content policy refuses in `window.refused`; to be said again after a load.
const LISTEN: &str = "window.refused ??= (() => {
    const refused = [];
    document.addEventListener('securitypolicyviolation', (event) =>
        refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
    return refused;
})()";

/// WebKitGTK takes a picture with the next frame, and a page that stands still has none: this
/// draws some that look the same.
const STIR: &str = "let left = 40;
    const timer = setInterval(() => {
        document.body.style.opacity = left % 2 ? '' : '0.999';
        if (--left < 0) clearInterval(timer);
    }, 25)";

/// An answer that must come, and be a good one.
pub async fn soon<T, E: Debug>(what: &str, answer: impl Future<Output = Result<T, E>>) -> T {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => panic!("{what}: {error:?}"),
        Err(_) => panic!("{what}: no answer"),
    }
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
    /// Where its driver listens.
    pub port: u16,
    _driver: Driver,
}

impl Home {
    /// Opens the window and waits until its page stands.
    pub async fn open(&self) -> Window {
        self.open_with(&[]).await
    }

    /// Opens the window of someone who has talked before, with the last conversation on the page.
    pub async fn open_again(&self) -> Window {
        let window = self.open().await;
        window
            .until("a conversation", || window.shows(page::CONVERSATION))
            .await;
        if window.texts(page::OWN).await.is_empty() {
            window.press(page::CONVERSATION, 0).await;
        }
        window.until("its words", || window.shows(page::OWN)).await;
        window
    }

    /// Opens the window with variables of the environment set.
    pub async fn open_with(&self, environment: &[(&str, &str)]) -> Window {
        let window = self.connect(environment).await;
        let stands = || async {
            // On a machine that is busy a page may take longer than a script may wait for it.
            let listens = window.client.execute(LISTEN, vec![]).await.is_ok();
            listens && window.shows(page::STANDS).await
        };
        window.until("the page stands", stands).await;
        window
    }

    /// Starts the window, and does not wait for its page.
    pub async fn connect(&self, environment: &[(&str, &str)]) -> Window {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = free.expect("a port").port();
        let driver = self
            .command(Path::new("WebKitWebDriver"))
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .envs(environment.iter().copied())
            .process_group(0)
            .stdout(self.log())
            .stderr(self.log())
            .spawn()
            .expect("WebKitWebDriver starts (Debian: webkit2gtk-driver)");
        let driver = Driver(driver);
        self.wait("the driver", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .await;

        let mut wishes = Map::new();
        let options = json!({ "binary": program(), "args": [] });
        wishes.insert("webkitgtk:browserOptions".to_owned(), options);
        // What leaves the page must fail soon: without this it waits for 300 seconds.
        let timeouts = json!({ "pageLoad": 3000, "script": 30_000, "implicit": 0 });
        wishes.insert("timeouts".to_owned(), timeouts);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wishes);
        let address = format!("http://127.0.0.1:{port}");
        let client = soon("the window opens", builder.connect(&address)).await;

        Window {
            client,
            port,
            _driver: driver,
        }
    }
}

impl Window {
    /// What the script returns, run in the page; `args` are its `arguments`.
    pub async fn script(&self, script: &str, args: Vec<Value>) -> Value {
        soon(script, self.client.execute(script, args)).await
    }

    /// What the script hands to the last of its `arguments`.
    pub async fn asked(&self, script: &str, args: Vec<Value>) -> Value {
        soon(script, self.client.execute_async(script, args)).await
    }

    /// The first that fits the selector.
    pub async fn find(&self, selector: &str) -> Element {
        soon(
            selector,
            self.client.find(fantoccini::Locator::Css(selector)),
        )
        .await
    }

    /// A row of the command table, asked as the page asks.
    pub async fn call(&self, name: &str, request: Value) -> Result<Value, Value> {
        let invoke = "const [name, request, done] = arguments;
            window.__TAURI_INTERNALS__.invoke('call', { name, request })
                .then((reply) => done({ reply }), (error) => done({ error }));";
        let answer = self.asked(invoke, vec![json!(name), request]).await;
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["reply"].clone()),
        }
    }

    /// Waits until a model file of the tests is in the library, and returns its name for people.
    pub async fn name_of(&self, file: &str) -> String {
        let path = json!(model(file));
        let began = Instant::now();
        loop {
            let library = self.call("models", json!({})).await.expect("the library");
            let models = library["models"].as_array().expect("models");
            if let Some(model) = models.iter().find(|one| one["path"] == path) {
                return model["name"].as_str().expect("a name").to_owned();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the library does not show {file}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Adds a model file of the tests to the library, and returns its name for people.
    pub async fn import(&self, file: &str) -> String {
        let imported = self
            .call("model_import", json!({ "path": model(file) }))
            .await;
        imported.expect("a model");
        self.name_of(file).await
    }

    /// Whether anything fits the selector and can be seen.
    pub async fn shows(&self, selector: &str) -> bool {
        let seen = "return [...document.querySelectorAll(arguments[0])]
            .some((one) => one.getClientRects().length > 0)";
        self.script(seen, vec![json!(selector)]).await == true
    }

    /// The text of all that fits the selector, in the order of the page.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let texts = "return [...document.querySelectorAll(arguments[0])]
            .map((one) => one.innerText.trim())";
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

    /// Saves a picture of the page as NAME.png in `$PARLEY_SCREENS`, else in `target/screens`, for looking at.
    pub async fn picture(&self, name: &str) {
        tokio::time::sleep(Duration::from_millis(300)).await; // what appears has appeared
        self.script(STIR, vec![]).await;
        let picture = soon("a picture", self.client.screenshot()).await;
        let built = Path::new(env!("CARGO_BIN_EXE_parley-desktop"));
        let beside = || {
            built
                .ancestors()
                .nth(2)
                .expect("a target folder")
                .join("screens")
        };
        let folder = variable("PARLEY_SCREENS").unwrap_or_else(beside);
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

    /// Ends the window, and waits until its process and all it has started are gone.
    pub async fn close(self, home: &Home) {
        soon("the end", self.client.close()).await;
        home.until_gone("parley-desktop").await;
        home.until_gone("parley-worker").await;
    }
}
