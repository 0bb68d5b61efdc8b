//! What the processor can do, and the arithmetic that uses it.
//!
//! One job so far: multiply a matrix of quantised weights, as it lies in a GGUF file, by 8-bit
//! activations. [`probe`] chooses the instructions at run time, since one build runs on every
//! x86-64 machine; [`multiply`] is safe and gives each output in one order of additions whatever
//! the batch, so that reading a prompt at once or by pieces gives the same numbers.
//! No dependencies, no threads: the caller divides the rows.

mod activations;
mod block;
mod dot;
mod half;
mod multiply;
mod probe;

pub use activations::Activations;
pub use block::BlockType;
pub use multiply::multiply;
pub use probe::{Level, probe};
