//! The .deb as a person meets it: installed by apt in a Debian of its own, used without a network, removed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Outcome, place, shell, system};

/// Installs, uses and removes the package; `tests/installed` says how.
pub(super) fn check(deb: &Path) -> Outcome {
    system::bring(&system::INSTALL.iter().collect::<Vec<_>>())?;
    let prefix = system::may_install().ok_or(
        "Installing a Debian into a folder needs root or sudo: `cargo xtask package` without --check makes the packages.",
    )?;
    shell::say("Building the tests of the window, which use the installed one");
    let tests = window_tests()?;
    let work = place::target().join("installed");
    fs::create_dir_all(&work)
        .map_err(|error| format!("{} could not be made: {error}.", work.display()))?;
    shell::say("Installing, using and removing the package in a Debian of its own");
    let mut words = prefix.to_vec();
    words.push("sh");
    let mut command = shell::command(words[0], &words[1..]);
    command.arg(place::root().join("tests/installed/debian.sh"));
    shell::complete(
        command.arg(work).arg(deb).arg(tests),
        "The package does not hold in a Debian of its own.",
    )
}

/// The built program of the window's tests.
fn window_tests() -> Outcome<PathBuf> {
    let arguments = [
        "test",
        "--workspace",
        "--test",
        "window",
        "--no-run",
        "--message-format",
        "json",
    ];
    let mut cargo = shell::cargo(&arguments);
    let output = cargo
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("Cargo could not be started: {error}."))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let messages = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut built = messages.filter(|message| message["target"]["name"] == "window");
    built
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "The tests of the window could not be built.".to_owned())
}
