//! `parley chat`: one line after another, until the person goes.

use super::{
    Session,
    answer::{self, Ended, Show, Wanted},
    lines::{Line, Lines},
};
use crate::output::Ending;
use chat::messages::size;
use protocol::{AppError, ConversationRef, Message, ModelChoose, ModelEntry, ModelState, failure};
use std::io::IsTerminal;

/// What a line asks for.
#[derive(Debug, PartialEq)]
enum Wish<'a> {
    Nothing,
    Say(&'a str),
    Help,
    Model(&'a str),
    New,
    Stop,
    Continue,
    Quit,
    Unknown(&'a str),
}

/// Reads and answers to the end of standard input.
pub(super) async fn run(session: &mut Session, model: Option<&str>) -> Result<(), Ending> {
    session.take_model(model)?;
    greet(session).await;
    let mut lines = Lines::new();
    loop {
        let line = tokio::select! {
            line = lines.next() => line,
            // In a terminal the editor hears it; from a pipe it ends the program.
            _ = tokio::signal::ctrl_c(), if !std::io::stdin().is_terminal() => return Err(Ending::Interrupted),
        };
        let line = match line {
            Line::Said(line) => line,
            Line::Interrupted => {
                session
                    .terminal
                    .note(&session.terminal.say("chat-how-to-quit", &[]));
                continue;
            }
            Line::NotText(at) => {
                session.terminal.fail(&failure::not_text(at));
                continue;
            }
            Line::End => return Ok(()),
        };
        match wish(&line) {
            Wish::Quit => return Ok(()),
            Wish::Say(text) => {
                let wanted = Wanted::Answer(text.to_owned());
                let made = answer::make(session, wanted, Show::Stream).await;
                tell(session, made)?;
            }
            Wish::Continue => {
                let made = match last(session).await {
                    Ok(message) => answer::make(session, Wanted::More(message), Show::Stream).await,
                    Err(error) => Err(error),
                };
                tell(session, made)?;
            }
            other => {
                if let Err(error) = obey(session, other).await {
                    match error {
                        Ending::Failed(error) => session.terminal.fail(&error),
                        ending => return Err(ending),
                    }
                }
            }
        }
    }
}

/// Says how an answer ended, where that is not plain to see.
fn tell(session: &Session, made: Result<Ended, AppError>) -> Result<(), Ending> {
    let terminal = session.terminal;
    match made {
        Ok(ended) => match (ended.stopped, ended.message.error) {
            (Some(Ending::ReaderGone), _) => return Err(Ending::ReaderGone),
            (Some(Ending::Failed(error)), _) => terminal.fail(&error),
            (_, Some(error)) => terminal.fail(&error),
            (Some(Ending::Interrupted), None) => terminal.note(&terminal.say("chat-stopped", &[])),
            (Some(Ending::Said) | None, None) => {}
        },
        Err(error) => terminal.fail(&error),
    }
    Ok(())
}

/// What was said last.
async fn last(session: &Session) -> Result<Box<Message>, AppError> {
    let id = session.conversation.clone();
    let id = id.ok_or_else(failure::cannot_continue)?;
    let opened = session
        .app
        .conversation_open(ConversationRef { id })
        .await?;
    let last = opened.messages.into_iter().next_back().map(Box::new);
    last.ok_or_else(failure::cannot_continue)
}

/// Commands are single words after a slash; what else begins with one (a path) is said.
fn wish(line: &str) -> Wish<'_> {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match (first, rest.trim()) {
        ("", _) => Wish::Nothing,
        ("/help" | "/?", "") => Wish::Help,
        ("/model", rest) => Wish::Model(rest),
        ("/new", "") => Wish::New,
        ("/stop", "") => Wish::Stop,
        ("/continue", "") => Wish::Continue,
        ("/quit" | "/exit", "") => Wish::Quit,
        (word, "") if word.len() > 1 && is_command_like(word) => Wish::Unknown(word),
        _ => Wish::Say(line),
    }
}

fn is_command_like(word: &str) -> bool {
    word.strip_prefix('/')
        .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase()))
}

async fn obey(session: &mut Session, wish: Wish<'_>) -> Result<(), Ending> {
    let terminal = session.terminal;
    match wish {
        Wish::Help => {
            terminal.note(&terminal.say("chat-help", &[]));
            terminal.note(&terminal.say(kept(session), &[]));
        }
        Wish::New => {
            session.conversation = None;
            terminal.note(&terminal.say("chat-new", &[]));
        }
        Wish::Stop => terminal.note(&terminal.say("chat-how-to-stop", &[])),
        Wish::Unknown(word) => {
            terminal.note(&terminal.say("chat-unknown-command", &[("command", word.into())]))
        }
        Wish::Model("") => {
            let current = current(session).await.ok().map(|model| model.id);
            for model in session.hub.models() {
                let mark = if Some(&model.id) == current.as_ref() {
                    "*"
                } else {
                    " "
                };
                terminal.note(&format!("{mark} {}", brief(&model)));
            }
        }
        Wish::Model(wanted) => {
            let model = session.hub.find(wanted)?;
            let conversation = session.conversation.clone();
            session
                .app
                .model_choose(ModelChoose {
                    conversation,
                    model: model.id.clone(),
                })
                .await?;
            session.model = Some(model.id.clone());
            terminal.note(&terminal.say("chat-model", &[("model", brief(&model).into())]));
        }
        Wish::Nothing | Wish::Say(_) | Wish::Continue | Wish::Quit => {}
    }
    Ok(())
}

/// Says who will answer, and how to get help.
async fn greet(session: &Session) {
    let terminal = session.terminal;
    match current(session).await {
        Ok(model) => {
            if let ModelState::Unusable { error } = &model.state {
                terminal.fail(error);
            }
            terminal.note(&terminal.say("chat-model", &[("model", brief(&model).into())]));
            session.app.preload(model.id);
        }
        Err(error) => terminal.fail(&error),
    }
    if session.temporary {
        terminal.note(&terminal.say(kept(session), &[]));
    }
    if std::io::stdin().is_terminal() {
        terminal.note(&terminal.say("chat-hint", &[]));
    }
}

/// The words that say where conversations are kept.
fn kept(session: &Session) -> &'static str {
    match session.temporary {
        true => "chat-temporary",
        false => "chat-kept",
    }
}

async fn current(session: &Session) -> Result<ModelEntry, AppError> {
    match (&session.model, &session.conversation) {
        (Some(model), None) => session.hub.resolve(model),
        (_, conversation) => session.app.next_model(conversation.clone()).await,
    }
}

fn brief(model: &ModelEntry) -> String {
    let facts = [
        model.name.clone(),
        model.quantisation.clone(),
        size(model.bytes as f64),
    ];
    facts
        .into_iter()
        .filter(|fact| !fact.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_commands_or_words() {
        let check = |line: &str, expected: Wish<'_>| assert_eq!(wish(line), expected, "{line:?}");
        check("\n", Wish::Nothing);
        check("  Hello \n", Wish::Say("Hello"));
        check("/quit\r\n", Wish::Quit);
        check("/continue", Wish::Continue);
        check("/model", Wish::Model(""));
        check(
            "/model  ~/my models/a.gguf ",
            Wish::Model("~/my models/a.gguf"),
        );
        check("/modle", Wish::Unknown("/modle"));
        check("/new thing", Wish::Say("/new thing"));
        check("/usr/bin/env", Wish::Say("/usr/bin/env"));
        check("/usr is what?", Wish::Say("/usr is what?"));
        check("/", Wish::Say("/"));
    }
}
