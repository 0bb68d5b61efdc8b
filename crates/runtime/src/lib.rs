//! Starts and watches workers: what is resident, what fits, who has how many cores.
//!
//! Each loaded model is a child process (`parley-worker`). What it computes may be lost at any
//! moment: the runtime says so in a sentence, and goes on.

mod answer;
mod bench;
mod cgroup;
mod cores;
mod discovery;
mod drafting;
mod engine;
#[cfg(feature = "fake")]
pub mod fake;
mod files;
mod keeping;
mod kv;
mod load;
mod machine;
mod memory;
mod options;
mod outbox;
mod process;
mod processes;
mod quantise;
mod runtime;
mod seat;
mod shared;
mod speed;
mod stderr;
mod system;

pub use bench::{BenchNews, BenchPlan, BenchRun, Timing};
pub use engine::{Engine, GenerationSink, GenerationStream, Loading, Resident, Stopper};
pub use files::{LogitsRow, Rows};
pub use keeping::{KvWish, Telling};
pub use options::Options;
pub use runtime::Runtime;
pub use system::{SystemFacts, disk_free, system};
