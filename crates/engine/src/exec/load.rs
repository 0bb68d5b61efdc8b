//! What executors load: tensors, found by name and checked.

mod attention;
mod linear;
mod norm;
mod positions;
mod residual;

pub(crate) use attention::Attention;
pub(crate) use linear::{Linear, numbers};
pub(crate) use norm::Norm;
pub(crate) use positions::Turning;
pub(crate) use residual::Residual;

use super::failed;
use crate::families::{Factors, Form, Projection, Rope, Scaling};
use crate::weights::Weights;
use formats::Checkpoint;
use linear::Numbers;
use positions::slopes;
use protocol::{AppError, failure};
use std::collections::HashSet;
use std::sync::Arc;

/// The tensors of a file, and which of them were asked for.
pub(crate) struct Tensors<'a> {
    checkpoint: &'a Checkpoint,
    weights: &'a Arc<Weights>,
    used: HashSet<String>,
}

impl<'a> Tensors<'a> {
    pub fn new(checkpoint: &'a Checkpoint, weights: &'a Arc<Weights>) -> Self {
        Tensors {
            checkpoint,
            weights,
            used: HashSet::new(),
        }
    }

    fn find(&mut self, name: &str, shape: &[usize]) -> Result<&'a formats::Tensor, AppError> {
        let tensor = self
            .checkpoint
            .tensor(name)
            .ok_or_else(|| failure::tensor_missing(name))?;
        if !(tensor.shape.iter()).eq(shape
            .iter()
            .map(|size| *size as u64)
            .collect::<Vec<_>>()
            .iter())
        {
            let found = format!("{:?}", tensor.shape);
            return Err(failure::tensor_shape(name, format!("{shape:?}"), found));
        }
        self.used.insert(name.to_owned());
        Ok(tensor)
    }

    /// A matrix with its bias. Errors: `tensor-missing`, `tensor-shape`, `unknown-type`,
    /// `model-damaged`.
    pub fn linear(&mut self, projection: &Projection) -> Result<Linear, AppError> {
        let rows = projection.rows;
        let bias = match &projection.bias {
            Some((name, shape)) => {
                let tensor = self.find(name, shape)?;
                let all = numbers(self.weights, tensor)?;
                let runs = rows.starts().map(|start| all.get(start..start + rows.run));
                let some: Option<Vec<&[f32]>> = runs.collect();
                let some = some.ok_or_else(|| failed("a bias of other rows"))?;
                Some(some.concat())
            }
            None => None,
        };
        let name = &projection.weight;
        let weights = match projection.form {
            Form::Plain => Numbers::mapped(self.weights, self.find(name, &projection.shape)?)?,
            Form::Transposed => {
                let mut shape = projection.shape.clone();
                let last = shape.len().saturating_sub(1);
                if last > 0 {
                    shape.swap(last - 1, last);
                }
                Numbers::transposed(self.weights, self.find(name, &shape)?)?
            }
            Form::Mxfp4Apart => {
                let (before, columns) = projection.shape.split_at(projection.shape.len() - 1);
                let groups = columns.first().map_or(0, |columns| columns / 32);
                let blocks = [before, &[groups, 16]].concat();
                let blocks = self.find(&format!("{name}_blocks"), &blocks)?;
                let scales = [before, &[groups]].concat();
                let scales = self.find(&format!("{name}_scales"), &scales)?;
                Numbers::mxfp4(self.weights, blocks, scales)?
            }
        };
        Linear::new(weights, rows, bias)
    }

    /// A vector of numbers, whatever their type. Errors as [`Tensors::linear`].
    pub fn values(&mut self, name: &str, size: usize) -> Result<Vec<f32>, AppError> {
        let tensor = self.find(name, &[size])?;
        numbers(self.weights, tensor)
    }

    /// The tensors of positions are known, though only those for this context are read.
    pub fn pass_over(&mut self, rope: &Rope) {
        if let Scaling::Long { short, long, .. } = &rope.scaling {
            for factors in [short, long] {
                if let Factors::Tensor(name) = factors {
                    self.used.insert(name.clone());
                }
            }
        }
    }

    /// Errors: those of [`check_all_used`].
    pub fn check_all_used(&self, architecture: &str) -> Result<(), AppError> {
        check_all_used(self.checkpoint, &self.used, architecture)
    }
}

/// A file with a tensor that nobody asked for is of another make than it says.
///
/// Errors: `tensor-unexpected`.
pub(crate) fn check_all_used(
    checkpoint: &Checkpoint,
    used: &HashSet<String>,
    architecture: &str,
) -> Result<(), AppError> {
    // Tables and masks that older programs wrote and nobody reads, a second copy of a tied
    // embedding, and what sees or hears in a model whose words we read.
    let unread = |name: &str| {
        name.ends_with(".inv_freq")
            || name.ends_with(".masked_bias")
            || name.ends_with("attn_rot_embd.weight")
            || name == "lm_head.weight"
            || name == "language_model.lm_head.weight"
            || name.split('.').any(|part| SENSES.contains(&part))
    };
    match checkpoint
        .tensors
        .iter()
        .find(|tensor| !used.contains(&tensor.name) && !unread(&tensor.name))
    {
        Some(tensor) => Err(failure::tensor_unexpected(
            formats::one_line(&tensor.name),
            architecture,
        )),
        None => Ok(()),
    }
}

/// What the parts of models that see or hear are called.
const SENSES: &[&str] = &[
    "vision_tower",
    "vision_model",
    "visual",
    "audio_tower",
    "multi_modal_projector",
    "embed_vision",
    "embed_audio",
];
