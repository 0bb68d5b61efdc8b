//! How source files look.

use std::process::Command;

use crate::tree::{self, File};
use crate::{check, tells_apart};

/// Beside `crates/kernels`, the files that may say `unsafe`, one for each reason.
const UNSAFE: &[(&str, &str)] = &[
    ("crates/engine/src/weights.rs", "mapping files"),
    ("crates/worker/src/stdio.rs", "the worker's stdio"),
    ("src-tauri/src/environment.rs", "the process environment"),
];

/// The longest file, unless it is one uniform list.
const LONGEST: usize = 800;
const UNIFORM_LISTS: &[&str] = &[];

/// The largest file that every clone has to carry.
const LARGEST: u64 = 1 << 20;

/// Endings of type names that say nothing.
const VAGUE: &[&str] = &["Manager", "Helper", "Helpers", "Util", "Utils", "Service"];

fn is_source(file: &File) -> bool {
    [".rs", ".ts", ".svelte", ".mjs", ".css", ".py", ".html"]
        .iter()
        .any(|ending| file.path.ends_with(ending))
}

fn is_rust(file: &File) -> bool {
    file.path.ends_with(".rs")
}

/// The words of a line of code: without strings, a comment's end, and punctuation.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    let outside = code.split('"').step_by(2);
    outside
        .flat_map(|piece| piece.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| !word.is_empty())
}

fn unsafe_code(file: &File) -> Vec<String> {
    let allowed = file.path.starts_with("crates/kernels/")
        || UNSAFE.iter().any(|(path, _)| *path == file.path);
    if !is_rust(file) || allowed {
        return Vec::new();
    }
    let lines = file.text.lines().enumerate();
    lines
        .filter(|(_, line)| words(line).any(|word| word == "unsafe"))
        .map(|(number, _)| {
            format!(
                "unsafe in line {}; only {UNSAFE:?} and crates/kernels may",
                number + 1
            )
        })
        .collect()
}

fn no_header(file: &File) -> Vec<String> {
    let begins = |line: &&str| !line.trim().is_empty() && !line.starts_with("#!");
    let header = file
        .text
        .lines()
        .find(begins)
        .is_some_and(|line| line.starts_with("//!"));
    if is_rust(file) && !header {
        vec!["no //! header says what it is".to_owned()]
    } else {
        Vec::new()
    }
}

fn too_long(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    let counts = is_source(file) && !UNIFORM_LISTS.contains(&file.path.as_str());
    if counts && lines > LONGEST {
        vec![format!("{lines} lines")]
    } else {
        Vec::new()
    }
}

fn a_developers_machine(file: &File) -> Vec<String> {
    // Put together here, so that this file does not offend itself.
    let places = [["/wor", "k/"], ["/tmp/l", "ab"], ["/roo", "t/"]].map(|parts| parts.concat());
    let named = |place: &String| {
        file.text.match_indices(place.as_str()).any(|(at, _)| {
            // A folder of this name somewhere below another is no machine's.
            !file.text[..at]
                .ends_with(|before: char| before.is_alphanumeric() || "._-}".contains(before))
        })
    };
    places
        .iter()
        .filter(|place| named(place))
        .map(|place| format!("names {place}"))
        .collect()
}

fn unfinished(file: &File) -> Vec<String> {
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|parts| parts.concat());
    let is_mark = |word: &str| marks.iter().any(|mark| mark == word);
    let found = is_source(file) && file.text.split(|c: char| !c.is_alphanumeric()).any(is_mark);
    if found {
        vec!["says that it is not finished".to_owned()]
    } else {
        Vec::new()
    }
}

fn vague_names(file: &File) -> Vec<String> {
    if !is_source(file) {
        return Vec::new();
    }
    let mut offences = Vec::new();
    for line in file.text.lines() {
        let mut words = words(line).peekable();
        while let Some(word) = words.next() {
            let declares =
                ["struct", "enum", "trait", "type", "class", "interface"].contains(&word);
            if let Some(name) = words.peek()
                && declares
                && VAGUE.iter().any(|ending| name.ends_with(ending))
            {
                offences.push(format!("the name {name} says nothing"));
            }
        }
    }
    offences
}

#[test]
fn unsafe_is_only_where_it_is_named() {
    tells_apart(
        unsafe_code,
        "crates/chat/src/sample.rs",
        "fn f() {\n    unsafe { g() }\n}",
        "#![deny(unsafe_code)]\n// unsafe\nconst A: &str = \"unsafe\";\nfn unsafe_format() {}",
    );
    check(unsafe_code);
}

#[test]
fn every_module_says_what_it_is() {
    tells_apart(
        no_header,
        "a.rs",
        "use std::fs;\n//! late",
        "#![cfg(unix)]\n\n//! What it is.\n",
    );
    check(no_header);
}

#[test]
fn files_are_short() {
    tells_apart(
        too_long,
        "a.rs",
        &"//\n".repeat(LONGEST + 1),
        &"//\n".repeat(LONGEST),
    );
    check(too_long);
}

#[test]
fn nothing_names_a_developers_machine() {
    let bad = ["read ", "/roo", "t/x"].concat();
    tells_apart(
        a_developers_machine,
        "a.md",
        &bad,
        "https://example.org/net/work/x and $HOME/root/x",
    );
    check(a_developers_machine);
}

#[test]
fn nothing_is_left_to_do() {
    let bad = ["// TO", "DO: later"].concat();
    tells_apart(unfinished, "a.rs", &bad, "// todoist\nfn todo() {}");
    check(unfinished);
}

#[test]
fn type_names_are_nouns_of_the_domain() {
    tells_apart(
        vague_names,
        "a.rs",
        "pub struct ModelManager {",
        "use tauri::Manager; // struct FooManager\npub struct Library;",
    );
    tells_apart(
        vague_names,
        "a.ts",
        "export class ChatService {",
        "export interface Backend {",
    );
    check(vague_names);
}

#[test]
fn nothing_large_is_committed() {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(tree::root())
        .output();
    // An archive of the sources has no history: there the written files are looked at.
    let paths: Vec<String> = match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect(),
        _ => tree::files().into_iter().map(|file| file.path).collect(),
    };
    assert!(paths.iter().any(|path| path == "Cargo.toml"));
    for path in paths {
        let bytes = tree::root()
            .join(&path)
            .metadata()
            .map_or(0, |found| found.len());
        assert!(bytes <= LARGEST, "{path} has {bytes} bytes");
    }
}
