//! Whether a process has a file in memory, where the system says so: its bytes stay on the disk
//! until that process lets go of it.

use std::path::Path;

/// Whether any process of this person's has the file mapped.
#[cfg(target_os = "linux")]
pub fn is_mapped(path: &Path) -> bool {
    use std::fs;
    let Ok(path) = fs::canonicalize(path) else {
        return false;
    };
    let Some(path) = path.to_str() else {
        return false;
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut processes = entries.filter(|entry| {
        let name = entry.file_name();
        name.to_string_lossy()
            .bytes()
            .all(|digit| digit.is_ascii_digit())
    });
    processes.any(|process| {
        // Those of others cannot be read.
        let maps = fs::read_to_string(process.path().join("maps")).unwrap_or_default();
        maps.lines().any(|line| line.ends_with(path))
    })
}

/// Other systems keep a mapped file themselves, or do not say.
#[cfg(not(target_os = "linux"))]
pub fn is_mapped(_: &Path) -> bool {
    false
}
