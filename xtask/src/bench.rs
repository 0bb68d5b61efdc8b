//! `cargo xtask bench`: what the window costs, measured, and written to `docs/performance.md`.
//!
//! The programs under test are the release build. What drives and watches them is the ignored
//! test `bench` of the window's crate, in the build that all tests have.

mod machine;
mod report;

use std::fs;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{Outcome, place, shell, test};

/// Measures and writes both documents.
pub(crate) fn bench() -> Outcome<ExitCode> {
    test::set_up()?;
    shell::say("Building what is measured, and what measures it");
    let release: &[&[&str]] = &[
        &["build", "--release", "--workspace", "--exclude", "xtask"],
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
    ];
    let tests: &[&[&str]] = &[
        &["build", "--workspace", "--bins", "--example", "steady"],
        &["test", "--workspace", "--test", "bench", "--no-run"],
    ];
    for arguments in release.iter().chain(tests) {
        shell::complete(&mut shell::cargo(arguments), "The build failed.")?;
    }
    let machine = machine::facts();
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
    shell::say("Measuring: a quarter of an hour, in which the machine should do nothing else");
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
    let figures: Value = serde_json::from_str(&figures).map_err(|error| trouble(&error))?;

    let whole = json!({ "command": "cargo xtask bench", "machine": machine, "figures": figures });
    let docs = place::root().join("docs");
    let json = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?;
    let written = fs::write(docs.join("performance.json"), json + "\n")
        .and_then(|()| fs::write(docs.join("performance.md"), report::of(&whole)));
    written.map_err(|error| format!("docs/performance.* could not be written: {error}."))?;
    println!("{}", docs.join("performance.md").display());
    Ok(ExitCode::SUCCESS)
}
