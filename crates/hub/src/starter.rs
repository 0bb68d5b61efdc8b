//! The starter model: what it is (pinned), and where it may lie.

use serde::Deserialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// How far above the executable a source tree is looked for.
const ANCESTORS: usize = 6;

/// `assets/starter/manifest.json`.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// For people.
    pub name: String,
    /// File name.
    pub file: String,
    /// Its exact length.
    pub bytes: u64,
    /// Hex.
    pub sha256: String,
}

/// The manifest, compiled in.
#[expect(
    clippy::expect_used,
    reason = "a constant of this build, read by every test"
)]
pub static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../assets/starter/manifest.json"))
        .expect("the starter's manifest is well formed")
});

/// Where the starter's file may lie, the likeliest first. `named` is a file or its folder, and
/// then the only place: who names one means that one.
pub fn candidates(named: Option<&OsStr>, executable: Option<&Path>, data: &Path) -> Vec<PathBuf> {
    let file = &MANIFEST.file;
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return vec![PathBuf::from(named), Path::new(named).join(file)];
    }
    let mut paths = Vec::new();
    if let Some(folder) = executable.and_then(Path::parent) {
        paths.push(folder.join("starter").join(file));
        for ancestor in folder.ancestors().take(ANCESTORS + 1) {
            paths.push(ancestor.join("assets/starter").join(file));
        }
        paths.push(folder.join("../lib/parley/starter").join(file));
        paths.push(folder.join("../lib/parley").join(file));
        paths.push(folder.join("../Resources/starter").join(file)); // in a bundle of macOS
    }
    paths.push(data.join("starter").join(file));
    paths
}

/// The first candidate that is a file of the right length; its hash is checked later.
pub fn find(candidates: &[PathBuf]) -> Option<PathBuf> {
    candidates
        .iter()
        .find(|path| {
            std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == MANIFEST.bytes)
        })
        .and_then(|path| std::fs::canonicalize(path).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_is_looked_for_where_it_may_lie() {
        let file = &MANIFEST.file;
        let named = candidates(Some(OsStr::new("/named")), None, Path::new("/home/data"));
        assert_eq!(
            named,
            ["/named", &format!("/named/{file}")].map(PathBuf::from)
        );
        let paths = candidates(
            None,
            Some(Path::new("/src/parley/target/release/deps/parley")),
            Path::new("/home/data"),
        );
        let order = [
            format!("/src/parley/target/release/deps/starter/{file}"),
            format!("/src/parley/assets/starter/{file}"),
            format!("/src/parley/target/release/deps/../lib/parley/starter/{file}"),
            format!("/src/parley/target/release/deps/../lib/parley/{file}"),
            format!("/src/parley/target/release/deps/../Resources/starter/{file}"),
            format!("/home/data/starter/{file}"),
        ];
        let found: Vec<_> = order
            .iter()
            .map(|path| paths.iter().position(|p| p == Path::new(path)))
            .collect();
        assert!(found.iter().all(Option::is_some), "{paths:?}");
        assert!(found.is_sorted(), "{paths:?}");
    }
}
