//! `cargo xtask run`: from a fresh clone to a conversation, and in seconds the next time.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::node::Node;
use crate::{Outcome, models, place, shell, system, ui};

/// How the window says that there is no display to open on.
const NO_DISPLAY: i32 = 69;

/// Brings what is missing, builds, and opens the window, or the terminal chat where there is no display.
pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let arguments = arguments
        .strip_prefix(&["--".to_owned()])
        .unwrap_or(arguments);
    let display = has_display();
    // Without a display the window is built only where that asks nothing of the person: a later start with one is then quick.
    let window = display
        || system::WINDOW.is_met()
        || (!shell::can_ask() && system::may_install().is_some());
    let mut needs: Vec<&system::Need> = system::BUILD.iter().collect();
    if !models::have_starter() || (window && !Node::is_here()) {
        needs.push(&system::PIP);
    }
    if window && cfg!(target_os = "linux") {
        needs.push(&system::WINDOW);
    }
    if display && cfg!(target_os = "linux") {
        needs.push(&system::CHINESE);
    }
    system::bring(&needs)?;
    models::starter()?;
    if window {
        let node = Node::bring()?;
        ui::install(&node)?;
        ui::build(&node)?;
    }
    build(window)?;
    if display {
        shell::say("Opening Parley");
        let program = place::target().join("release/parley-desktop");
        let ended = own(&program).args(arguments).status();
        let ended = ended
            .map_err(|error| format!("{} could not be started: {error}.", program.display()))?;
        if ended.code() != Some(NO_DISPLAY) {
            return Ok(code(ended.code()));
        }
    }
    shell::say("There is no display to open a window on: this is the same Parley in the terminal");
    chat()
}

fn build(window: bool) -> Outcome {
    let mut cargo = shell::cargo(&["build", "--release", "--workspace", "--exclude", "xtask"]);
    if !window {
        cargo.args(["--exclude", "parley-desktop"]);
    }
    if !place::target().join("release/parley").is_file() {
        shell::say("Building Parley: several minutes the first time, seconds from then on");
    }
    shell::complete(&mut cargo, "Parley could not be built.")
}

/// One of Parley's programs, told where the starter model is: Cargo's build folder may lie anywhere.
fn own(program: &Path) -> Command {
    let mut command = Command::new(program);
    if std::env::var_os("PARLEY_STARTER").is_none() {
        command.env("PARLEY_STARTER", place::root().join("assets/starter"));
    }
    command
}

/// True if the system has a display that a window could open on.
fn has_display() -> bool {
    let named = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || named("DISPLAY") || named("WAYLAND_DISPLAY")
}

/// Becomes the terminal chat, so that the terminal's signals reach it alone.
fn chat() -> Outcome<ExitCode> {
    let program = place::target().join("release/parley");
    let mut chat = own(&program);
    chat.arg("chat");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let error = chat.exec();
        Err(format!(
            "{} could not be started: {error}.",
            program.display()
        ))
    }
    #[cfg(not(unix))]
    {
        let ended = chat
            .status()
            .map_err(|error| format!("{} could not be started: {error}.", program.display()))?;
        Ok(code(ended.code()))
    }
}

fn code(code: Option<i32>) -> ExitCode {
    code.and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}
