//! One conversation of a long session: what must be on its page.

use super::recorder::Shown;
use crate::{harness::Window, page::*};
use std::collections::BTreeSet;

/// A conversation, as it was when it was looked at last.
#[derive(Default)]
pub struct Thread {
    pub before: Shown,
}

/// How the last answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The question never came to the history, nor to the page.
    Unsaid,
    /// Before its first word.
    Wordless,
    /// In the middle.
    Cut,
    /// By itself, or by the person: the kill met nothing of it.
    Whole,
}

/// The letters of a text: what markdown leaves as it is while the text grows.
fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|one| one.is_alphabetic()).collect()
}

impl Thread {
    /// Begins one, with an answer of some words that the person stops.
    pub async fn begin(window: &Window, number: usize) -> Thread {
        if window.shows(OWN).await {
            window.press(NEW, 0).await;
            window
                .until("an empty page", || async { !window.shows(OWN).await })
                .await;
        }
        window.say(&format!("Say hello, number {number}.")).await;
        window.answered(1, 1).await;
        window.stop().await;
        Thread {
            before: Shown::by(window).await,
        }
    }

    /// Puts it on the page: it is the `at`th of the list.
    pub async fn open(&self, window: &Window, at: usize) {
        window.press(CONVERSATION, at).await;
        window
            .until("its words", || async {
                window.texts(OWN).await.first() == self.before.own.first()
            })
            .await;
    }

    /// All that was said and answered stands on the page of `window`, each once: what was there
    /// before, then `questions` and their answers, of which the page has shown `shown` (the first
    /// question only where it came to the history). Keeps what stands there now, and returns how
    /// the last answer ended.
    pub async fn holds(&mut self, window: &Window, questions: &[&str], shown: &Shown) -> End {
        window
            .until("nothing is made", || async { !window.shows(STOP).await })
            .await;
        let now = Shown::by(window).await;
        let about = format!("before: {:?}\nshown: {shown:?}\nnow: {now:?}", self.before);
        let turns = self.before.own.len();
        let (own, answers) = (&now.own, &now.answers);
        assert_eq!(own[..turns.min(own.len())], self.before.own, "{about}");
        assert_eq!(own.len(), answers.len(), "{about}");
        assert_eq!(answers[..turns], self.before.answers, "{about}");
        assert!(own.len() >= shown.own.len(), "a question is lost\n{about}");
        let said = &own[turns..];
        assert!(said == questions || said == &questions[1..], "{about}");
        // The last letters may have been half a mark-up.
        let was = letters(shown.answers.get(turns).map_or("", String::as_str));
        let is = letters(answers.get(turns).map_or("", String::as_str));
        let sure = &was[..was.len().saturating_sub(10)];
        assert!(is.starts_with(sure), "words are lost\n{about}");
        let end = match said {
            [] => End::Unsaid,
            _ => self.stored(window, &now).await,
        };
        self.before = now;
        end
    }

    /// What is stored is what is shown, without a second version of anything. How the last
    /// answer ended.
    async fn stored(&self, window: &Window, now: &Shown) -> End {
        let stored = window.conversation().await;
        let messages = stored["messages"].as_array().expect("messages");
        assert_eq!(messages.len(), 2 * now.own.len(), "{stored}");
        let ids: BTreeSet<_> = messages.iter().map(|one| one["id"].to_string()).collect();
        assert_eq!(ids.len(), messages.len(), "{stored}");
        for (at, message) in messages.iter().enumerate() {
            assert_eq!(message["siblings"].as_array().map(Vec::len), Some(1));
            assert_ne!(message["status"], "streaming", "{message}");
            if at % 2 == 0 {
                assert_eq!(message["parts"][0]["text"], now.own[at / 2].as_str());
            }
        }
        let last = &messages[messages.len() - 1];
        match last["status"].as_str() {
            Some("failed") => End::Wordless,
            Some("interrupted") if now.answers.last().is_some_and(String::is_empty) => {
                End::Wordless
            }
            Some("interrupted") => End::Cut,
            Some("complete" | "stopped") => End::Whole,
            _ => panic!("{last}"),
        }
    }

    /// Nothing of it has changed since it was looked at last; it is the `at`th of the list.
    pub async fn is_as_before(&self, window: &Window, at: usize) {
        self.open(window, at).await;
        window
            .until("all of it", || async {
                Shown::by(window).await == self.before
            })
            .await;
    }
}
