//! Has Tauri's bundler make the packages of what is built and laid out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;

use super::stage::{NAME, PROGRAMS, Staged};
use super::{Packages, programs, write};
use crate::node::Node;
use crate::{Outcome, place, shell};

/// Makes both packages in `target/packages`.
pub(super) fn bundle(node: &Node, staged: &Staged) -> Outcome<Packages> {
    shell::say("Making the packages");
    let folder = place::target().join("packages");
    // What depends on this build and on where it lies; everything else stands in tauri.bundle.conf.json.
    let linux = json!({
        "deb": {
            "depends": debian_libraries(&folder)?,
            "changelog": staged.changelog,
            "files": { "/usr": staged.root.join("usr") },
        },
        "rpm": {
            "depends": fedora_libraries()?,
            "files": { "/usr": staged.root.join("usr") },
        },
    });
    let overlay = folder.join("tauri.conf.json");
    write(
        &overlay,
        json!({ "bundle": { "linux": linux } }).to_string(),
    )?;
    let out = programs().join("bundle");
    let _ = fs::remove_dir_all(&out); // of an earlier version, it would be taken for this one
    let configuration = place::root().join("src-tauri/tauri.bundle.conf.json");
    // It looks for the window's folder below the one that it is called in.
    let mut tauri = node.run(&["ui/node_modules/@tauri-apps/cli/tauri.js", "build", "--ci"]);
    // Built already, with the same features for all programs: `true` stands in for Cargo.
    tauri.args(["--runner", "true", "--bundles", "deb,rpm", "--config"]);
    tauri.arg(configuration).arg("--config").arg(overlay);
    tauri.args(["--", "--profile", "dist"]);
    shell::complete(&mut tauri, "The packages could not be made.")?;
    Ok(Packages {
        deb: keep(&out.join("deb"), ".deb", &folder)?,
        rpm: keep(&out.join("rpm"), ".rpm", &folder)?,
    })
}

/// Moves what was made to the others, in place of an earlier one.
fn keep(made: &Path, ending: &str, folder: &Path) -> Outcome<PathBuf> {
    let trouble = |error: std::io::Error| format!("{}: {error}.", made.display());
    let files = |folder: &Path| -> std::io::Result<Vec<PathBuf>> {
        let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        let paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
        let is_one = |path: &PathBuf| path.is_file() && path.to_string_lossy().ends_with(ending);
        Ok(paths.into_iter().filter(is_one).collect())
    };
    for earlier in files(folder).map_err(trouble)? {
        fs::remove_file(earlier).map_err(trouble)?;
    }
    let made = files(made).map_err(trouble)?.pop();
    let made = made.ok_or_else(|| format!("Tauri made no {ending}."))?;
    let kept = folder.join(made.file_name().unwrap_or_default());
    fs::rename(&made, &kept).map_err(trouble)?;
    Ok(kept)
}

/// The libraries that the programs are linked to, as packages of Debian with the versions that carry what is used.
fn debian_libraries(folder: &Path) -> Outcome<Vec<String>> {
    // dpkg-shlibdeps runs in a source package only.
    let source = folder.join("source");
    write(
        &source.join("debian/control"),
        format!("Source: {NAME}\n\nPackage: {NAME}\nArchitecture: any\n"),
    )?;
    let mut shlibdeps = shell::command("dpkg-shlibdeps", &["-O", "--warnings=0"]);
    shlibdeps.args(built()).current_dir(&source);
    let said = shell::output(&mut shlibdeps)
        .ok_or("dpkg-shlibdeps cannot tell the libraries of the programs.")?;
    let found = said
        .lines()
        .find_map(|line| line.strip_prefix("shlibs:Depends="));
    let libraries = found.ok_or("dpkg-shlibdeps says nothing.")?.split(", ");
    Ok(libraries.map(str::to_owned).collect())
}

/// The same for Fedora: names of libraries with the versions of their symbols.
fn fedora_libraries() -> Outcome<Vec<String>> {
    let trouble = |error: std::io::Error| format!("rpm's find-requires cannot be run: {error}.");
    let mut finder = shell::command("/usr/lib/rpm/find-requires", &[]);
    let mut finder = finder
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(trouble)?;
    let names: String = built()
        .map(|path| format!("{}\n", path.display()))
        .collect();
    if let Some(mut input) = finder.stdin.take() {
        input.write_all(names.as_bytes()).map_err(trouble)?;
    }
    let output = finder.wait_with_output().map_err(trouble)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let libraries: Vec<String> = said.split_whitespace().map(str::to_owned).collect();
    match libraries.is_empty() || !output.status.success() {
        true => Err("rpm's find-requires cannot tell the libraries of the programs.".to_owned()),
        false => Ok(libraries),
    }
}

fn built() -> impl Iterator<Item = PathBuf> {
    PROGRAMS.iter().map(|(program, _)| programs().join(program))
}
