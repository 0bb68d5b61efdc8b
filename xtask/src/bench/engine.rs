//! How fast models run, beside llama.cpp: `parley bench --against llama.cpp` on each, in turn.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::conversation::{LONG, WAITS};
use super::machine;
use super::models::{ALL, Measured};
use crate::node::Node;
use crate::{Outcome, place, shell};

pub(super) const USAGE: &str = "\
cargo xtask bench            everything: the window, and the engine on the usual models
cargo xtask bench window     the window alone
cargo xtask bench engine     the engine alone
  --shapes NAME,…            only these models: starter, second (the tests'), or a shape such as llama-1b
  --types TYPE,…             only these types: q4_k_m, q4_0, q4_1, q5_k, q6_k, q8_0, f16, f16-folder, bf16-folder
  --prefill N,… --depth N,… --decode N --runs N --threads N    other sizes than the usual
  --no-amx                   without AMX on both sides, in rows of their own
  --peer DIR                 where node-llama-cpp is installed; otherwise $PARLEY_PEER, or it is brought to the build folder
  --programs DIR             programs that are built already, instead of the release build
  --keep                     the files with random weights stay in the build folder
cargo xtask bench page       write the page again from the figures that are there
";

/// The package and version that is measured against.
const PACKAGE: &str = "node-llama-cpp@3.22.1";
/// Tokens that are made, where nobody says.
const DECODE: &str = "64";

/// What is to be measured, and how.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wanted {
    shapes: Vec<String>,
    types: Vec<String>,
    prefill: Option<String>,
    depth: Option<String>,
    decode: Option<String>,
    runs: Option<String>,
    threads: Option<String>,
    no_amx: bool,
    peer: Option<PathBuf>,
    programs: Option<PathBuf>,
    keep: bool,
}

impl Wanted {
    pub fn of(words: &[&str]) -> Outcome<Wanted> {
        let mut wanted = Wanted::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--no-amx" => wanted.no_amx = true,
                "--keep" => wanted.keep = true,
                _ => {
                    let value = (words.next()).ok_or_else(|| USAGE.to_owned())?;
                    let list = || value.split(',').map(str::to_owned).collect();
                    let text = || Some((*value).to_owned());
                    match *word {
                        "--shapes" => wanted.shapes = list(),
                        "--types" => wanted.types = list(),
                        "--prefill" => wanted.prefill = text(),
                        "--depth" => wanted.depth = text(),
                        "--decode" => wanted.decode = text(),
                        "--runs" => wanted.runs = text(),
                        "--threads" => wanted.threads = text(),
                        "--peer" => wanted.peer = Some(PathBuf::from(value)),
                        "--programs" => wanted.programs = Some(PathBuf::from(value)),
                        _ => return Err(USAGE.to_owned()),
                    }
                }
            }
        }
        Ok(wanted)
    }

    pub fn needs_build(&self) -> bool {
        self.programs.is_none()
    }

    fn prefill<'a>(&'a self, model: &'a Measured) -> &'a str {
        self.prefill.as_deref().unwrap_or(model.prefill)
    }

    fn runs(&self) -> &str {
        self.runs.as_deref().unwrap_or("3")
    }

    /// Those of the list that are asked for; where nobody asks, the usual ones.
    fn models(&self) -> impl Iterator<Item = &'static Measured> {
        let asked =
            |list: &[String], name: &str| list.is_empty() || list.iter().any(|one| one == name);
        let anybody = self.shapes.is_empty() && self.types.is_empty();
        ALL.iter().filter(move |model| {
            asked(&self.shapes, model.name)
                && asked(&self.types, model.kind)
                && (model.usual || !anybody)
        })
    }
}

/// Measures each model, and calls `write` after each.
pub(super) fn measure(
    wanted: &Wanted,
    whole: &mut Value,
    write: &dyn Fn(&Value) -> Outcome,
) -> Outcome {
    let models: Vec<_> = wanted.models().collect();
    if models.is_empty() {
        return Err(format!("There is no such model.\n\n{USAGE}"));
    }
    let node = Node::bring()?;
    let peer = peer(wanted, &node)?;
    let programs = match &wanted.programs {
        Some(folder) => folder.clone(),
        None => place::target().join("release"),
    };
    for (at, model) in models.iter().enumerate() {
        let file = model.file(wanted.keep)?;
        let theirs = model
            .peer()
            .map(|peer| peer.file(wanted.keep))
            .transpose()?;
        shell::say(&format!(
            "Measuring {} in {} ({} of {}); the machine should do nothing else",
            model.name,
            model.kind,
            at + 1,
            models.len()
        ));
        let facts = machine::facts();
        let files = (&*file.path, theirs.as_ref().map(|file| &*file.path));
        let mut row = run(wanted, model, files, &programs, &peer, &node)?;
        row["date"] = facts["date"].clone();
        row["commit"] = facts["commit"].clone();
        row["load"] = facts["load"].clone();
        row["model"] = model.name.into();
        row["type"] = model.kind.into();
        row["amx"] = (!wanted.no_amx).into();
        // A path of this machine says nothing.
        row["file"] = Value::Null;
        let mut sizes = wanted.prefill(model).split(',');
        let long = sizes.any(|size| size.parse() == Ok(LONG));
        for wait in WAITS.iter().filter(|wait| long || !wait.long) {
            // They choose their instructions themselves.
            if !wanted.no_amx {
                let told = wait.measure(&file.path, &programs, wanted.runs(), &row)?;
                note(&mut whole["engine"][wait.what], told);
            }
        }
        note(&mut whole["engine"]["rows"], row);
        write(whole)?;
    }
    Ok(())
}

