//! What the processor can do, and the arithmetic that uses it.
//!
//! Two jobs so far: [`multiply`] a matrix of weights, as it lies in a model's file, by activations
//! in twice 8 bits, or in f32 where the weights are plain numbers; and [`attend`] over the pages
//! of keys and values of a layer. [`probe`] chooses the instructions at run time, since one build runs on
//! every x86-64 machine. Both are safe, and give each output in one order of additions whatever
//! stands beside it, so that reading a prompt at once or by pieces gives the same bits.
//! [`dequantize`] gives the numbers that weights stand for.
//! No dependencies, no threads: the caller divides the rows.

mod activations;
mod attention;
mod block;
mod dequantize;
mod dot;
mod exp;
mod half;
mod kv;
mod matrix;
mod multiply;
mod plain;
mod pool;
mod probe;
mod product;
pub mod steps;

pub use activations::Activations;
pub use attention::{HeadScoring, attend};
pub use block::BlockType;
pub use dequantize::dequantize;
pub use kv::{KvKind, KvShape, LayerKv, Page};
pub use matrix::Matrix;
pub use multiply::multiply;
pub use pool::Pool;
pub use probe::{Level, probe};
pub use product::{Product, products};
