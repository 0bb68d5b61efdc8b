//! The tree of files that both packages carry beside the window itself, laid out as it will be installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{changelog, manual, notices, programs, read, write};
use crate::node::Node;
use crate::{Outcome, models, place, shell};

/// The package's name. Debian and Fedora know another program as `parley`, with higher versions: under that name an update
/// of the system would put it in Parley's place.
pub(super) const NAME: &str = "parley-desktop";
/// Where the starter model goes: beside the worker, where both are looked for from `/usr/bin`.
pub(super) const STARTER: &str = "usr/lib/parley/starter";
/// The programs, and where they go. The window itself is put there by Tauri.
pub(super) const PROGRAMS: &[(&str, &str)] = &[
    ("parley-desktop", "usr/bin/parley-desktop"),
    ("parley", "usr/bin/parley"),
    ("parley-worker", "usr/lib/parley/parley-worker"),
];

/// Lays everything out afresh.
pub(super) fn stage(node: &Node) -> Outcome<Staged> {
    shell::say("Laying out what is installed");
    let folder = place::target().join("packages");
    let root = folder.join("files");
    match fs::remove_dir_all(&root) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{} could not be removed: {error}.", root.display()));
        }
        _ => {}
    }
    let assets = place::root().join("assets");
    for (program, to) in PROGRAMS.iter().filter(|(program, _)| *program != NAME) {
        copy(&programs().join(program), &root.join(to), 0o755)?;
    }
    let model = models::STARTER.file;
    let files = [
        (format!("starter/{model}"), format!("{STARTER}/{model}")),
        (
            "package/copyright".to_owned(),
            format!("usr/share/doc/{NAME}/copyright"),
        ),
        (
            "package/org.parley.Parley.metainfo.xml".to_owned(),
            "usr/share/metainfo/org.parley.Parley.metainfo.xml".to_owned(),
        ),
        (
            "package/parley-desktop.mime.xml".to_owned(),
            format!("usr/share/mime/packages/{NAME}.xml"),
        ),
        (
            "icons/parley.svg".to_owned(),
            format!("usr/share/icons/hicolor/scalable/apps/{NAME}.svg"),
        ),
    ];
    for (from, to) in files {
        copy(&assets.join(from), &root.join(to), 0o644)?;
    }
    let metainfo = root.join("usr/share/metainfo/org.parley.Parley.metainfo.xml");
    shell::complete(
        shell::command("appstreamcli", &["validate", "--no-net"]).arg(metainfo),
        "The description for software centres has a fault.",
    )?;
    let pages = root.join("usr/share/man/man1");
    compressed(
        &pages.join("parley.1"),
        &manual::of_the_command_line(&programs().join("parley"))?,
    )?;
    compressed(
        &pages.join("parley-desktop.1"),
        &read(&assets.join("package/parley-desktop.1"))?,
    )?;
    let notices = root.join(format!("usr/share/doc/{NAME}/third-party-notices.txt"));
    write(&notices, notices::notices(node)?)?;
    let changelog = folder.join("changelog");
    write(&changelog, changelog::for_debian()?)?;
    Ok(Staged { root, changelog })
}

/// What was laid out.
pub(super) struct Staged {
    /// The tree; `usr` is inside.
    pub root: PathBuf,
    /// In Debian's form; compressed by Tauri.
    pub changelog: PathBuf,
}

/// Copies a file, and gives it the mode that it is installed with whatever the umask says.
fn copy(from: &Path, to: &Path, mode: u32) -> Outcome {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(from, to))
        .and_then(|_| fs::set_permissions(to, fs::Permissions::from_mode(mode)))
        .map_err(|error| {
            format!(
                "{} could not be copied to {}: {error}.",
                from.display(),
                to.display()
            )
        })
}

/// Writes a manual page in the compressed form that Debian asks for.
fn compressed(path: &Path, text: &str) -> Outcome {
    write(path, text)?;
    shell::complete(
        // Without name and time, so that the same page is the same file.
        shell::command("gzip", &["-9", "--no-name", "--force"]).arg(path),
        "A manual page could not be compressed.",
    )
}
