//! `cargo xtask fuzz`: inputs that nobody would think of, for what reads other people's files.
//!
//! All targets run at the same time, one core each. What is found lies in `target/fuzz/found`,
//! and is to become a test that is named after what broke.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

use crate::{Outcome, models, place, shell, system};

/// What is fuzzed.
struct Target {
    /// The crate's folder, from the root.
    of: &'static str,
    /// The program in its `fuzz/` folder.
    name: &'static str,
    /// Longest input in bytes: longer ones are slower and find no more.
    longest: u32,
}

const TARGETS: [Target; 3] = [
    Target {
        of: "crates/formats",
        name: "header",
        longest: 8192,
    },
    Target {
        of: "crates/engine",
        name: "template",
        longest: 4096,
    },
    Target {
        of: "crates/formats",
        name: "safetensors",
        longest: 4096,
    },
];

/// Most resident memory in MB; a template may take 128, and be read while the next one runs.
const MEMORY: u32 = 1536;
/// Seconds that one input may take; a template is stopped after two.
const LONGEST_INPUT: u32 = 10;

/// Runs all for `--minutes N`, ten where nothing is said.
pub(crate) fn fuzz(arguments: &[String]) -> Outcome<ExitCode> {
    let minutes = match arguments {
        [] => 10,
        [flag, minutes] if flag == "--minutes" => minutes
            .parse::<u32>()
            .map_err(|_| format!("'{minutes}' is no number of minutes."))?,
        _ => return Err("cargo xtask fuzz [--minutes N]".to_owned()),
    };
    system::bring(&system::BUILD.iter().collect::<Vec<_>>())?;
    if !shell::succeeds("cargo", &["fuzz", "--version"]) {
        shell::say("Installing cargo-fuzz");
        shell::complete(
            &mut shell::cargo(&["install", "cargo-fuzz", "--locked"]),
            "cargo-fuzz could not be installed. Is the network there?",
        )?;
    }
    let root = place::target().join("fuzz");
    for target in &TARGETS {
        build(target, &root)?;
    }
    begin(&root)?;
    let mut running = Vec::new();
    for target in &TARGETS {
        running.push((target, start(target, &root, minutes * 60)?));
    }
    let mut whole = true;
    for (target, mut child) in running {
        let ended = child.wait().map_err(|error| error.to_string())?;
        let log = log(&root, target);
        let last = fs::read_to_string(&log).unwrap_or_default();
        let runs = last
            .lines()
            .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        println!(
            "{}: {} inputs, {}",
            target.name,
            runs.map_or("?", str::trim),
            if ended.success() {
                "nothing found".to_owned()
            } else {
                format!("something found: see {}", log.display())
            }
        );
        whole &= ended.success();
    }
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn folder(target: &Target) -> PathBuf {
    place::root().join(target.of).join("fuzz")
}

fn log(root: &Path, target: &Target) -> PathBuf {
    root.join(format!("{}.log", target.name))
}

/// Without a sanitizer: neither has `unsafe` of its own, and what is looked for are panics, a
/// stack or a memory that does not suffice, and inputs without an end.
fn build(target: &Target, root: &Path) -> Outcome {
    shell::say(&format!("Building the fuzzing of {}", target.of));
    let mut cargo = shell::cargo(&["fuzz", "build", "--sanitizer", "none", "--fuzz-dir"]);
    cargo.arg(folder(target)).arg("--target-dir").arg(root);
    // The fuzzer's flags are for nightly compilers; this one knows them as well.
    cargo.arg(target.name).env("RUSTC_BOOTSTRAP", "1");
    shell::complete(&mut cargo, "The fuzzing could not be built.")
}

/// Makes the folders, and seeds out of the models that are there.
fn begin(root: &Path) -> Outcome {
    let inputs = TARGETS.map(|target| root.join("inputs").join(target.name));
    for folder in inputs.iter().chain([&root.join("found")]) {
        fs::create_dir_all(folder)
            .map_err(|error| format!("{} could not be made: {error}.", folder.display()))?;
    }
    let starter = place::root()
        .join("assets/starter")
        .join(models::STARTER.file);
    let second = place::models().map(|models| models.join(models::SECOND.file));
    for model in [Ok(starter), second].into_iter().flatten() {
        if model.is_file() {
            let seeds = [
                "run",
                "--quiet",
                "-p",
                "formats",
                "--example",
                "seeds",
                "--",
            ];
            let mut cargo = shell::cargo(&seeds);
            // A GGUF file has a header and a template; safetensors begin from `seeds/`.
            cargo.arg(model).args(&inputs[..2]);
            shell::complete(&mut cargo, "The seeds could not be made.")?;
        }
    }
    Ok(())
}

fn start(target: &Target, root: &Path, seconds: u32) -> Outcome<Child> {
    shell::say(&format!(
        "Fuzzing: {} for {} minutes",
        target.name,
        seconds / 60
    ));
    let built = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("release").join(target.name))
        .find(|program| program.is_file())
        .ok_or_else(|| format!("{} was not built.", target.name))?;
    let trouble = |error| format!("{} could not be started: {error}.", target.name);
    let out = fs::File::create(log(root, target)).map_err(trouble)?;
    let found = root.join("found").join(format!("{}-", target.name));
    let dictionary = folder(target).join(format!("{}.dict", target.name));
    let mut command = Command::new("nice");
    command
        .args(["-n", "10"])
        .arg(built)
        .arg(root.join("inputs").join(target.name))
        .arg(folder(target).join("seeds"))
        .arg(format!("-artifact_prefix={}", found.display()))
        .arg(format!("-dict={}", dictionary.display()))
        .arg(format!("-max_len={}", target.longest))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-timeout={LONGEST_INPUT}"))
        .arg("-print_final_stats=1")
        .stdout(out.try_clone().map_err(trouble)?)
        .stderr(out);
    command.spawn().map_err(trouble)
}
