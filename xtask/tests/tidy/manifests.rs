//! Who may depend on whom.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::tree;

/// For each crate the crates of ours that it may use: the map of ARCHITECTURE.md.
const OURS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("formats", &["protocol"]),
    ("kernels", &[]),
    ("engine", &["protocol", "formats", "kernels"]),
    ("worker", &["protocol", "engine"]),
    ("hub", &["protocol", "formats"]),
    ("runtime", &["protocol", "hub"]),
    ("chat", &["protocol", "runtime", "hub"]),
    ("cli", &["protocol", "formats", "chat", "runtime", "hub"]),
    ("parley-desktop", &["protocol", "chat", "runtime", "hub"]),
    ("xtask", &[]),
];

/// Foreign crates, by how their names begin, that only some of ours may use.
const FOREIGN: &[(&str, &[&str])] = &[
    ("tauri", &["parley-desktop"]),
    ("wry", &["parley-desktop"]),
    ("gtk", &["parley-desktop"]),
    ("webkit2gtk", &["parley-desktop"]),
    ("candle", &["engine"]),
    ("tokenizers", &["engine"]),
    ("minijinja", &["engine"]),
    ("safetensors", &["engine"]),
    ("memmap2", &["engine"]),
    ("rusqlite", &["chat"]),
    ("sqlx", &[]),
    ("hf-hub", &["hub"]),
    ("reqwest", &["hub"]),
    ("ureq", &["hub"]),
    ("hyper", &["hub"]),
    ("http", &["hub"]),
    ("curl", &["hub"]),
    ("keyring", &["hub"]),
    ("ts-rs", &["protocol", "chat"]),
    ("directories", &["hub"]),
    ("fluent", &["chat"]),
    (
        "tracing",
        &["hub", "runtime", "chat", "cli", "parley-desktop"],
    ),
    ("tracing-subscriber", &["chat"]),
    (
        "tokio",
        &["hub", "runtime", "chat", "cli", "parley-desktop"],
    ),
];

/// Crates without any dependency but their tests'.
const ALONE: &[&str] = &["kernels"];

/// A dependency: who, on what, and cargo's kind (`normal`, `dev`, `build`).
#[derive(Clone, Debug)]
struct Edge {
    from: String,
    on: String,
    kind: String,
}

fn edges() -> Vec<Edge> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(tree::root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &Value, otherwise: &str| value.as_str().unwrap_or(otherwise).to_owned();
    let mut edges = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            edges.push(Edge {
                from: text(&package["name"], ""),
                on: text(&dependency["name"], ""),
                kind: text(&dependency["kind"], "normal"),
            });
        }
    }
    edges
}

fn offences(edges: &[Edge]) -> Vec<String> {
    let ours: BTreeMap<&str, &[&str]> = OURS.iter().copied().collect();
    let mut offences = Vec::new();
    for edge in edges {
        let Edge { from, on, kind } = edge;
        let Some(allowed) = ours.get(from.as_str()) else {
            offences.push(format!("{from} is a crate that the map does not know"));
            continue;
        };
        // What only tests use never reaches a person, but a test must not turn the layers upside down either.
        let dev = kind == "dev";
        let fault = if ours.contains_key(on.as_str()) {
            !allowed.contains(&on.as_str()) && (!dev || from != on)
        } else if dev {
            ["candle", "rusqlite", "tauri"]
                .iter()
                .any(|name| on.starts_with(name))
                && !may_use(from, on)
        } else {
            ALONE.contains(&from.as_str()) || !may_use(from, on)
        };
        if fault {
            offences.push(format!("{from} may not depend on {on} ({kind})"));
        }
    }
    offences
}

fn may_use(from: &str, on: &str) -> bool {
    FOREIGN
        .iter()
        .filter(|(name, _)| {
            on == *name
                || on
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('-'))
        })
        .all(|(_, users)| users.contains(&from))
}

#[test]
fn crates_depend_only_on_what_the_map_allows() {
    let edges = edges();
    let found: Vec<String> = offences(&edges);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    for (name, _) in OURS.iter().filter(|(name, _)| !ALONE.contains(name)) {
        assert!(
            edges.iter().any(|edge| edge.from == *name),
            "{name} was not looked at"
        );
    }
}

#[test]
fn a_wrong_dependency_is_found() {
    let check = |from: &str, on: &str, kind: &str, wrong: bool| {
        let edge = Edge {
            from: from.to_owned(),
            on: on.to_owned(),
            kind: kind.to_owned(),
        };
        assert_eq!(
            !offences(std::slice::from_ref(&edge)).is_empty(),
            wrong,
            "{edge:?}"
        );
    };
    check("runtime", "engine", "normal", true);
    check("cli", "engine", "normal", true);
    check("parley-desktop", "engine", "dev", true);
    check("chat", "tauri", "normal", true);
    check("chat", "tauri-plugin-dialog", "dev", true);
    check("hub", "rusqlite", "dev", true);
    check("chat", "reqwest", "normal", true);
    check("kernels", "libc", "normal", true);
    check("engine", "tokio", "normal", true);
    check("newcomer", "serde", "normal", true);
    check("chat", "rusqlite", "normal", false);
    check("engine", "candle-core", "normal", false);
    check("parley-desktop", "tauri-build", "build", false);
    check("parley-desktop", "hyper-util", "dev", false); // speaks to the driver of the window's tests
    check("kernels", "half", "dev", false);
}

#[test]
fn every_crate_takes_the_workspaces_lints_and_stands_in_the_map() {
    let files = tree::files();
    let map = files
        .iter()
        .find(|file| file.path == "ARCHITECTURE.md")
        .expect("ARCHITECTURE.md is there");
    assert!(
        map.text.lines().count() < 300,
        "ARCHITECTURE.md is longer than one reading"
    );
    let mut manifests = 0;
    for file in files
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml"))
        // No members of the workspace: built by the fuzzer's own flags.
        .filter(|file| !file.path.ends_with("/fuzz/Cargo.toml"))
    {
        manifests += 1;
        assert!(
            file.text.contains("[lints]\nworkspace = true"),
            "{} has its own lints",
            file.path
        );
        let folder = file
            .path
            .trim_end_matches("/Cargo.toml")
            .trim_start_matches("crates/");
        assert!(
            map.text.contains(&format!("{folder}/")),
            "ARCHITECTURE.md does not name {folder}/"
        );
    }
    assert_eq!(manifests, OURS.len());
}
