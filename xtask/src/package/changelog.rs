//! The changes of each version: read from `CHANGELOG.md`, and told in Debian's form.

use super::stage::NAME;
use super::{read, wrapped};
use crate::{Outcome, place, shell};

/// Who packages, as `tauri.bundle.conf.json` has it.
const CONFIGURATION: &str = "src-tauri/tauri.bundle.conf.json";

/// One version.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    number: String,
    /// Such as `2026-11-22`.
    day: String,
    /// A paragraph each, without the mark before it.
    changes: Vec<String>,
}

/// The whole changelog as Debian writes them.
pub(super) fn for_debian() -> Outcome<String> {
    let configuration = read(&place::root().join(CONFIGURATION))?;
    let configuration: serde_json::Value = serde_json::from_str(&configuration)
        .map_err(|error| format!("{CONFIGURATION}: {error}."))?;
    let maintainer = configuration["bundle"]["publisher"].as_str();
    let maintainer = maintainer.ok_or_else(|| format!("{CONFIGURATION} names no publisher."))?;
    let mut text = String::new();
    for version in versions(&read(&place::root().join("CHANGELOG.md"))?) {
        let arguments = ["--utc", "--rfc-email", "--date", &version.day];
        let date = shell::output(&mut shell::command("date", &arguments))
            .ok_or_else(|| format!("CHANGELOG.md: {} is no date.", version.day))?;
        text += &format!("{NAME} ({}) stable; urgency=medium\n\n", version.number);
        for change in &version.changes {
            text += &wrapped("  * ", &change.replace('`', ""), 80, "    ");
        }
        text += &format!("\n -- {maintainer}  {}\n\n", date.trim());
    }
    Ok(text)
}

/// The versions with a date, the newest first: `## [0.1.0] - 2026-11-22`, and the list items below.
fn versions(text: &str) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::new();
    let mut dated = false;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let parts = heading
                .strip_prefix('[')
                .and_then(|rest| rest.split_once("] - "));
            dated = parts.is_some();
            versions.extend(parts.map(|(number, day)| Version {
                number: number.to_owned(),
                day: day.trim().to_owned(),
                changes: Vec::new(),
            }));
        } else if let (true, Some(version)) = (dated, versions.last_mut()) {
            if let Some(change) = line.strip_prefix("- ") {
                version.changes.push(change.to_owned());
            } else if let (Some(more), Some(change)) =
                (line.strip_prefix("  "), version.changes.last_mut())
            {
                *change += &format!(" {}", more.trim());
            }
        }
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_their_changes_and_what_is_unreleased_is_not() {
        let text = "# Changes\n- none\n## [Unreleased]\n- later\n## [0.2.0] - 2027-01-02\n### Added\n- a\n  and more\n- b\n## [0.1.0] - 2026-11-22\n- c\n";
        let version = |number: &str, day: &str, changes: &[&str]| Version {
            number: number.to_owned(),
            day: day.to_owned(),
            changes: changes.iter().map(|&change| change.to_owned()).collect(),
        };
        assert_eq!(
            versions(text),
            [
                version("0.2.0", "2027-01-02", &["a and more", "b"]),
                version("0.1.0", "2026-11-22", &["c"])
            ]
        );
    }
}
