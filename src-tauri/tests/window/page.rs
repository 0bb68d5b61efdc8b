//! The page as a person meets it: where things stand, and what can be done. The one file of these
//! tests that knows how the page is built.

use crate::harness::{Window, soon};
use fantoccini::{Locator, key::Key};
use serde_json::{Value, json};

/// Either a page of the program, the chat or the library, or the page of what keeps it from starting.
pub const STANDS: &str = "form.composer textarea, main article.card, main [role=alert]";
/// Where the person writes.
pub const COMPOSER: &str = "form.composer textarea";
/// The button that ends an answer; there as long as one is made.
pub const STOP: &str = "form.composer button.stop";
/// What the person has said.
pub const OWN: &str = "main .own .me";
/// The answers.
pub const ANSWER: &str = "main article";
/// The words of the answers.
pub const SAID: &str = "main article .said";
/// Who wrote them.
pub const AUTHOR: &str = "main article .by b";
/// What stands under them: tokens per second and the rest.
pub const FACTS: &str = "main article footer";
/// Code in answers, and pieces of it in colour.
pub const CODE: &str = "main article figure.code pre code";
pub const COLOURED: &str = "main article figure.code pre code span[class]";
/// The line where another model took over.
pub const SWITCHED: &str = "main [role=separator]";
/// What went wrong.
pub const TROUBLE: &str = "main .note";
/// What can be done about it, the likeliest first.
pub const TROUBLE_ACT: &str = "main .note .acts button";
/// The model of the next answer, and the button that opens the picker.
pub const CHIP: &str = "main button.chip";
pub const CHOSEN: &str = "main button.chip b";
/// How open it is, where the catalogue knows.
pub const CHIP_LIGHTS: &str = "main button.chip svg[role=img]";
/// The picker and its models.
pub const PICKER: &str = "main .picker[role=dialog]";
pub const MODEL: &str = "main .picker [role=row]";
pub const MODEL_NAME: &str = "main .picker [role=row] .name";
/// The picker's way to the system's file dialog.
pub const OPEN_FILE: &str = "main .picker .foot button";
/// The list of conversations.
pub const CONVERSATION: &str = "aside button.item[data-id]";
/// The button that begins another.
pub const NEW: &str = "aside button[aria-label='New conversation']";
/// The dialog over the page, and what can be answered.
pub const DIALOG: &str = "dialog.pop[open]";
pub const DIALOG_ACT: &str = "dialog.pop[open] .acts button";
/// What is said while files are dragged over the window.
pub const DROP_HERE: &str = ".drop .pop";
/// The views: chat, library, settings.
pub const VIEW: &str = "nav.rail button";
/// Models of the library, and what is said of each: how open it is, how it would run here.
pub const CARD: &str = "main article.card";
pub const LIGHTS: &str = "main article.card .lights";
pub const FIT: &str = "main article.card .fit";
/// The library's search, and its way to the hub.
pub const SEARCH: &str = "aside input[type=search]";
/// What the hub found, and what can be done about a repository's file.
pub const FOUND: &str = "main button.found";
pub const GET: &str = "main .act button";
/// What is being fetched: its words, how far it is, what can be done about it.
pub const FETCHED: &str = "main section .told";
pub const FAR: &str = "main [role=progressbar]";
pub const FETCH_ACT: &str = "main section .acts button";
/// What is said of a model whose makers ask first, and the way to the token.
pub const GATED: &str = "main .gated";
pub const GATED_ACT: &str = "main .gated p button";
/// Where the token is given, and what is known of it.
pub const TOKEN: &str = "main #token";
pub const TOKEN_SET: &str = "main .holds";
/// All that is in the queue, not the first alone; steps to an earlier place in it; ways out of it.
pub const QUEUE_ALL: &str = "main section .acts .link";
pub const QUEUE_EARLIER: &str = "main section [data-move='-1']";
pub const QUEUE_OUT: &str = "main section .acts .ib:last-child";
/// The way from a page of the library to the one before.
pub const BACK: &str = "main header button[aria-label='Back']";
/// The way to what is installed, and how checking it ended.
pub const HERE: &str = "aside nav button:last-child";
pub const CHECKED: &str = "main .work [role=status]";
/// The settings.
const LANGUAGE: &str = "#language";
const THEME: &str = "main [role=radio]";

/// A word of the interface, from the catalogue that the page was built with.
pub fn word(language: &str, key: &str) -> String {
    let path = format!(
        "{}/../assets/messages/{language}/window.ftl",
        env!("CARGO_MANIFEST_DIR")
    );
    let catalogue = std::fs::read_to_string(path).expect("a catalogue");
    let prefix = format!("{key} = ");
    let found = catalogue
        .lines()
        .find_map(|line| line.strip_prefix(&prefix));
    found
        .unwrap_or_else(|| panic!("{language} has no {key}"))
        .to_owned()
}

