//! The words of an answer in the making: its parts as far as they have come, and what of them is
//! not yet written and told.

use protocol::{Answering, EventKind, Part};
use std::time::Duration;
use tokio::time::Instant;

/// Reasoning, where there is any, and the answer.
#[derive(Debug, Default)]
pub(crate) struct Words {
    reasoning: String,
    /// How long the reasoning took before `since`.
    thought: Duration,
    /// When it was begun, or went on; None where it does not go on now.
    since: Option<Instant>,
    /// It came to its end.
    ended: bool,
    text: String,
    told: Told,
}

/// How much is written and told, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told {
    reasoning: usize,
    ended: bool,
    text: usize,
}

impl Words {
    /// Of an answer that goes on behind these parts.
    pub(crate) fn of(parts: &[Part]) -> Words {
        let mut words = Words::default();
        for part in parts {
            match part {
                Part::Reasoning {
                    text,
                    duration_ms,
                    ended,
                } => {
                    words.reasoning.push_str(text);
                    words.thought += Duration::from_millis(*duration_ms);
                    words.ended = *ended;
                }
                Part::Text { text } => words.text.push_str(text),
            }
        }
        words.told = words.all();
        words
    }

    fn all(&self) -> Told {
        Told {
            reasoning: self.reasoning.len(),
            ended: self.ended,
            text: self.text.len(),
        }
    }

    /// More reasoning.
    pub(crate) fn reason(&mut self, text: &str, ended: bool) {
        self.reasoning.push_str(text);
        let since = *self.since.get_or_insert_with(Instant::now);
        self.ended = ended;
        if ended {
            self.thought += since.elapsed();
            self.since = None;
        }
    }

    /// More of the answer.
    pub(crate) fn say(&mut self, text: &str) {
        if self.since.is_some() {
            self.reason("", true);
        }
        self.text.push_str(text);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.reasoning.is_empty() && self.text.is_empty()
    }

    /// As they are stored.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let reasoning = (!self.reasoning.is_empty()).then(|| Part::Reasoning {
            text: self.reasoning.clone(),
            duration_ms: self.duration_ms(),
            ended: self.ended,
        });
        let text = (!self.text.is_empty()).then(|| Part::Text {
            text: self.text.clone(),
        });
        reasoning.into_iter().chain(text).collect()
    }

    fn duration_ms(&self) -> u64 {
        let now = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        u64::try_from((self.thought + now).as_millis()).unwrap_or(u64::MAX)
    }

    /// What is to be told.
    pub(crate) fn news(&self, answering: &Answering) -> Vec<EventKind> {
        let (told, all) = (self.told, self.all());
        let (conversation, message) = (&answering.conversation, &answering.message);
        let mut news = Vec::new();
        if (told.reasoning, told.ended) != (all.reasoning, all.ended) {
            news.push(EventKind::MessageReasoning {
                conversation: conversation.clone(),
                message: message.clone(),
                text: self.reasoning[told.reasoning..].to_owned(),
                duration_ms: self.duration_ms(),
                ended: self.ended,
            });
        }
        if told.text != all.text {
            news.push(EventKind::MessageText {
                conversation: conversation.clone(),
                message: message.clone(),
                text: self.text[told.text..].to_owned(),
            });
        }
        news
    }

    /// All of it is written and told.
    pub(crate) fn are_told(&mut self) {
        self.told = self.all();
    }
}
