//! The worker's stdio, and what only libc tells of the process: the one file here with unsafe
//! code.
#![allow(unsafe_code, reason = "dup2 and getrusage have no safe form in std")]

use std::fs::File;
use std::io;

/// Takes the real standard output for the protocol, and lets everything that is printed from
/// here on, by whatever library, go to standard error. Errors: of the system.
#[cfg(unix)]
pub fn take_stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    let real = io::stdout().as_fd().try_clone_to_owned()?;
    // SAFETY: both are descriptors of this process; dup2 touches no memory of ours.
    let moved = unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) };
    if moved < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(File::from(real))
}

/// The same where descriptors cannot be moved: libraries are trusted not to print.
#[cfg(not(unix))]
pub fn take_stdout() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}

/// Most bytes that the process has held, where `/proc` does not say.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn peak_memory() -> u64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the struct it is given, which is valid when zeroed.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    // Bytes on macOS, kilobytes elsewhere.
    let unit = if cfg!(target_vendor = "apple") {
        1
    } else {
        1024
    };
    u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit
}
