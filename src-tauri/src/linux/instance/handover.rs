//! What a second start and the first say to each other: one JSON line each way.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Of both lines. It rises when either changes its meaning.
const VERSION: u32 = 1;
/// The longest line, in bytes.
const LONGEST: usize = 1 << 20;

/// What a start wants: the window, with these files opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    version: u32,
    /// Absolute paths. (Letters of a name that are not Unicode are lost: then no such file is
    /// found, and the person is told.)
    pub files: Vec<String>,
    /// What the desktop gave to this start, for coming forward: the text of
    /// `XDG_ACTIVATION_TOKEN` or `DESKTOP_STARTUP_ID`.
    pub token: Option<String>,
}

impl Handover {
    /// A start with these files.
    pub fn new(files: &[PathBuf], token: Option<String>) -> Handover {
        let lossy = |file: &PathBuf| file.to_string_lossy().into_owned();
        Handover {
            version: VERSION,
            files: files.iter().map(lossy).collect(),
            token,
        }
    }
}

/// What the first says to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub version: u32,
    /// Whether it was done.
    pub taken: bool,
}

/// Asks the first, and waits for its answer until the deadline.
pub fn ask(first: &mut UnixStream, wish: &Handover, deadline: Instant) -> io::Result<Answer> {
    say(first, wish, deadline)?;
    hear_line(first, deadline)
}

/// Hears one caller, has `take` do what it wants, and answers.
pub fn hear(
    mut caller: UnixStream,
    deadline: Instant,
    take: &impl Fn(Handover) -> bool,
) -> io::Result<()> {
    let wish: Handover = hear_line(&mut caller, deadline)?;
    let taken = wish.version == VERSION && take(wish);
    let answer = Answer {
        version: VERSION,
        taken,
    };
    say(
        &mut caller,
        &answer,
        Instant::now() + Duration::from_secs(1),
    )
}

fn say(stream: &mut UnixStream, what: &impl Serialize, deadline: Instant) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    if line.len() >= LONGEST {
        return Err(io::Error::other("too long a line"));
    }
    line.push(b'\n');
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(&line)
}

/// One line of JSON: at most [`LONGEST`] bytes, whole before the deadline.
fn hear_line<T: DeserializeOwned>(stream: &mut UnixStream, deadline: Instant) -> io::Result<T> {
    let mut line = Vec::new();
    let mut piece = [0; 4096];
    loop {
        stream.set_read_timeout(Some(left(deadline)?))?;
        let read = stream.read(&mut piece)?;
        let Some(piece) = piece.get(..read).filter(|piece| !piece.is_empty()) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        line.extend(piece.split(|byte| *byte == b'\n').next().unwrap_or(piece));
        if piece.contains(&b'\n') {
            return Ok(serde_json::from_slice(&line)?);
        }
        if line.len() > LONGEST {
            return Err(io::Error::other("too long a line"));
        }
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}
