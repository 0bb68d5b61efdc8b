//! `cargo xtask bench`: what the window costs and how fast models run, measured, and written to
//! `docs/performance.md`.
//!
//! `docs/performance.json` has all figures; what a run does not measure keeps those of before.

mod conversation;
mod engine;
mod machine;
mod models;
mod report;
mod speed;
mod window;

use std::fs;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{Outcome, place, shell, test};

/// Measures what is asked for, and writes both documents.
pub(crate) fn bench(arguments: &[String]) -> Outcome<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (window, rest) = match words.split_first() {
        None => (true, Some(&[][..])),
        Some((&"window", [])) => (true, None),
        Some((&"engine", rest)) => (false, Some(rest)),
        Some((&"page", [])) => (false, None),
        Some(_) => return Err(engine::USAGE.to_owned()),
    };
    let wanted = rest.map(engine::Wanted::of).transpose()?;
    let docs = place::root().join("docs");
    let kept = fs::read_to_string(docs.join("performance.json")).unwrap_or_default();
    let mut whole: Value = serde_json::from_str(&kept).unwrap_or_else(|_| json!({}));
    whole["command"] = "cargo xtask bench".into();
    if window {
        test::set_up()?;
        build(&["--workspace", "--exclude", "xtask"])?;
        whole["machine"] = machine::facts();
        whole["figures"] = window::measure()?;
        write(&whole)?;
    }
    if let Some(wanted) = wanted {
        if wanted.needs_build() {
            build(&["-p", "cli", "-p", "worker"])?;
            build(&["-p", "runtime", "--example", "conversation"])?;
        }
        whole["engine"]["machine"] = machine::facts();
        // After each model: a run of hours that ends early has not been for nothing.
        engine::measure(&wanted, &mut whole, &write)?;
    }
    write(&whole)?;
    println!("{}", docs.join("performance.md").display());
    Ok(ExitCode::SUCCESS)
}

fn build(what: &[&str]) -> Outcome {
    shell::say("Building what is measured");
    let arguments = [&["build", "--release"], what].concat();
    shell::complete(&mut shell::cargo(&arguments), "The build failed.")
}

fn write(whole: &Value) -> Outcome {
    let docs = place::root().join("docs");
    let json = serde_json::to_string_pretty(whole).map_err(|error| error.to_string())?;
    let page = report::of(whole) + &speed::of(&whole["engine"]);
    fs::write(docs.join("performance.json"), json + "\n")
        .and_then(|()| fs::write(docs.join("performance.md"), page))
        .map_err(|error| format!("docs/performance.* could not be written: {error}."))
}
