//! The configurations of the packages: Tauri understands each of them, and what they name is there.
//!
//! `cargo xtask package` tries Debian's and Fedora's for real; nothing tries those of macOS and Windows.
#![allow(clippy::expect_used)] // all of it is tests, also what is called by them

use serde_json::Value;
use std::{fs, path::Path};
use tauri::utils::config::Config;

/// A configuration with others laid over it, as Tauri's command line does it: objects are merged, all else is replaced.
fn laid_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                laid_over(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

fn check(names: &[&str], product: &str, targets: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Value::Null;
    for name in names {
        let text = fs::read_to_string(folder.join(name)).expect(name);
        laid_over(&mut all, serde_json::from_str(&text).expect(name));
    }
    let config: Config = serde_json::from_value(all.clone()).expect("Tauri knows every field");
    assert_eq!(config.product_name.as_deref(), Some(product));
    assert_eq!(config.identifier, "org.parley.Parley");
    assert_eq!(config.version, None, "it stands in Cargo.toml");
    assert!(config.bundle.active);
    assert_eq!(all["bundle"]["targets"], serde_json::json!(targets));
    let deb = &config.bundle.linux.deb;
    let icons = config.bundle.icon.iter().map(Path::new);
    let scripts = [&deb.desktop_template, &deb.post_remove_script];
    for path in icons.chain(scripts.into_iter().flatten().map(|path| path.as_path())) {
        assert!(folder.join(path).is_file(), "{} is missing", path.display());
    }
}

#[test]
fn each_system_has_a_whole_configuration() {
    let shared = ["tauri.conf.json", "tauri.bundle.conf.json"];
    let with = |own| [shared[0], shared[1], own];
    check(&shared, "parley-desktop", &["deb", "rpm"]);
    check(
        &with("tauri.bundle.macos.conf.json"),
        "Parley",
        &["app", "dmg"],
    );
    check(
        &with("tauri.bundle.windows.conf.json"),
        "Parley",
        &["nsis", "msi"],
    );
}
