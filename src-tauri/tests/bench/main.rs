//! What `cargo xtask bench` measures, in the real window with real processes.
//!
//! With `$PARLEY_BENCH` naming a file everything is measured and written there as JSON; without it
//! one small run shows that the measures still measure.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used)] // all of it is tests, also what is called by them

#[path = "../window/computer.rs"]
#[allow(dead_code, reason = "shared with the window's tests")]
mod computer;
#[path = "../window/display.rs"]
#[allow(dead_code, reason = "shared with the window's tests")]
mod display;
mod figures;
mod frames;
#[path = "../window/harness.rs"]
#[allow(dead_code, reason = "shared with the window's tests")]
mod harness;
mod memory;
#[path = "../window/page.rs"]
#[allow(dead_code, reason = "shared with the window's tests")]
mod page;
mod start;
mod turns;

use figures::Figures;
use std::{path::PathBuf, time::Duration};

/// How much is measured.
struct Effort {
    /// Starts of the window: warm, and after the page cache was dropped.
    starts: usize,
    cold_starts: usize,
    /// Starts whose memory is looked at, and how long they are left alone before that.
    memories: usize,
    settling: Duration,
    /// Conversations with the worker, and the turns of each.
    conversations: usize,
    turns: usize,
    /// Messages of the thread, streams into it, and how long each is watched.
    thread: usize,
    streams: usize,
    watching: Duration,
}

const WHOLE: Effort = Effort {
    starts: 10,
    cold_starts: 5,
    memories: 3,
    settling: Duration::from_secs(10),
    conversations: 3,
    turns: 20,
    thread: 2000,
    streams: 3,
    watching: Duration::from_secs(25),
};

const SMALL: Effort = Effort {
    starts: 1,
    cold_starts: 0,
    memories: 1,
    settling: Duration::from_secs(1),
    conversations: 1,
    turns: 2,
    thread: 10,
    streams: 1,
    watching: Duration::from_secs(1),
};

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask bench"]
async fn measured() {
    let out = std::env::var_os("PARLEY_BENCH").map(PathBuf::from);
    let effort = if out.is_some() { WHOLE } else { SMALL };
    let mut figures = Figures::default();
    start::measure(&effort, &mut figures).await;
    memory::measure(&effort, &mut figures).await;
    turns::measure(&effort, &mut figures);
    frames::measure(&effort, &mut figures).await;
    match out {
        Some(out) => figures.write(&out),
        None => figures.assert_whole(),
    }
}
