//! The library: a model is found on a hub, fetched over a slow link with a pause and a restart of the window between,
//! and answers. The hub is the one of `hub`'s tests, on loopback.

use crate::{
    computer::{Home, STARTER, model},
    harness::Window,
    hub_server::{HubServer, Repository},
    page::*,
};
use fantoccini::key::Key;
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

/// A hub that has the one repository.
fn hub() -> HubServer {
    let mut bytes = std::fs::read(model(STARTER)).expect("the model is read");
    let [from, to] = NAMES.map(str::as_bytes);
    let at = bytes.windows(from.len()).position(|name| name == from);
    let at = at.expect("it has a name");
    bytes[at..at + to.len()].copy_from_slice(to);
    let card = "---\nlicense: apache-2.0\n---\n# Lighthouse\n\nA small model.\n";
    let server = HubServer::start();
    server.put(
        Repository::new(REPOSITORY)
            .with("README.md", card)
            .with(FILE, bytes),
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
        let search = self.find(SEARCH).await;
        search.send_keys("lighthouse").await.expect("typing");
        let enter = Key::Enter.to_string();
        search.send_keys(&enter).await.expect("typing");
        self.until("the hub answers", || self.shows(FOUND)).await;
        assert!(self.text(FOUND).await.starts_with(REPOSITORY));
        self.picture("library-found").await;
        self.press(FOUND, 0).await;
        self.until("its files", || self.shows(GET)).await;
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
    window
        .until("it is whole", || async {
            window.text(FETCHED).await.contains(&whole)
        })
        .await;
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
