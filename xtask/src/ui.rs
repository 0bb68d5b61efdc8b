//! The window's pages: installed when their lock changed, built when a source changed.

use crate::node::Node;
use crate::{Outcome, place, shell, stamp};

/// Installs what the pages are built from, exactly as locked.
pub(crate) fn install(node: &Node) -> Outcome {
    let ui = place::root().join("ui");
    let key = format!(
        "{} {}",
        node.version(),
        stamp::of_files(&[ui.join("package-lock.json")], &[])?
    );
    stamp::once(&ui.join("node_modules/.installed"), &key, || {
        shell::say("Installing what the window's pages are built from (npm ci)");
        let arguments = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
        shell::complete(
            &mut node.npm(&arguments),
            "The packages of the window's pages could not be installed. Is the network there?",
        )
    })?;
    Ok(())
}

/// Builds the pages into `ui/dist`, which the window's program takes in.
pub(crate) fn build(node: &Node) -> Outcome {
    let root = place::root();
    let ui = root.join("ui");
    // The pages take in the window's messages, too.
    let sources = [ui.clone(), root.join("assets/messages")];
    let key = format!(
        "{} {}",
        node.version(),
        stamp::of_files(
            &sources,
            &["node_modules", "dist", "dist-fake", "screens", "tests"]
        )?
    );
    let stamp = ui.join("node_modules/.built");
    if !ui.join("dist/index.html").is_file() {
        // Someone threw the pages away: the stamp is about them.
        let _ = std::fs::remove_file(&stamp);
    }
    stamp::once(&stamp, &key, || {
        shell::say("Building the window's pages");
        shell::complete(
            &mut node.npm(&["run", "--silent", "build"]),
            "The window's pages could not be built.",
        )
    })?;
    Ok(())
}
