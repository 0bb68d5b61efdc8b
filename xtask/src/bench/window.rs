//! What the window costs: its start, its memory, its smoothness, a conversation in it.
//!
//! What drives and watches it is the ignored test `bench` of the window's crate, in the build that
//! all tests have.

use std::fs;

use serde_json::Value;

use crate::{Outcome, place, shell, test};

/// The figures. The release build is made already.
pub(super) fn measure() -> Outcome<Value> {
    let builds: &[&[&str]] = &[
        &[
            "build",
            "--release",
            "--workspace",
            "--exclude",
            "xtask",
            "--features",
            "parley-desktop/empty-window",
            "--bin",
            "empty-window",
        ],
        &["build", "--workspace", "--bins", "--example", "steady"],
        &["test", "--workspace", "--test", "bench", "--no-run"],
    ];
    for arguments in builds {
        shell::complete(&mut shell::cargo(arguments), "The build failed.")?;
    }
    let out = place::target().join("bench.json");
    let _ = fs::remove_file(&out); // from an earlier run
    let release = place::target().join("release");
    let arguments = [
        "test",
        "--workspace",
        "--test",
        "bench",
        "--",
        "--ignored",
        "--nocapture",
    ];
    shell::say(
        "Measuring the window: a quarter of an hour, in which the machine should do nothing else",
    );
    let mut measuring = test::on_a_display(shell::cargo(&arguments))?;
    measuring
        .env("PARLEY_BENCH", &out)
        .env("PARLEY_DESKTOP", release.join("parley-desktop"))
        .env("PARLEY_WORKER", release.join("parley-worker"))
        .env("PARLEY_COMMAND", release.join("parley"))
        .env("PARLEY_EMPTY", release.join("empty-window"));
    shell::complete(&mut measuring, "The measuring failed.")?;
    let trouble = |error: &dyn std::fmt::Display| format!("{}: {error}.", out.display());
    let figures = fs::read_to_string(&out).map_err(|error| trouble(&error))?;
    serde_json::from_str(&figures).map_err(|error| trouble(&error))
}
