//! A file of certificates that are trusted besides the system's own.

use protocol::{AppError, failure};
use reqwest::Certificate;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// All authorities that systems trust take a fifth of a megabyte.
const LIMIT: u64 = 16 << 20;

/// Reads the certificates of a PEM file. Errors: `certificate-file`: it cannot be read, or has none.
pub(super) fn read(path: &Path) -> Result<Vec<Certificate>, AppError> {
    let broken = || failure::certificate_file(path);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| broken().detail(e))?;
    if !file.metadata().is_ok_and(|it| it.is_file()) {
        return Err(broken().detail("it is no file"));
    }
    let mut limited = file.take(LIMIT + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|e| broken().detail(e))?;
    if bytes.len() as u64 > LIMIT {
        return Err(broken().detail("it is too long"));
    }
    let found = Certificate::from_pem_bundle(&bytes).map_err(|e| broken().detail(e))?;
    match found.is_empty() {
        true => Err(broken().detail("it has no certificate")),
        false => Ok(found),
    }
}
