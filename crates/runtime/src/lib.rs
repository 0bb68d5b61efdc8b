//! Starts and watches workers: what is resident, what fits, who has how many cores.
//!
//! Each loaded model is a child process (`parley-worker`). What it computes may be lost at any
//! moment: the runtime says so in a sentence, and goes on.

mod engine;
#[cfg(feature = "fake")]
pub mod fake;

pub use engine::{Engine, GenerationSink, GenerationStream, Resident, Stopper};
