//! The layers of the window's pages, and that they fetch nothing from elsewhere.

use crate::tree::File;
use crate::{check, tells_apart};

/// For each folder of `ui/src` the folders that it must not import from.
const LAYERS: &[(&str, &[&str])] = &[
    ("ui/src/backend/", &["state", "parts", "views"]),
    ("ui/src/state/", &["parts", "views"]),
    ("ui/src/parts/", &["state", "views"]),
];

fn is_page(file: &File) -> bool {
    file.path.starts_with("ui/")
        && [".ts", ".svelte", ".css", ".html"]
            .iter()
            .any(|ending| file.path.ends_with(ending))
}

/// What a file imports: the strings after `from` or `import`.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\'', '"'])
        .zip(text.split(['\'', '"']).skip(1))
        .filter(|(before, _)| {
            ["from", "import", "import("]
                .iter()
                .any(|word| before.trim_end().ends_with(word))
        })
        .map(|(_, path)| path)
}

fn tauri_outside_the_backend(file: &File) -> Vec<String> {
    let guarded = is_page(file) && !file.path.starts_with("ui/src/backend/");
    let found = imports(&file.text).any(|path| path.starts_with("@tauri-apps"));
    if guarded && found {
        vec!["imports @tauri-apps; only ui/src/backend does".to_owned()]
    } else {
        Vec::new()
    }
}

fn layers(file: &File) -> Vec<String> {
    let own = LAYERS
        .iter()
        .find(|(folder, _)| is_page(file) && file.path.starts_with(folder));
    let Some((folder, forbidden)) = own else {
        return Vec::new();
    };
    // A test of a layer may stand a whole page up.
    if file.path.contains(".test.") {
        return Vec::new();
    }
    let reaches = |path: &&str| {
        let outside = path.trim_start_matches("../").trim_start_matches("./");
        path.starts_with("..")
            && forbidden
                .iter()
                .any(|layer| outside.split('/').next() == Some(layer))
    };
    imports(&file.text)
        .filter(reaches)
        .map(|path| format!("{folder} imports {path}"))
        .collect()
}

fn from_elsewhere(file: &File) -> Vec<String> {
    let ways = [
        "url(http",
        "url(\"http",
        "url('http",
        "src=\"http",
        "@import \"http",
        "@import url",
        "<link rel=\"stylesheet\" href=\"http",
    ];
    let found = |way: &&&str| is_page(file) && file.text.contains(**way);
    ways.iter()
        .filter(found)
        .map(|way| format!("fetches from elsewhere: {way}"))
        .collect()
}

#[test]
fn only_the_backend_knows_tauri() {
    tells_apart(
        tauri_outside_the_backend,
        "ui/src/state/a.ts",
        "import {\n  invoke,\n} from \"@tauri-apps/api/core\";",
        "// \"@tauri-apps\" is imported elsewhere\nimport { call } from \"../backend/backend\";",
    );
    check(tauri_outside_the_backend);
}

#[test]
fn layers_import_downwards() {
    tells_apart(
        layers,
        "ui/src/parts/markdown/A.svelte",
        "import { chats } from '../../state/chats.svelte';",
        "import Button from '../Button.svelte';\nimport state from './state';",
    );
    check(layers);
}

#[test]
fn pages_fetch_nothing_from_elsewhere() {
    tells_apart(
        from_elsewhere,
        "ui/a.css",
        "a { background: url(https://example.org/a.png) }",
        "a { background: url(a.png) }",
    );
    check(from_elsewhere);
}
