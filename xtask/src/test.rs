//! `cargo xtask test`: every check there is, one after another, and one count of all of them.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::count::{self, Count};
use crate::node::Node;
use crate::{Outcome, models, place, shell, stamp, system, ui, vocabularies};

/// No stage takes nearly as long on two cores: one that does hangs.
const STAGE_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Builds every program and every test.
pub(crate) const BUILD: &[&str] = &["build", "--workspace", "--bins", "--tests"];
/// The size of the pictures in the README.
pub(crate) const SCREEN: &str = "-screen 0 1280x900x24";

/// Runs everything. The last line is always `N passed, N failed, N skipped`.
pub(crate) fn test() -> Outcome<ExitCode> {
    let mut tally = Tally::default();
    let started = Instant::now();
    let set_up = set_up();
    tally.note(
        "set-up",
        started.elapsed(),
        Count {
            failed: u64::from(set_up.is_err()),
            ..Count::default()
        },
    );
    match set_up {
        Ok(node) => stages(&mut tally, &node)?,
        // Nothing after it could hold.
        Err(sentence) => eprintln!("{sentence}"),
    }
    Ok(tally.report())
}

/// Brings what the checks need.
pub(crate) fn set_up() -> Outcome<Node> {
    let needs = system::BUILD
        .iter()
        .chain([&system::PIP, &system::WINDOW, &system::CHINESE])
        .chain(system::TEST);
    system::bring(&needs.collect::<Vec<_>>())?;
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if shell::output(&mut shell::cargo(&[subcommand, "--version"])).is_none() {
            shell::say(&format!("Adding {component} to Rust, for the checks"));
            let add = &mut shell::command("rustup", &["component", "add", component]);
            shell::complete(
                add,
                &format!("{component}, a part of Rust, could not be installed."),
            )?;
        }
    }
    models::starter()?;
    models::ensure(&models::STARTER)?;
    models::ensure(&models::SECOND)?;
    // Without them, tests of tokenizers say that they are skipped.
    if let Err(trouble) = vocabularies::ensure() {
        shell::say(&trouble);
    }
    let node = Node::bring()?;
    ui::install(&node)?;
    ui::build(&node)?;
    Ok(node)
}

fn stages(tally: &mut Tally, node: &Node) -> Outcome {
    tally.check(
        "formatting",
        &mut shell::cargo(&["fmt", "--all", "--check"]),
    );
    tally.check(
        "types of the pages",
        &mut node.npm(&["run", "--silent", "check"]),
    );
    tally.tests(
        "tests of the pages' parts",
        &mut node.npm(&["run", "--silent", "test"]),
    );
    tally.tests(
        "tests of whole pages in Chromium",
        node.npm(&["run", "--silent", "test:pages"])
            .env("CHROMIUM", system::chromium().unwrap_or_default()),
    );
    tally.check(
        "lints",
        &mut shell::cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]),
    );
    // The tests start the programs, so these are built first; with the tests, so that all of it is one set of features.
    if tally.check("build", &mut shell::cargo(BUILD)) {
        let bindings = [place::root().join("ui/src/backend/bindings")];
        let before = stamp::of_files(&bindings, &[])?;
        let arguments = [
            "test",
            "--workspace",
            "--no-fail-fast",
            "--",
            "--include-ignored",
        ];
        tally.tests(
            "tests of the crates, on real models, and of the real window",
            &mut on_a_display(shell::cargo(&arguments))?,
        );
        let same = stamp::of_files(&bindings, &[])? == before;
        if !same {
            eprintln!(
                "The TypeScript of the shared types was out of date and is written anew now: commit ui/src/backend/bindings."
            );
        }
        tally.note(
            "generated TypeScript",
            Duration::ZERO,
            Count {
                passed: same.into(),
                failed: (!same).into(),
                skipped: 0,
            },
        );
    }
    Ok(())
}

/// The command, on a virtual display, with the models and without the session's bus.
pub(crate) fn on_a_display(inner: Command) -> Outcome<Command> {
    let mut command = shell::command("xvfb-run", &["--auto-servernum", "--server-args", SCREEN]);
    command.arg(inner.get_program()).args(inner.get_args());
    let models: PathBuf = place::models()?;
    command.env("PARLEY_MODELS", models);
    // A bus would be started for each window and left behind.
    command
        .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        .env("NO_AT_BRIDGE", "1");
    command.env_remove("WAYLAND_DISPLAY");
    Ok(command)
}

/// What was counted so far, and how long each stage took.
#[derive(Default)]
struct Tally {
    total: Count,
    stages: Vec<(String, Duration, Count)>,
}

