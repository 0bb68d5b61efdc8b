//! The version stands in Cargo.toml; what repeats it must agree.

use serde_json::Value;

use crate::tree;

fn text(path: &str) -> String {
    std::fs::read_to_string(tree::root().join(path)).expect(path)
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).expect(path)
}

/// Between two marks, the first time that they come.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let after = text.split_once(begin).expect(begin).1;
    after.split_once(end).expect(end).0
}

#[test]
fn every_file_names_the_same_version() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(json("ui/package.json")["version"], version);
    let lock = json("ui/package-lock.json");
    assert_eq!(lock["version"], version);
    assert_eq!(lock["packages"][""]["version"], version);
    for configuration in ["", ".bundle", ".bundle.macos", ".bundle.windows"] {
        let path = format!("src-tauri/tauri{configuration}.conf.json");
        assert!(
            json(&path)["version"].is_null(),
            "{path}: Tauri takes it from Cargo.toml"
        );
    }

    let changes = text("CHANGELOG.md");
    let (newest, day) = between(&changes, "\n## [", "\n")
        .split_once("] - ")
        .expect("a date");
    assert_eq!(newest, version, "CHANGELOG.md");
    let described = text("assets/package/org.parley.Parley.metainfo.xml");
    assert_eq!(between(&described, "<release version=\"", "\""), version);
    assert_eq!(between(&described, " date=\"", "\""), day);
}