impl Window {
    /// Presses what fits the selector, the `at`th of them.
    pub async fn press(&self, selector: &str, at: usize) {
        self.until(selector, || async { self.texts(selector).await.len() > at })
            .await;
        let found = soon(selector, self.client.find_all(Locator::Css(selector))).await;
        soon(selector, found[at].click()).await;
    }

    /// Types the words and sends them by Enter.
    pub async fn say(&self, words: &str) {
        let said = self.texts(OWN).await.len();
        self.send(words).await;
        self.until("the words stand in the thread", || async {
            self.texts(OWN).await.len() == said + 1
        })
        .await;
        assert_eq!(self.text(OWN).await, words);
    }

    /// Types the words and presses Enter, no more. A draft that stands there is dropped.
    pub async fn send(&self, words: &str) {
        let clear = "const composer = document.querySelector(arguments[0]);
            if (composer.value === '') return;
            composer.value = '';
            composer.dispatchEvent(new Event('input', { bubbles: true }));";
        self.script(clear, vec![json!(COMPOSER)]).await;
        let composer = self.find(COMPOSER).await;
        soon("typing", composer.send_keys(words)).await;
        soon("sending", composer.send_keys(&Key::Enter.to_string())).await;
    }

    /// What stands in the composer.
    pub async fn draft(&self) -> String {
        let value = "return document.querySelector(arguments[0]).value";
        let value = self.script(value, vec![json!(COMPOSER)]).await;
        value.as_str().unwrap_or_default().to_owned()
    }

    /// The words of the last answer so far; empty where it has none.
    pub async fn answer(&self) -> String {
        let last = "const last = [...document.querySelectorAll(arguments[0])].at(-1);
            return last?.querySelector('.said')?.innerText.trim() ?? ''";
        self.script(last, vec![json!(ANSWER)])
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits until the `number`th answer shows this many letters, and returns what it shows.
    pub async fn answered(&self, number: usize, letters: usize) -> String {
        self.until("words of the answer", || async {
            self.texts(ANSWER).await.len() == number
                && self.answer().await.chars().count() >= letters
        })
        .await;
        self.answer().await
    }

    /// Waits until no answer is being made.
    pub async fn ended(&self) {
        self.until("the answer ends", || async {
            !self.shows(STOP).await && self.shows(FACTS).await
        })
        .await;
    }

    /// Waits until the answer has ended or has this many tokens, about, and then ends it.
    pub async fn ended_within(&self, tokens: usize) {
        let long = tokens * 4;
        self.until("the answer ends, or is long enough", || async {
            !self.shows(STOP).await || self.answer().await.chars().count() > long
        })
        .await;
        self.stop().await;
    }

    /// Ends the answer that is being made, where it has not ended by itself.
    pub async fn stop(&self) {
        let press = "document.querySelector(arguments[0])?.click()"; // it may have ended in between
        self.script(press, vec![json!(STOP)]).await;
        self.ended().await;
    }

    /// The conversation on the page, as it is stored.
    pub async fn conversation(&self) -> Value {
        let current =
            "return document.querySelector('aside button.item[aria-current]')?.dataset.id";
        let id = self.script(current, vec![]).await;
        self.call("conversation_open", json!({ "id": id }))
            .await
            .expect("the conversation")
    }

    /// Waits until the library has a model of this name, and makes it the next to answer.
    pub async fn choose(&self, name: &str) {
        self.press(CHIP, 0).await;
        self.until(name, || async {
            self.texts(MODEL_NAME).await.iter().any(|one| one == name)
        })
        .await;
        let at = self
            .texts(MODEL_NAME)
            .await
            .iter()
            .position(|one| one == name)
            .expect("it is listed");
        self.press(MODEL, at).await;
        self.until("it is chosen", || async {
            self.text(CHOSEN).await == name && !self.shows(PICKER).await
        })
        .await;
    }

    /// How far what is being fetched is, in percent.
    pub async fn far(&self) -> f64 {
        let far = "return Number(document.querySelector(arguments[0])?.ariaValueNow ?? -1)";
        self.script(far, vec![json!(FAR)])
            .await
            .as_f64()
            .unwrap_or(-1.0)
    }

    /// Opens the settings and sets language and theme there.
    pub async fn set(&self, language: &str, theme: usize) {
        self.press(VIEW, 2).await;
        self.until("the settings", || self.shows(LANGUAGE)).await;
        // A press would open the system's own list, which no driver can choose from.
        let choose = "const select = document.querySelector(arguments[0]);
            select.value = arguments[1];
            select.dispatchEvent(new Event('change', { bubbles: true }));";
        self.script(choose, vec![json!(LANGUAGE), json!(language)])
            .await;
        let tongue = "return document.documentElement.lang";
        self.until("the language changed", || async {
            self.script(tongue, vec![]).await == language
        })
        .await;
        self.press(THEME, theme).await;
        let chosen = format!("{THEME}[aria-checked=true]");
        let name = self.texts(THEME).await[theme].clone();
        self.until("the theme changed", || async {
            self.texts(&chosen).await.contains(&name)
        })
        .await;
    }
}
