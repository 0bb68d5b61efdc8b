//! `parley chat --once`: one answer, alone on standard output.

use super::{
    Session,
    answer::{self, Ended, Show, Wanted},
};
use crate::{
    input,
    output::{self, Ending},
};
use chat::messages::sentence;
use protocol::{
    AppError, Author, Language, Message, MessageStatus, Receipt, failure, reasoning_of, text_of,
};
use serde::Serialize;

/// Answers `text`, or standard input where it is `-`.
pub(super) async fn run(
    session: &mut Session,
    text: &str,
    model: Option<&str>,
    json: bool,
) -> Result<(), Ending> {
    let result = ask(session, text, model, json).await;
    let (message, ending) = match result {
        Ok(Ended { message, stopped }) => {
            let failed = message.error.clone().map(Ending::from);
            (Some(message), stopped.or(failed))
        }
        Err(error) => (None, Some(Ending::from(error))),
    };
    if json && !matches!(ending, Some(Ending::ReaderGone)) {
        output::line(&told(
            session.terminal.language,
            message.as_ref(),
            ending.as_ref(),
        )?)?;
    }
    ending.map_or(Ok(()), Err)
}

async fn ask(
    session: &mut Session,
    text: &str,
    model: Option<&str>,
    json: bool,
) -> Result<Ended, AppError> {
    let text = match text {
        "-" => {
            let text = input::text()?;
            // The end that an editor or `echo` puts to the last line is nothing said.
            let line = text.strip_suffix('\n').unwrap_or(&text);
            line.strip_suffix('\r').unwrap_or(line).to_owned()
        }
        text => text.to_owned(),
    };
    session.take_model(model)?;
    let show = if json { Show::Nothing } else { Show::Stream };
    answer::make(session, Wanted::Answer(text), show).await
}

/// The object of `--json`: the answer and how it was made, where there is one, and `error`
/// where there is a failure. (Not by way of `json!`, which makes 0.95 out of 32 bits 0.949999988.)
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    answer: Option<Answer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Trouble<'a>>,
}

#[derive(Serialize)]
struct Answer<'a> {
    answer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reasoning: String,
    model: &'a Option<Author>,
    status: MessageStatus,
    receipt: &'a Option<Receipt>,
    conversation: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Trouble<'a> {
    #[serde(flatten)]
    error: &'a AppError,
    /// The sentence.
    message: String,
}

fn told(
    language: Language,
    message: Option<&Message>,
    ending: Option<&Ending>,
) -> Result<String, AppError> {
    let answer = message.map(|message| Answer {
        answer: text_of(&message.parts),
        reasoning: reasoning_of(&message.parts),
        model: &message.author,
        status: message.status,
        receipt: &message.receipt,
        conversation: &message.conversation,
        message: &message.id,
    });
    let error = match ending {
        Some(Ending::Failed(error)) => Some(Trouble {
            error,
            message: sentence(error, language),
        }),
        _ => None,
    };
    serde_json::to_string(&Told { answer, error })
        .map_err(|error| failure::internal().detail(error))
}
