//! What the processor can do, and the arithmetic that uses it. No dependencies.

mod probe;

pub use probe::{Level, probe};
