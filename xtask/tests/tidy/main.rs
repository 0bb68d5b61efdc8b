//! The invariants of ARCHITECTURE.md that a machine can hold: who may depend on whom, where `unsafe` may be, how files look.
//!
//! Each rule is a function from a file to its offences, tried here first on a sample that offends.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod manifests;
mod pages;
mod sources;
mod tree;
mod versions;

use tree::File;

/// Fails with every offence of one rule in the whole repository.
fn check(rule: fn(&File) -> Vec<String>) {
    let offences: Vec<String> = tree::files()
        .iter()
        .flat_map(|file| {
            rule(file)
                .into_iter()
                .map(|what| format!("{}: {what}", file.path))
        })
        .collect();
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// Fails unless the rule finds fault with the first text and none with the second.
fn tells_apart(rule: fn(&File) -> Vec<String>, path: &str, bad: &str, good: &str) {
    let file = |text: &str| File {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    assert_ne!(
        rule(&file(bad)),
        Vec::<String>::new(),
        "no fault is found with\n{bad}"
    );
    assert_eq!(
        rule(&file(good)),
        Vec::<String>::new(),
        "fault is found with\n{good}"
    );
}
