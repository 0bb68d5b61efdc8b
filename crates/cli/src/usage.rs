//! What clap did not understand, said in the person's language.

use crate::output::Terminal;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use protocol::Arg;
use std::process::ExitCode;

/// Says what is wrong with the command line, or shows the help that was asked for.
pub(crate) fn explain(error: &clap::Error, terminal: &Terminal) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Where the reader is gone, nobody misses it.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            return ExitCode::from(2);
        }
        _ => {}
    }
    let context = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    let (key, about) = match error.kind() {
        ErrorKind::InvalidSubcommand => ("usage-command", context(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => ("usage-no-command", String::new()),
        ErrorKind::UnknownArgument => ("usage-unknown", argument),
        ErrorKind::MissingRequiredArgument => ("usage-missing", argument),
        ErrorKind::InvalidUtf8 => ("usage-not-text", argument),
        ErrorKind::ArgumentConflict => ("usage-twice", argument),
        _ if context(ContextKind::InvalidValue).is_empty() => ("usage-no-value", argument),
        _ => ("usage-value", argument),
    };
    let value = context(ContextKind::InvalidValue);
    let args = [("about", Arg::from(about)), ("value", Arg::from(value))];
    terminal.note(&terminal.say(key, &args));
    terminal.note(&terminal.say("usage-hint", &[]));
    ExitCode::from(2)
}
