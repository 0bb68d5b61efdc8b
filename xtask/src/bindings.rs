//! `cargo xtask bindings`: the TypeScript of what the window shares with the core, written from Rust.

use std::process::ExitCode;

use crate::{Outcome, shell};

/// Writes `ui/src/backend/bindings`: the types by `protocol`'s tests, the command table by `chat`'s.
pub(crate) fn write() -> Outcome<ExitCode> {
    shell::say("Writing ui/src/backend/bindings");
    shell::complete(
        &mut shell::cargo(&[
            "test",
            "--quiet",
            "--package",
            "protocol",
            "export_bindings",
        ]),
        "The types could not be written.",
    )?;
    let mut table = shell::cargo(&["test", "--quiet", "--package", "chat", "bindings"]);
    shell::complete(
        table.env("PARLEY_WRITE_BINDINGS", "1"),
        "The command table could not be written.",
    )?;
    Ok(ExitCode::SUCCESS)
}
