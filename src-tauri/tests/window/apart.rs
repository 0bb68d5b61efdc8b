//! Tests that run apart from the machine: in namespaces of their own, where disks and networks
//! can fail and be watched. They end with the test, whatever becomes of it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

/// Set to a test's name inside its namespaces.
const INSIDE: &str = "PARLEY_TEST_APART";

/// Runs the test called `name` (with its modules) once more inside new namespaces, `kinds` as
/// unshare(1) knows them, started by the words `by`, and fails where it fails there. True inside
/// them: then do the work.
pub fn is_apart(name: &str, kinds: &[&str], by: &[&str]) -> bool {
    if std::env::var(INSIDE).is_ok_and(|inside| inside == name) {
        return true;
    }
    let unshare = |as_root: bool| {
        let mut unshare = Command::new("unshare");
        unshare.args((!as_root).then_some("--map-root-user"));
        unshare.args(kinds).arg("--");
        unshare
    };
    // Whoever is not root becomes the root of a namespace of users.
    let tried = [true, false].map(|as_root| {
        let output = unshare(as_root).arg("true").output().expect("unshare");
        (as_root, output)
    });
    let permitted = tried.iter().find(|(_, output)| output.status.success());
    let Some((as_root, _)) = permitted else {
        let said = String::from_utf8_lossy(&tried[1].1.stderr);
        panic!(
            "NOT TESTED: this machine does not permit namespaces, which {name} needs: {said}\
             Call it as root, or allow user namespaces \
             (Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0)."
        );
    };
    let mut inside = unshare(*as_root);
    inside
        .args(by)
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--include-ignored", "--nocapture"])
        .env(INSIDE, name)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut inside = inside.spawn().expect("unshare");
    let said = inside.stdout.take().expect("its output");
    let (mut passed, mut all) = (false, String::new());
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        if line.starts_with("test result:") {
            passed |= line.contains(" 1 passed;"); // not shown: it would be counted again
            continue;
        }
        let of_the_runner = ["running ", "test "]
            .iter()
            .any(|one| line.starts_with(one));
        if !of_the_runner && !line.is_empty() {
            let _ = writeln!(std::io::stdout(), "{line}"); // at once, and though this test passes
        }
        all = all + &line + "\n";
    }
    let ended = inside.wait().expect("it ends");
    assert!(ended.success() && passed, "inside of {kinds:?}:\n{all}");
    false
}

/// Runs a program of the system that must succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
}
