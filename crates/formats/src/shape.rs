//! What the keys and values of a model's attention take memory for, also where only the beginning
//! of its file, or its config.json, was read.

use crate::checkpoint::{Checkpoint, Header};
use crate::folder::Folder;
use crate::gguf::Gguf;
use crate::keys::{self, Fact};
use protocol::AppError;
use std::path::PathBuf;

/// Sizes that the model does not name are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Longest context in tokens that the model was made for.
    pub context: u32,
    /// Blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Heads of attention.
    pub heads: u32,
    /// Heads of keys and values.
    pub kv_heads: u32,
    /// Width of one head's queries and keys.
    pub head_dim: u32,
    /// Width of one head's values.
    pub value_dim: u32,
}

impl Shape {
    /// That of a model whose header is read.
    pub(crate) fn of(it: &Checkpoint) -> Shape {
        let number = |fact: &Fact| small(it.number(fact));
        let hidden = number(&keys::HIDDEN).unwrap_or(0);
        let heads = number(&keys::HEADS).unwrap_or(0);
        let head_dim = number(&keys::HEAD_DIM)
            .or_else(|| hidden.checked_div(heads))
            .unwrap_or(0);
        Shape {
            context: number(&keys::CONTEXT).unwrap_or(0),
            layers: number(&keys::LAYERS).unwrap_or(0),
            hidden,
            heads,
            kv_heads: small(it.kv_heads()).unwrap_or(heads),
            head_dim,
            value_dim: number(&keys::VALUE_DIM).unwrap_or(head_dim),
        }
    }

    /// What the first `bytes` of a GGUF file say; None where they do not say all of it.
    pub fn of_start(bytes: &[u8]) -> Option<Shape> {
        Shape::whole(Gguf::start(bytes).and_then(Checkpoint::of_gguf))
    }

    /// What a config.json says; None where it does not say all of it.
    pub fn of_config(text: &[u8]) -> Option<Shape> {
        let config = serde_json::from_slice(text).ok()?;
        let path = PathBuf::new();
        let folder = Folder {
            path: path.clone(),
            config,
        };
        let header = Header::Folder(folder);
        Shape::whole(Checkpoint::new(path, header, Vec::new(), Vec::new()))
    }

    fn whole(it: Result<Checkpoint, AppError>) -> Option<Shape> {
        let shape = Shape::of(&it.ok()?);
        let sizes = [
            shape.context,
            shape.layers,
            shape.kv_heads,
            shape.head_dim,
            shape.value_dim,
        ];
        sizes.iter().all(|size| *size > 0).then_some(shape)
    }
}

pub(crate) fn small(number: Option<u64>) -> Option<u32> {
    u32::try_from(number?).ok()
}
