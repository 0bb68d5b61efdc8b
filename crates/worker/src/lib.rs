//! The child process `parley-worker`: reads requests, steps the engine, writes events.
//!
//! A worker holds one model and computes one request at a time, in the order they came, but for
//! answers, a few of which are made together. It owns
//! nothing that cannot be reckoned again: it may be killed at any moment.

mod answers;
mod drafting;
mod heart;
mod input;
mod keeping;
pub mod memory;
pub mod panics;
pub mod stdio;
mod voice;
mod work;

use crate::answers::Inbox;
use crate::heart::Heart;
use crate::input::Desk;
use crate::voice::Voice;
use crate::work::Work;
use protocol::{WORKER_PROTOCOL, WorkerEvent};
use std::io::{Read, Write};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// Bytes of stack for the thread that computes: templates and grammars recurse.
const STACK: usize = 16 << 20;
/// How long a computation has to clear up once nobody asks any more.
const GRACE: Duration = Duration::from_millis(500);

/// Why a worker's service has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nobody asks any more.
    InputEnded,
    /// Nobody listens any more.
    OutputClosed,
    /// A computation panicked in the middle: what it left is not to be relied on.
    Broken,
}

/// Serves until the input ends, also while something is being computed: that is cancelled, and
/// waited for no longer than it may take to remove a file that is not finished. Whoever wants
/// the process to end at once exits after this.
pub fn serve(reader: impl Read + Send + 'static, writer: impl Write + Send + 'static) -> Ending {
    let (end, ended) = mpsc::channel();
    let voice = Arc::new(Voice::new(writer, end.clone()));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    voice.tell(
        0,
        WorkerEvent::Hello {
            protocol: WORKER_PROTOCOL,
            engine: engine::facts(u32::try_from(threads).unwrap_or(1)),
        },
    );
    let desk = Arc::new(Desk::default());
    let heart = Arc::new(Heart::new(voice.clone(), heart::BEAT));
    let (ask, asked) = mpsc::channel();

    let started = [
        {
            let (desk, voice, end) = (desk.clone(), voice.clone(), end.clone());
            thread::Builder::new().name("input".into()).spawn(move || {
                input::read(reader, &desk, &voice, &ask);
                drop(ask);
                desk.cancel_all();
                thread::sleep(GRACE);
                let _ = end.send(Ending::InputEnded);
            })
        },
        {
            let heart = heart.clone();
            thread::Builder::new()
                .name("heart".into())
                .spawn(move || heart.beat())
        },
        thread::Builder::new()
            .name("compute".into())
            .stack_size(STACK)
            .spawn(move || {
                let mut work = Work::new(desk, voice, heart);
                let asked = Inbox::new(asked);
                while let Some(request) = asked.next(&mut work.keeping) {
                    if work.serve(request, &asked).is_break() {
                        let _ = end.send(Ending::Broken);
                        return;
                    }
                }
                work.keeping.save_at_the_end();
                let _ = end.send(Ending::InputEnded);
            }),
    ];
    if started.iter().any(Result::is_err) {
        return Ending::Broken;
    }
    ended.recv().unwrap_or(Ending::InputEnded)
}
