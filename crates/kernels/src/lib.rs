//! What the processor can do, and the arithmetic that uses it.
//!
//! [`products`] of weights, as they lie in a model's file, and [`Activations`]; [`attend`]ing to
//! the pages of keys and values of a layer; the [`steps`] between; on the threads of a [`Pool`]. [`probe`] chooses the
//! instructions at run time, since one build runs on every machine of its architecture. All of it is safe to
//! call, and gives each output in one order of additions whatever stands beside it, and on every
//! level of instructions, so that reading a prompt at once or by pieces gives the same bits.
//! [`dequantize`] gives the numbers that weights stand for. No dependencies.

mod activations;
mod attention;
mod block;
mod ceilings;
mod dequantize;
mod exp;
mod half;
mod kv;
mod matrix;
#[cfg(target_arch = "aarch64")]
mod neon;
mod panel;
mod plain;
mod pool;
mod probe;
mod product;
pub mod steps;
mod tile;

pub use activations::Activations;
pub use attention::{HeadScoring, attend};
pub use block::BlockType;
pub use ceilings::{Ceilings, ceilings};
pub use dequantize::dequantize;
pub use kv::{KvKind, KvShape, LayerKv, Page};
pub use matrix::Matrix;
pub use pool::Pool;
pub use probe::{Level, probe};
pub use product::{Product, products};
