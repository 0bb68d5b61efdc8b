//! `parley chat --once`: one answer, alone on standard output.

use super::{
    Session,
    answer::{self, Ended, Show},
};
use crate::{
    input,
    output::{self, Ending},
};
use chat::messages;
use protocol::{AppError, Message, text_of};
use serde_json::{Value, json};

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
        output::line(&object(session, message.as_ref(), ending.as_ref()).to_string())?;
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
    answer::make(session, text, show).await
}

/// `{answer, model, receipt, conversation, message, status}`, and `error` after a failure, with
/// the sentence as `message` in it.
fn object(session: &Session, message: Option<&Message>, ending: Option<&Ending>) -> Value {
    let mut object = match message {
        Some(message) => json!({
            "answer": text_of(&message.parts),
            "model": message.author,
            "status": message.status,
            "receipt": message.receipt,
            "conversation": message.conversation,
            "message": message.id,
        }),
        None => json!({}),
    };
    if let (Some(Ending::Failed(error)), Some(object)) = (ending, object.as_object_mut()) {
        let error = json!({
            "key": error.key,
            "args": error.args,
            "detail": error.detail,
            "message": messages::sentence(error, session.terminal.language),
        });
        object.insert("error".into(), error);
    }
    object
}
