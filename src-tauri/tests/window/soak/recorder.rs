//! What a page shows, kept as it changes: what counts as shown is what once stood in the page.

use crate::{harness::Window, page};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// A conversation on the page: what the person said, and the words of each answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub own: Vec<String>,
    /// As long as `own`; empty where no word has come.
    pub answers: Vec<String>,
}

/// Hands over what stands in the page as soon as it is not `before` any more, or after a while.
const LOOK: &str = "const [own, answers, before, done] = arguments;
    const look = () => JSON.stringify([
        [...document.querySelectorAll(own)].map((one) => one.innerText.trim()),
        [...document.querySelectorAll(answers)].map(
            (one) => one.querySelector('.said')?.innerText.trim() ?? ''),
    ]);
    const tell = () => { watch.disconnect(); clearTimeout(timer); done(look()); };
    const watch = new MutationObserver(() => { if (look() !== before) tell(); });
    const timer = setTimeout(tell, look() === before ? 100 : 0);
    watch.observe(document.body, { subtree: true, childList: true, characterData: true });";

impl Shown {
    fn of(looked: &str) -> Shown {
        let (own, answers) = serde_json::from_str(looked).expect("two lists");
        Shown { own, answers }
    }

    /// What the window shows now.
    pub async fn by(window: &Window) -> Shown {
        let arguments = vec![json!(page::OWN), json!(page::ANSWER), json!("")];
        let looked = window.asked(LOOK, arguments).await;
        Shown::of(looked.as_str().expect("text"))
    }
}

/// Looks at the page until it is told to end, or the page is gone.
pub struct Recorder {
    last: Arc<Mutex<Shown>>,
    enough: Arc<AtomicBool>,
    looking: JoinHandle<()>,
}

impl Recorder {
    /// Begins with what stands there now. Nothing else may be asked of the window meanwhile.
    pub fn begin(window: &Window) -> Recorder {
        let last = Arc::new(Mutex::new(Shown::default()));
        let enough = Arc::new(AtomicBool::new(false));
        let (client, kept, ended) = (window.client.clone(), last.clone(), enough.clone());
        let looking = tokio::spawn(async move {
            let mut before = String::new();
            while !ended.load(Ordering::Relaxed) {
                let arguments = vec![json!(page::OWN), json!(page::ANSWER), json!(before)];
                let Ok(Value::String(now)) = client.execute_async(LOOK, arguments).await else {
                    return; // the window is gone
                };
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Shown::of(&now);
                before = now;
            }
        });
        Recorder {
            last,
            enough,
            looking,
        }
    }

    /// Whether the answer after so many others has words.
    pub fn has_words(&self, after: usize) -> bool {
        let last = self.last();
        last.answers.get(after).is_some_and(|one| !one.is_empty())
    }

    fn last(&self) -> Shown {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }

    /// What was shown last.
    pub async fn end(mut self) -> Shown {
        self.enough.store(true, Ordering::Relaxed);
        // A driver whose window was killed may never answer.
        let looked = tokio::time::timeout(Duration::from_secs(3), &mut self.looking).await;
        if !matches!(looked, Ok(Ok(()))) {
            self.looking.abort();
        }
        self.last()
    }
}
