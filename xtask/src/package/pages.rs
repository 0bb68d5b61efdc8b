//! The JavaScript packages that are inside the window's pages, with their licences.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::notices::{Work, known_text, texts_in};
use super::read;
use crate::node::Node;
use crate::{Outcome, place, shell};

/// Builds the pages once more, elsewhere, with Vite's list of what it took in.
const BUILD: &str = "import { build } from 'vite'; await build({ logLevel: 'warn', build: { \
    outDir: process.argv[1], emptyOutDir: true, license: { fileName: 'taken-in.json' } } });";

/// The packages that Vite took in, and those that `package.json` names for the pages: what only a web worker of the page
/// uses is not in Vite's list.
pub(super) fn works(node: &Node) -> Outcome<Vec<Work>> {
    let ui = place::root().join("ui");
    let out = place::target().join("packages/pages");
    let mut vite = node.run(&["--input-type=module", "--eval", BUILD]);
    shell::complete(
        vite.arg(&out).current_dir(&ui),
        "Vite cannot tell what is in the pages.",
    )?;
    let mut names: BTreeSet<String> = BTreeSet::new();
    let taken_in = json(out.join("taken-in.json"))?;
    for package in taken_in.as_array().into_iter().flatten() {
        names.extend(package["name"].as_str().map(str::to_owned));
    }
    let own = json(ui.join("package.json"))?;
    names.extend(
        own["dependencies"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone()),
    );
    names.iter().map(|name| work(name)).collect()
}

fn work(name: &str) -> Outcome<Work> {
    let folder = place::root().join("ui/node_modules").join(name);
    let manifest = json(folder.join("package.json"))?;
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let licence = word(&manifest["license"]).unwrap_or_default();
    let author = word(&manifest["author"]).or_else(|| word(&manifest["author"]["name"]));
    let author = author.unwrap_or_else(|| format!("The authors of {name}"));
    let mut texts = texts_in(&folder)?;
    if texts.is_empty() {
        texts = known_text(&licence, &author)?;
    }
    Ok(Work {
        name: format!("{name} {}", word(&manifest["version"]).unwrap_or_default()),
        licence,
        origin: format!("{author}, https://www.npmjs.com/package/{name}"),
        texts,
    })
}

fn json(path: PathBuf) -> Outcome<Value> {
    serde_json::from_str(&read(&path)?).map_err(|error| format!("{}: {error}.", path.display()))
}