/// In the place of an earlier one of the same, else at the end.
fn note(rows: &mut Value, row: Value) {
    let key = |row: &Value| ["model", "type", "amx"].map(|name| row[name].clone());
    if !rows.is_array() {
        *rows = json!([]);
    }
    let Some(rows) = rows.as_array_mut() else {
        return;
    };
    match rows.iter_mut().find(|one| key(one) == key(&row)) {
        Some(one) => *one = row,
        None => rows.push(row),
    }
}

fn run(
    wanted: &Wanted,
    model: &Measured,
    (file, theirs): (&Path, Option<&Path>),
    programs: &Path,
    peer: &Path,
    node: &Node,
) -> Outcome<Value> {
    let mut command = Command::new(programs.join("parley"));
    command.args(["bench", "--json", "--against", "llama.cpp", "--peer-dir"]);
    command.arg(peer);
    let sizes = [
        ("--prefill", wanted.prefill(model)),
        ("--depth", wanted.depth.as_deref().unwrap_or(model.depth)),
        ("--decode", wanted.decode.as_deref().unwrap_or(DECODE)),
        ("--runs", wanted.runs()),
    ];
    for (name, value) in sizes {
        command.args([name, value]);
    }
    if let Some(threads) = &wanted.threads {
        command.args(["--threads", threads]);
    }
    if let Some(theirs) = theirs {
        command.arg("--peer-file").arg(theirs);
    }
    if wanted.no_amx {
        command.arg("--no-amx");
    }
    command
        .arg(file)
        .env("PATH", node.path())
        .env("PARLEY_HOME", place::target().join("bench-home"))
        .env("PARLEY_WORKER", programs.join("parley-worker"));
    command.stderr(std::process::Stdio::inherit());
    let trouble = |why: &str| {
        format!(
            "{} in {} could not be measured: {why}.",
            model.name, model.kind
        )
    };
    let output = command
        .output()
        .map_err(|error| trouble(&error.to_string()))?;
    if !output.status.success() {
        return Err(trouble(&output.status.to_string()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| trouble(&error.to_string()))
}

/// The folder with llama.cpp, brought where none is named.
fn peer(wanted: &Wanted, node: &Node) -> Outcome<PathBuf> {
    let set = std::env::var_os("PARLEY_PEER").filter(|folder| !folder.is_empty());
    if let Some(folder) = wanted.peer.clone().or(set.map(PathBuf::from)) {
        return Ok(folder);
    }
    let folder = place::target().join("peer");
    if !folder.join("node_modules/node-llama-cpp").is_dir() {
        shell::say("Bringing llama.cpp, which ours is held against, to the build folder");
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("{}: {error}.", folder.display()))?;
        let mut npm = node.npm(&[
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--prefix",
            ".",
            PACKAGE,
        ]);
        npm.current_dir(&folder);
        shell::complete(&mut npm, "llama.cpp could not be brought.")?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_measured() {
        let check = |words: &str, expected: &[(&str, &str)]| {
            let words: Vec<&str> = words.split_whitespace().collect();
            let wanted = Wanted::of(&words).expect("understood");
            let found: Vec<_> = wanted
                .models()
                .map(|model| (model.name, model.kind))
                .collect();
            assert_eq!(found, expected);
        };
        check("--shapes starter", &[("starter", "q4_1")]);
        check(
            "--shapes llama-1b --types q8_0,f16",
            &[("llama-1b", "q8_0"), ("llama-1b", "f16")],
        );
        check(
            "--shapes mistral-7b --types q5_k --keep",
            &[("mistral-7b", "q5_k")],
        );
        check("--shapes none", &[]);
        let usual = Wanted::of(&[]).expect("nothing is asked for");
        assert!(usual.models().all(|model| model.usual) && usual.models().count() > 10);
        for wrong in [&["--shapes"][..], &["--what", "1"], &["llama-1b"]] {
            assert!(Wanted::of(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_model_that_is_measured_again_has_one_row() {
        let row = |model: &str, amx: bool, figure: u32| json!({"model": model, "type": "q8_0", "amx": amx, "figure": figure});
        let mut rows = Value::Null;
        for one in [
            row("a", true, 1),
            row("b", true, 2),
            row("a", false, 3),
            row("a", true, 4),
        ] {
            note(&mut rows, one);
        }
        assert_eq!(
            rows,
            json!([row("a", true, 4), row("b", true, 2), row("a", false, 3)])
        );
    }
}
