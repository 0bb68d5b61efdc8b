//! `cargo xtask package`: the .deb and the .rpm, from the sources to what a person installs.
//!
//! Built with the profile `dist`, then looked at: lintian must find no error, the .rpm is listed. With `--check` the .deb is
//! also installed, used and removed in a Debian of its own (`installed`).

mod bundle;
mod changelog;
mod crates;
mod installed;
mod manual;
mod notices;
mod pages;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::node::Node;
use crate::{Outcome, models, place, shell, system, ui};

/// What was made.
pub(crate) struct Packages {
    /// For Debian and Ubuntu.
    pub deb: PathBuf,
    /// For Fedora.
    pub rpm: PathBuf,
}

/// `cargo xtask package [--check]`.
pub(crate) fn verb(arguments: &[String]) -> Outcome<ExitCode> {
    let with_check = match arguments {
        [] => false,
        [only] if only == "--check" => true,
        _ => return Err("This takes --check or nothing.".to_owned()),
    };
    let packages = make()?;
    if with_check {
        check(&packages)?;
    }
    for path in [&packages.deb, &packages.rpm] {
        let bytes = path.metadata().map_or(0, |found| found.len());
        println!("{:>6.1} MB  {}", bytes as f64 / 1e6, path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes both packages and looks them through.
pub(crate) fn make() -> Outcome<Packages> {
    let needs = system::BUILD.iter().chain([&system::PIP, &system::WINDOW]);
    system::bring(&needs.chain(system::PACKAGE).collect::<Vec<_>>())?;
    models::starter()?;
    let node = Node::bring()?;
    ui::install(&node)?;
    ui::build(&node)?;
    build()?;
    let staged = stage::stage(&node)?;
    let packages = bundle::bundle(&node, &staged)?;
    look_through(&packages)?;
    Ok(packages)
}

/// Installs the .deb in a Debian of its own, uses it and removes it.
pub(crate) fn check(packages: &Packages) -> Outcome {
    installed::check(&packages.deb)
}

/// Where the programs of the profile `dist` are built.
fn programs() -> PathBuf {
    place::target().join("dist")
}

/// Builds the window, the worker and the command line.
fn build() -> Outcome {
    shell::say("Building the programs for packages: a quarter of an hour the first time");
    let arguments = [
        "build",
        "--locked",
        "--profile",
        "dist",
        "--workspace",
        "--exclude",
        "xtask",
        "--bins",
        // What Tauri's own command line asks for, so that nothing of development is left in.
        "--features",
        "tauri/custom-protocol",
    ];
    let mut cargo = shell::cargo(&arguments);
    // The programs name the files of their sources when they fail; whose machine built them is nobody's affair.
    let mut flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    for (folder, name) in [
        (place::cargo_home(), "cargo"),
        (Some(place::root()), "parley"),
    ] {
        if let Some(folder) = folder {
            flags += &format!(" --remap-path-prefix={}={name}", folder.display());
        }
    }
    cargo.env("RUSTFLAGS", flags.trim_start());
    shell::complete(&mut cargo, "Parley could not be built.")
}

/// An error of lintian's is ours; a file that is missing, too.
fn look_through(packages: &Packages) -> Outcome {
    shell::say("Looking the packages through");
    let mut lintian = shell::command("lintian", &["--profile", "debian", "--fail-on", "error"]);
    // Its warning that root runs it is of no use to CI.
    lintian.arg("--allow-root").arg(&packages.deb);
    shell::complete(&mut lintian, "lintian finds errors in the .deb.")?;
    let listed = shell::output(shell::command("rpm", &["-qlp"]).arg(&packages.rpm))
        .ok_or("rpm cannot read the .rpm.")?;
    print!("{listed}");
    let missing: Vec<String> = stage::PROGRAMS
        .iter()
        .map(|(_, to)| format!("/{to}"))
        .chain([format!("/{}/{}", stage::STARTER, models::STARTER.file)])
        .filter(|file| !listed.lines().any(|line| line == file))
        .collect();
    match missing.as_slice() {
        [] => Ok(()),
        _ => Err(format!("The .rpm lacks {}.", missing.join(", "))),
    }
}

/// Writes a file, with its folder.
fn write(path: &Path, content: impl AsRef<[u8]>) -> Outcome {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, content))
        .map_err(|error| format!("{} could not be written: {error}.", path.display()))
}

/// Reads a text of the repository or of a tool.
fn read(path: &Path) -> Outcome<String> {
    // Some licences are older than UTF-8.
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|error| format!("{} could not be read: {error}.", path.display()))
}

/// Words in lines of at most `width` letters where that can be: the first after `begin`, the others after `indent`.
fn wrapped(begin: &str, words: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = begin.to_owned();
    let mut empty = true;
    for word in words.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            lines += &format!("{line}\n");
            line = indent.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line += word;
        empty = false;
    }
    format!("{lines}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_into_lines() {
        let check = |words: &str, expected: &str| {
            assert_eq!(wrapped("  * ", words, 10, "    "), expected, "{words}");
        };
        check("one", "  * one\n");
        check("one to three", "  * one to\n    three\n");
        check("averyverylongword a", "  * averyverylongword\n    a\n");
    }
}
