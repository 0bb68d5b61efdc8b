//! Running other programs, and telling the person which step is under way.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Outcome, place};

/// Announces a step on stderr.
pub(crate) fn say(sentence: &str) {
    eprintln!("\n==> {sentence}");
}

/// True if a person can be asked: stdin and stderr are a terminal.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// A command that runs in the repository's root.
pub(crate) fn command(program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(place::root());
    command
}

/// Cargo, the one that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        arguments,
    )
}

/// Runs a command to its end with our own output; anything but success is the sentence `trouble`.
pub(crate) fn complete(command: &mut Command, trouble: &str) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!(
            "{trouble} ({} ended with {status}.)",
            name(command)
        )),
        Err(error) => Err(format!(
            "{trouble} ({} could not be started: {error}.)",
            name(command)
        )),
    }
}

/// A quiet command's stdout, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// True if a quiet command succeeds.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    output(&mut command(program, arguments)).is_some()
}

fn name(command: &Command) -> String {
    Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
