//! One answer, from the question to its last word, as it is made.

use super::{Session, thoughts::Thoughts};
use crate::output::{self, Ending, Terminal};
use protocol::*;
use tokio::sync::broadcast::error::RecvError;

/// What is asked for.
pub(super) enum Wanted {
    /// An answer to this.
    Answer(String),
    /// More of this one.
    More(Box<Message>),
}

/// How an answer is shown while it is made.
pub(super) enum Show {
    /// As it comes.
    Stream,
    /// Not before it is whole.
    Nothing,
}

/// An answer that has ended.
pub(super) struct Ended {
    pub(super) message: Message,
    /// Why it was stopped, where it was.
    pub(super) stopped: Option<Ending>,
}

/// Asks, shows what comes on standard output with a line's end after it, and returns the answer
/// when it has ended. Ctrl-C, and a reader that goes away, stop the answer; what was written is kept.
pub(super) async fn make(
    session: &mut Session,
    wanted: Wanted,
    show: Show,
) -> Result<Ended, AppError> {
    let mut events = session.app.subscribe();
    let (answering, mut shown) = match wanted {
        Wanted::Answer(text) => {
            let answering = session.app.say(session.say(text)).await?;
            (answering, Shown::default())
        }
        Wanted::More(message) => {
            let reference = MessageRef {
                conversation: message.conversation,
                message: message.id,
            };
            let answering = session.app.answer_continue(reference).await?;
            (answering, Shown::of(&message.parts))
        }
    };
    let before = shown.text.len();
    let mut thoughts = Thoughts::new(session.reasoning);
    let mut is_heard = false;
    session.conversation = Some(answering.conversation.clone());
    let conversation = ConversationRef {
        id: answering.conversation.clone(),
    };
    let mut stopped = None;
    let message = loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = tokio::signal::ctrl_c(), if stopped.is_none() => {
                stopped = Some(Ending::Interrupted);
                session.app.answer_stop(conversation.clone()).await?;
                continue;
            }
        };
        let (thought, more) = match event.map(|event| shown.news(event)) {
            Ok(None) => continue,
            Ok(Some(EventKind::MessageText { message, text, .. }))
                if message == answering.message =>
            {
                (String::new(), text)
            }
            Ok(Some(EventKind::MessageReasoning { message, text, .. }))
                if message == answering.message =>
            {
                (text, String::new())
            }
            Ok(Some(EventKind::AnswerProgress { message, stage, .. }))
                if message == answering.message =>
            {
                tell(&session.terminal, &stage);
                continue;
            }
            Ok(Some(EventKind::MessageChanged { message }))
                if message.id == answering.message
                    && message.status != MessageStatus::Streaming =>
            {
                break *message;
            }
            Ok(Some(EventKind::ConversationDeleted { id })) if id == answering.conversation => {
                return Err(failure::conversation_unknown(id));
            }
            // Events were missed, or another process did something: what is stored tells.
            Err(RecvError::Lagged(_)) | Ok(Some(EventKind::PathChanged { .. })) => {
                let opened = session.app.conversation_open(conversation.clone()).await?;
                shown.seq = opened.seq;
                let found = opened
                    .messages
                    .into_iter()
                    .find(|message| message.id == answering.message);
                match found {
                    Some(message) if message.status != MessageStatus::Streaming => break message,
                    Some(message) => shown.rest(&message.parts),
                    None => continue,
                }
            }
            Ok(Some(_)) => continue,
            Err(RecvError::Closed) => return Err(failure::internal().detail("the events ended")),
        };
        if !std::mem::replace(&mut is_heard, true) {
            session.terminal.passing("");
        }
        shown.reasoning.push_str(&thought);
        shown.text.push_str(&more);
        if stopped.is_none() {
            thoughts.more(&thought);
        }
        if !more.is_empty() {
            thoughts.end();
        }
        if matches!(show, Show::Stream)
            && stopped.is_none()
            && let Err(gone) = output::write(&more)
        {
            stopped = Some(gone);
            session.app.answer_stop(conversation.clone()).await?;
        }
    };
    if !is_heard {
        session.terminal.passing("");
    }
    let (thought, mut rest) = shown.rest(&message.parts);
    thoughts.more(&thought);
    thoughts.end();
    if matches!(show, Show::Stream) && !matches!(stopped, Some(Ending::ReaderGone)) {
        let text = text_of(&message.parts);
        if text.len() > before && !text.ends_with('\n') {
            rest.push('\n');
        }
        if let Err(gone) = output::write(&rest) {
            stopped = Some(gone);
        }
    }
    Ok(Ended { message, stopped })
}

/// How much of an answer is shown.
#[derive(Default)]
struct Shown {
    reasoning: String,
    text: String,
    /// The number of the event up to which all is known.
    seq: u64,
}

impl Shown {
    fn of(parts: &[Part]) -> Shown {
        Shown {
            reasoning: reasoning_of(parts),
            text: text_of(parts),
            seq: 0,
        }
    }

    /// What an event says; None where that was read with the conversation already.
    fn news(&self, event: Event) -> Option<EventKind> {
        (event.seq > self.seq).then_some(event.what)
    }

    /// What of the reasoning and of the answer's text is not shown.
    fn rest(&self, parts: &[Part]) -> (String, String) {
        let behind = |all: String, shown: &str| {
            let rest = all.get(shown.len()..);
            rest.unwrap_or_default().to_owned()
        };
        (
            behind(reasoning_of(parts), &self.reasoning),
            behind(text_of(parts), &self.text),
        )
    }
}

/// What the answer waits for, where standard error is a terminal.
fn tell(terminal: &Terminal, stage: &AnswerStage) {
    let line = match stage {
        AnswerStage::Queued => return,
        AnswerStage::Loading { fraction } => {
            let percent = format!("{:.0}", fraction * 100.0);
            terminal.say("chat-loading", &[("percent", percent.into())])
        }
        AnswerStage::Reading { read, total } => terminal.say(
            "chat-reading",
            &[("read", (*read).into()), ("total", (*total).into())],
        ),
    };
    terminal.passing(&line);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces that were told while the conversation was read came twice.
    #[test]
    fn what_was_read_with_the_conversation_is_not_written_again() {
        let event = |seq, text: &str| Event {
            seq,
            what: EventKind::MessageText {
                conversation: String::new(),
                message: String::new(),
                text: text.to_owned(),
            },
        };
        let parts = |text: &str| vec![Part::Text { text: text.into() }];
        let mut shown = Shown::of(&parts("Once"));
        assert!(shown.news(event(7, " upon")).is_some());
        shown.text += " upon";
        shown.seq = 9;
        assert_eq!(shown.rest(&parts("Once upon a time")).1, " a time");
        shown.text += " a time";
        assert_eq!(shown.news(event(8, " a")), None);
        assert_eq!(shown.news(event(9, " time")), None);
        assert!(shown.news(event(10, ".")).is_some());
        assert_eq!(shown.rest(&parts("Once upon")).1, "");
    }
}
