//! `cargo xtask <verb>`: everything around the code, for a person and for CI alike.
//!
//! Depends on nothing of the workspace, so that it is built in seconds on a fresh clone and can then bring what the rest needs.

mod bench;
mod bindings;
mod bring;
mod count;
mod fuzz;
mod kernels;
mod models;
mod node;
mod package;
mod place;
mod release;
mod run;
mod screenshots;
mod shell;
mod soak;
mod stamp;
mod system;
mod test;
mod ui;
mod vocabularies;

use std::process::ExitCode;

/// What a step gives, or one sentence that says why it could not.
pub(crate) type Outcome<T = ()> = Result<T, String>;

const USAGE: &str = "\
cargo xtask <verb>

  run           bring what is missing, build, and open Parley's window (without a display: the terminal chat);
                what follows -- goes to the program
  test          every check there is: formatting, lints, unit tests, pages, the real window; ends with a count
  soak          the window and the worker killed at a hundred random moments, disks full and read-only: nothing shown is
                lost; --rounds N, and --seed N for the same moments again
  package       make the .deb and the .rpm in target/packages, with the profile dist; --check also installs the .deb in a
                Debian of its own (root or sudo), uses it there without a network, and removes it
  release       the mechanical part of a release: every test, the packages checked, their hashes; docs/release.md has the rest
  models        fetch the models and vocabularies that the tests use, and the starter model, by pinned hash
  bindings      write the TypeScript of the types that the window shares with the core
  bench         measure the release build, the window and how fast models run beside llama.cpp, and write
                docs/performance.md; what follows (window, engine --shapes llama-1b --types q4_k_m) measures a part
  fuzz          feed made-up model headers and chat templates to what reads them: ten minutes, or --minutes N
  kernels       the kernels' tests under AddressSanitizer, on every level of instructions; and by NEON in an emulator
  screenshots   take the README's picture of the real window
  help          this text

What a verb needs from the system it installs itself on Debian and Ubuntu, after saying what and why; elsewhere it prints
the commands. Models are kept in $PARLEY_MODELS, else in ~/.cache/parley-models.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let outcome = match arguments.first().map(String::as_str) {
        Some("run") => run::run(rest),
        Some("test") => test::test(),
        Some("soak") => soak::soak(rest),
        Some("models") => models::verb(),
        Some("bindings") => bindings::write(),
        Some("bench") => bench::bench(rest),
        Some("fuzz") => fuzz::fuzz(rest),
        Some("kernels") => kernels::verb(),
        Some("package") => package::verb(rest),
        Some("release") => release::release(),
        Some("screenshots") => screenshots::take(),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => Err(format!("There is no verb '{other}'.\n\n{USAGE}")),
        None => Err(USAGE.to_owned()),
    };
    outcome.unwrap_or_else(|sentence| {
        eprintln!("{sentence}");
        ExitCode::FAILURE
    })
}
