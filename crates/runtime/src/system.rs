//! What machine this is, for reports and for `parley doctor`.

use std::path::Path;

/// What does not change while the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemFacts {
    /// Name and version of the operating system.
    pub os: String,
    /// The kernel's version.
    pub kernel: String,
    /// Such as `x86_64`.
    pub processor: String,
    /// Cores that compute: physical ones, where other limits allow as many.
    pub cores: u32,
    /// Bytes of memory of the machine.
    pub memory_bytes: u64,
}

/// What machine this is.
pub fn system() -> SystemFacts {
    let memory_bytes = sysinfo::System::new().map_or(0, |mut system| {
        system.refresh_memory();
        system.total_memory()
    });
    SystemFacts {
        os: sysinfo::System::long_os_version().unwrap_or_else(|_| "unknown".into()),
        kernel: sysinfo::System::kernel_version().unwrap_or_else(|_| "unknown".into()),
        processor: std::env::consts::ARCH.to_owned(),
        cores: crate::cores::of_machine(),
        memory_bytes,
    }
}

/// Bytes that the disk of `path` has free for this person, also where the path itself is not there
/// yet; None where the system does not say.
pub fn disk_free(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|folder| folder.exists())?;
    fs4::available_space(there).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_known() {
        let system = system();
        assert!(
            system.cores > 0 && system.memory_bytes > 1 << 28,
            "{system:?}"
        );
        let folder = tempfile::tempdir().unwrap();
        let free = disk_free(&folder.path().join("not/there"));
        assert!(free.is_some_and(|bytes| bytes > 0), "{free:?}");
    }
}
