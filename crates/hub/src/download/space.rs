//! Room on the disk.

use fs4::FileExt as _;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

/// Bytes that are free where `folder` is or will be; None where the system does not say.
pub fn free(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|above| above.exists())?;
    fs4::available_space(there).ok()
}

/// Bytes of the disk that a file has already.
pub fn taken(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| {
        #[cfg(unix)]
        return std::os::unix::fs::MetadataExt::blocks(&found) * 512;
        #[cfg(not(unix))]
        found.len()
    })
}

/// Gives a file its length, with the disk's room for it where the file system can do that.
/// Errors: the system's, such as that the disk is full.
pub fn set_aside(file: &File, bytes: u64) -> std::io::Result<()> {
    if bytes > 0 {
        match file.allocate(bytes) {
            Err(e) if matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                return Err(e);
            }
            _ => {}
        }
    }
    file.set_len(bytes)
}
