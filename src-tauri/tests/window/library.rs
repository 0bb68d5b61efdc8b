//! The library: a model is found on a hub, fetched over a slow link with a pause and a restart of the window between,
//! and answers; one whose makers ask first is fetched with a token, out of its turn, kept, checked and deleted. The hub
//! is the one of `hub`'s tests, on loopback.

use crate::{
    computer::{Home, STARTER, model},
    harness::Window,
    hub_server::{Fault, HubServer, On, Repository},
    page::*,
};
use fantoccini::key::Key;
use serde_json::json;
use std::time::Duration;

const REPOSITORY: &str = "owner/lighthouse-135M-GGUF";
const FILE: &str = "lighthouse-135M.Q4_1.gguf";
/// Bytes a second of each connection: slow enough to press pause.
const SLOW: u64 = 300_000;

/// What the starter is called in its file, and what it is to be called: the library knows the starter itself.
const NAMES: [&str; 2] = [
    "Smollm2 135M 8k Lc100K Mix1 Ep2",
    "Lighthouse 135M of the Tests v1",
];

/// The model, under another name than the library knows.
fn lighthouse() -> Vec<u8> {
    let mut bytes = std::fs::read(model(STARTER)).expect("the model is read");
    let [from, to] = NAMES.map(str::as_bytes);
    let at = bytes.windows(from.len()).position(|name| name == from);
    let at = at.expect("it has a name");
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

/// A hub that has the one repository.
fn hub() -> HubServer {
    let card = "---\nlicense: apache-2.0\n---\n# Lighthouse\n\nA small model.\n";
    let server = HubServer::start();
    server.put(
        Repository::new(REPOSITORY)
            .with("README.md", card)
            .with(FILE, lighthouse()),
    );
    server.set_speed(SLOW);
    server
}

impl Window {
    async fn open_library(&self) {
        let keys = format!("{}2", char::from(Key::Control));
        let composer = self.find(COMPOSER).await;
        composer.send_keys(&keys).await.expect("typing");
        self.until("cards", || self.shows(CARD)).await;
    }

    /// Searches the hub and opens what it finds.
    async fn open_repository(&self) {
        self.search_hub("lighthouse").await;
        assert!(self.text(FOUND).await.starts_with(REPOSITORY));
        self.picture("library-found").await;
        self.press(FOUND, 0).await;
        self.until("its files", || self.shows(GET)).await;
    }

    /// Asks the hub, and waits for what it finds.
    async fn search_hub(&self, words: &str) {
        let search = self.find(SEARCH).await;
        search.send_keys(words).await.expect("typing");
        let enter = Key::Enter.to_string();
        search.send_keys(&enter).await.expect("typing");
        self.until("the hub answers", || self.shows(FOUND)).await;
    }

    /// Opens the page of a repository among those found.
    async fn open_found(&self, name: &str) {
        self.until("what was found", || self.shows(FOUND)).await;
        let found = self.texts(FOUND).await;
        let at = found.iter().position(|one| one.starts_with(name));
        self.press(FOUND, at.expect("it is found")).await;
        self.until("its files", || self.shows(GET)).await;
    }

    /// Puts the file of a repository into the queue.
    async fn get(&self, name: &str) {
        self.open_found(name).await;
        self.press(GET, 0).await;
        self.until("it is in the queue", || self.shows(FAR)).await;
    }

    /// Waits until the queue is these, in this order.
    async fn until_queued(&self, names: &[&str]) {
        self.until("the order of the queue", || async {
            let told = self.texts(FETCHED).await;
            let same = |(told, name): (&String, &&str)| told.starts_with(*name);
            told.len() == names.len() && told.iter().zip(names).all(same)
        })
        .await;
    }

    /// Waits until the last of the queue says this.
    async fn until_told(&self, words: &str) {
        self.until(words, || async { self.text(FETCHED).await.contains(words) })
            .await;
    }

    async fn until_far(&self, percent: f64) {
        self.until("bytes come", || async { self.far().await >= percent })
            .await;
    }
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_model_is_found_fetched_over_a_restart_and_answers() {
    let home = Home::new();
    let server = hub();
    let endpoint = server.endpoint();
    let environment = [("HF_ENDPOINT", endpoint.as_str())];
    let window = home.open_with(&environment).await;
    window.open_library().await;
    let cards = window.texts(CARD).await.len();
    assert!(cards > 20, "the catalogue: {cards}");
    assert_eq!(window.texts(LIGHTS).await.len(), cards);
    window
        .until("the measured speed", || async {
            let told = window.texts(FIT).await;
            told.iter().any(|words| words.contains("tokens/s"))
        })
        .await;
    window.picture("library").await;
    let asked = server.requests();
    assert!(asked.is_empty(), "before the person asks: {asked:?}");

    window.open_repository().await;
    window.picture("library-repository").await;
    window.press(GET, 0).await;
    window.until_far(3.0).await;
    window.picture("library-fetching").await;
    window.press(GET, 0).await;
    let paused = word("en", "download-paused");
    window
        .until("it pauses", || async {
            let said = "return document.querySelector(arguments[0])?.ariaValueText ?? ''";
            let said = window.script(said, vec![FAR.into()]).await;
            said.as_str().is_some_and(|said| said.contains(&paused))
        })
        .await;
    let far = window.far().await;
    let sent = server.requests().len();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(window.far().await, far, "nothing comes while it is paused");
    window.close(&home).await;

    let window = home.open_with(&environment).await;
    window.press(VIEW, 1).await;
    window.until("the queue", || window.shows(FETCHED)).await;
    assert!(window.text(FETCHED).await.contains(&paused));
    assert!(window.far().await >= far, "what has come is kept");
    assert_eq!(server.requests().len(), sent, "and nothing was asked");
    window.picture("library-paused").await;
    window.press(FETCH_ACT, 0).await;
    window.until_far(far + 3.0).await;
    window.set("zh-Hant", 1).await;
    window.press(VIEW, 1).await;
    window.picture("library-zh-Hant").await;
    server.set_speed(0);
    let whole = word("zh-Hant", "download-done");
    window.until_told(&whole).await;
    window.picture("library-done").await;

    window.press(FETCH_ACT, 0).await;
    window.until("the chat", || window.shows(COMPOSER)).await;
    assert!(
        window
            .text(CHOSEN)
            .await
            .to_lowercase()
            .contains("lighthouse")
    );
    window.say("Name three colours.").await;
    window.answered(1, 3).await;
    window.stop().await;
    assert!(
        window
            .text(AUTHOR)
            .await
            .to_lowercase()
            .contains("lighthouse")
    );
    window.picture("library-answer").await;
    window.assert_nothing_refused().await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_queue_is_changed_and_a_gated_model_fetched_checked_and_deleted() {
    const HARBOUR: &str = "owner/harbour";
    const ASKS: &str = "owner/asks-first";
    const PIER: &str = "owner/pier";
    const SECRET: &str = "hf_lighthouseTokenOfTheTests";
    let home = Home::new();
    let server = HubServer::start();
    let long = vec![7; 64 << 20];
    server.put(Repository::new(HARBOUR).with("harbour.Q4_0.gguf", long.clone()));
    let mut asks = Repository::new(ASKS).with(FILE, lighthouse());
    asks.gated = true;
    server.put(asks);
    server.put(Repository::new(PIER).with("pier.Q4_0.gguf", long));
    server.set_token(SECRET);
    server.set_speed(SLOW);
    let endpoint = server.endpoint();
    let window = home.open_with(&[("HF_ENDPOINT", &endpoint)]).await;
    let told = || window.shows(CHIP_LIGHTS);
    window.until("how open the first model is", told).await;
    window.open_library().await;
    window.search_hub("owner").await;
    for repository in [HARBOUR, ASKS, PIER] {
        window.get(repository).await;
        window.press(BACK, 0).await;
    }

    // The order is another, and what is cancelled leaves it to the next.
    window.press(QUEUE_ALL, 0).await;
    window.until_queued(&["harbour", "asks", "pier"]).await;
    window.press(QUEUE_EARLIER, 2).await;
    window.until_queued(&["harbour", "pier", "asks"]).await;
    window.until_far(1.0).await;
    window.picture("library-queue").await;
    window.press(QUEUE_OUT, 0).await;
    window.until_queued(&["pier", "asks"]).await;
    window.until_far(1.0).await;
    window.press(QUEUE_OUT, 0).await;
    window.until_queued(&["asks"]).await;
    window.until_told("ask who you are first").await;
    window.picture("library-gated").await;
    assert_eq!(server.bytes_sent(&format!("{ASKS}/{FILE}")), 0);

    // Its page says where to accept the terms, and leads to the token.
    window.open_found(ASKS).await;
    window.until("who asks first", || window.shows(GATED)).await;
    let terms = format!("{endpoint}/{ASKS}");
    assert!(window.text(GATED).await.contains(&terms));
    window.press(GATED_ACT, 0).await;
    window.until("the settings", || window.shows(TOKEN)).await;
    let field = window.find(TOKEN).await;
    let typed = format!("{SECRET}{}", Key::Enter);
    field.send_keys(&typed).await.expect("typing");
    window.until("it is kept", || window.shows(TOKEN_SET)).await;
    assert!(!window.text("main").await.contains(SECRET));
    window.picture("library-token").await;
    window.press(VIEW, 1).await;
    window.press(BACK, 0).await;
    // A hub that fails is asked again until it answers.
    let busy = Fault::Status(503, "Retry-After", "1".to_owned());
    server.fail(On::Bytes, busy, usize::MAX);
    window.press(FETCH_ACT, 0).await;
    window.until_told("tried again in").await;
    window.picture("library-retrying").await;
    server.set_speed(0);
    server.mend();
    window.until_told(&word("en", "download-done")).await;

    window.press(FETCH_ACT, 0).await;
    window.until("the chat", || window.shows(COMPOSER)).await;
    window.say("Name three colours.").await;
    window.answered(1, 3).await;
    window.stop().await;
    let answer = window.answer().await;

    // Checked, and deleted with a look at what comes free; what it said stays.
    let library = window.call("models", json!({})).await.expect("the models");
    let models = library["models"].as_array().expect("a list");
    let fetched = models.iter().find(|model| model["name"] == NAMES[1]);
    let path = fetched.and_then(|model| model["path"].as_str());
    let bytes = std::fs::canonicalize(path.expect("a path")).expect("its bytes");
    let of_it = |key| word("en", key).replace("{ $name }", NAMES[1]);
    window.press(VIEW, 1).await;
    window.press(HERE, 0).await;
    let check = format!("main button[aria-label='{}']", of_it("installed-verify"));
    window.press(&check, 0).await;
    let well = word("en", "work-verified");
    let checked = || async { window.text(CHECKED).await == well };
    window.until("it is checked", checked).await;
    window.picture("library-checked").await;
    let delete = format!("main button[aria-label='{}']", of_it("installed-delete"));
    window.press(&delete, 0).await;
    let frees = word("en", "delete-frees").replace("{ $size } ", "");
    let looked = || async { window.text(DIALOG).await.contains(&frees) };
    window.until("what comes free", looked).await;
    window.picture("library-delete").await;
    window.press(DIALOG_ACT, 2).await;
    let gone = || async { !window.shows(&delete).await };
    window.until("it is gone", gone).await;
    assert!(!bytes.exists(), "its bytes are still on the disk");
    window.press(VIEW, 0).await;
    window.press(CONVERSATION, 0).await;
    let stays = || async { window.answer().await == answer };
    window.until("the conversation stays", stays).await;
    window.picture("library-deleted").await;
    window.assert_nothing_refused().await;
}