impl Tally {
    /// A stage that holds or does not: counts as one. True if it holds.
    fn check(&mut self, name: &str, command: &mut Command) -> bool {
        let (took, ok, _) = stage(name, command);
        self.note(
            name,
            took,
            Count {
                passed: ok.into(),
                failed: (!ok).into(),
                skipped: 0,
            },
        );
        ok
    }

    /// A stage that says itself how many tests passed.
    fn tests(&mut self, name: &str, command: &mut Command) {
        let (took, ok, count) = stage(name, command);
        self.note(name, took, believed(ok, count));
    }

    fn note(&mut self, name: &str, took: Duration, count: Count) {
        self.total += count;
        self.stages.push((name.to_owned(), took, count));
    }

    fn report(&self) -> ExitCode {
        println!();
        for (name, took, count) in &self.stages {
            println!(
                "{:>5} s  {:>5} passed {:>4} failed  {name}",
                took.as_secs(),
                count.passed,
                count.failed
            );
        }
        let Count {
            passed,
            failed,
            skipped,
        } = self.total;
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// A runner that fails without naming a failed test, or that finds no tests, must not pass for success.
fn believed(ok: bool, mut count: Count) -> Count {
    if (!ok && count.failed == 0) || count == Count::default() {
        count.failed += 1;
    }
    count
}

/// Runs one stage, shows what it prints, and counts the tests in it.
fn stage(name: &str, command: &mut Command) -> (Duration, bool, Count) {
    shell::say(&format!("Checking: {name}"));
    let started = Instant::now();
    let outcome = watch(command, show);
    let (ok, count) = match outcome {
        Ok((status, count)) => (status.is_some_and(|status| status.success()), count),
        Err(error) => {
            eprintln!("This could not be run: {error}.");
            (false, Count::default())
        }
    };
    (started.elapsed(), ok, count)
}

/// Runs to the end, or to the limit where nobody sits before it: then without a status.
fn watch(command: &mut Command, show: fn(&[u8])) -> std::io::Result<(Option<ExitStatus>, Count)> {
    let unattended = !shell::can_ask();
    if unattended {
        command.stdin(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let (told, counts) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        thread::spawn(move || {
            let mut lines = BufReader::new(out);
            let mut line = Vec::new();
            while lines
                .read_until(b'\n', &mut line)
                .is_ok_and(|read| read > 0)
            {
                show(&line);
                let _ = told.send(count::of_line(&String::from_utf8_lossy(&line)));
                line.clear();
            }
        });
    }
    let deadline = Instant::now() + STAGE_LIMIT;
    let mut total = Count::default();
    loop {
        match counts.recv_timeout(Duration::from_secs(1)) {
            Ok(count) => total += count,
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok((Some(child.wait()?), total)),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if unattended && Instant::now() > deadline {
            eprintln!(
                "This hangs, and was stopped after {} minutes.",
                STAGE_LIMIT.as_secs() / 60
            );
            end(&mut child);
            return Ok((None, total));
        }
    }
}

fn show(line: &[u8]) {
    let mut out = std::io::stdout().lock();
    // A reader who has gone is no reason to stop counting.
    let _ = out.write_all(line).and_then(|()| out.flush());
}

/// Ends the child and all that it started.
fn end(child: &mut Child) {
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    let _ = child.kill().and_then(|()| child.wait());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, passed: u64, failed: u64) {
        // Not shown: the lines would be counted by the `cargo xtask test` around this one.
        let (status, count) =
            watch(Command::new("sh").args(["-c", script]), |_| ()).expect("sh runs");
        let count = believed(status.is_some_and(|status| status.success()), count);
        assert_eq!((count.passed, count.failed), (passed, failed), "{script}");
    }

    #[test]
    fn a_runner_that_fails_or_counts_nothing_is_a_failure() {
        let good = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'";
        check(
            &format!("{good}; echo '3 passed, 0 failed, 0 skipped'"),
            5,
            0,
        );
        check(
            "echo 'test result: FAILED. 2 passed; 1 failed; 0 ignored'; exit 101",
            2,
            1,
        );
        check(&format!("{good}; exit 101"), 2, 1);
        check("true", 0, 1);
        check("exec /no/such/program", 0, 1);
    }

    #[test]
    fn a_check_is_one_test() {
        let mut tally = Tally::default();
        assert!(tally.check("holds", &mut Command::new("true")));
        assert!(!tally.check("does not", &mut Command::new("false")));
        assert!(!tally.check("is not there", &mut Command::new("/no/such/program")));
        assert_eq!(
            tally.total,
            Count {
                passed: 1,
                failed: 2,
                skipped: 0
            }
        );
    }
}
