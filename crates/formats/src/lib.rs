//! Reads the headers of model files without loading weights.
//!
//! A model file is hostile input: every count and size is held against the length of the file
//! before anything is allocated, and every failure is a sentence for a person.

mod beside;
mod checkpoint;
mod defaults;
mod describe;
mod folder;
pub mod forms;
pub mod ggml;
pub mod gguf;
mod index;
pub mod keys;
mod line;
mod open;
mod overrides;
mod parts;
mod quantise;
pub mod safetensors;
mod shape;
mod split;
mod templates;
mod weights;

pub use checkpoint::{Checkpoint, Header, Part, Tensor};
pub use describe::{Description, OVERHEAD, describe, kv_bytes};
pub use folder::Folder;
pub use line::one_line;
pub use overrides::{Told, Window, window};
pub use quantise::COPIED;
pub use shape::Shape;
pub use templates::Templates;
