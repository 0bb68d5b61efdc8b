//! One window for each data folder: a second start hands its files over to the first and ends.
//!
//! Who holds the lock beside the history is the first; the system lets go of it when that process
//! ends, however it ends. The first listens on a socket in the same folder, which is the person's
//! alone. `handover.rs` has what is said there.

mod handover;

pub use handover::Handover;

use handover::Answer;
use hub::Places;
use protocol::{AppError, failure};
use std::{
    fs::{self, File, TryLockError},
    io,
    os::{
        fd::AsRawFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a second start tries to reach the first, which may just be starting or ending.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a caller may take to say what it wants.
const HEARING: Duration = Duration::from_secs(2);
/// Callers heard at once; further ones find the door shut and come again.
const CALLERS: usize = 8;

/// What a start turned out to be.
pub enum Claim {
    /// The first: it opens the window.
    First(Instance),
    /// Another one: the first has done what was wanted.
    HandedOver,
}

/// The first start of its data folder, as long as this process lives.
pub struct Instance {
    /// None where the folder cannot be written: then nobody can be told apart, and the chat core
    /// says what is wrong.
    door: Option<(File, UnixListener)>,
}

/// Becomes the first of these folders, or hands over to the one that is.
/// Errors: `already-open` where there is one and it does not answer.
pub fn claim(places: &Places, wish: &Handover) -> Result<Claim, AppError> {
    claim_within(places, wish, PATIENCE)
}

fn claim_within(places: &Places, wish: &Handover, patience: Duration) -> Result<Claim, AppError> {
    let alone = || Ok(Claim::First(Instance { door: None }));
    let Ok((folder, lock)) = open(places) else {
        return alone();
    };
    let address = address(&folder, &places.socket());
    let deadline = Instant::now() + patience;
    loop {
        match lock.try_lock() {
            Ok(()) => {
                let door = listen(&address).map(|door| (lock, door));
                return Ok(Claim::First(Instance { door: door.ok() }));
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(_)) => return alone(), // a disk that knows no locks
        }
        let answered = UnixStream::connect(&address)
            .and_then(|mut first| handover::ask(&mut first, wish, deadline));
        match answered {
            Ok(Answer { taken: true, .. }) => return Ok(Claim::HandedOver),
            Ok(Answer { version, .. }) => {
                return Err(failure::already_open().detail(format!("it speaks version {version}")));
            }
            // Not yet listening, or no longer, or busy.
            Err(error) if Instant::now() + PAUSE >= deadline => {
                return Err(failure::already_open().detail(error));
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

fn open(places: &Places) -> Result<(File, File), AppError> {
    places.create_data()?;
    let failed = |error: io::Error| failure::file_not_written(places.data()).detail(error);
    let folder = File::open(places.data()).map_err(failed)?;
    let lock = File::options()
        .create(true)
        .append(true)
        .open(places.socket().with_extension("lock"))
        .map_err(failed)?;
    Ok((folder, lock))
}

/// The socket by way of its open folder: an address has room for 108 bytes, a path is longer.
fn address(folder: &File, socket: &Path) -> PathBuf {
    let name = socket.file_name().unwrap_or_default();
    Path::new("/proc/self/fd")
        .join(folder.as_raw_fd().to_string())
        .join(name)
}

/// Whatever lies there is left over: who listened there before held the lock.
fn listen(address: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(address) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => UnixListener::bind(address),
    }
}

impl Instance {
    /// Listens for further starts, in a thread that lives as long as the process. `take` does
    /// what one wants, and says whether it did.
    pub fn listen(self, take: impl Fn(Handover) -> bool + Send + Sync + 'static) {
        let Some((lock, door)) = self.door else {
            return;
        };
        let callers = Arc::new(AtomicUsize::new(0));
        let take = Arc::new(take);
        thread::spawn(move || {
            let _held = lock;
            for caller in door.incoming() {
                let Ok(caller) = caller else {
                    thread::sleep(PAUSE); // out of files: they come back
                    continue;
                };
                if callers.fetch_add(1, Ordering::AcqRel) < CALLERS {
                    let (callers, take) = (Arc::clone(&callers), Arc::clone(&take));
                    thread::spawn(move || {
                        let _ = handover::hear(caller, Instant::now() + HEARING, &*take);
                        callers.fetch_sub(1, Ordering::AcqRel);
                    });
                } else {
                    callers.fetch_sub(1, Ordering::AcqRel);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests;
