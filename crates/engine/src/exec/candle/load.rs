//! Finds tensors by name and checks them.

use super::linear::{self, Linear};
use crate::families::Projection;
use crate::weights::Weights;
use candle_core::{Device, Tensor};
use formats::Checkpoint;
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

    /// A matrix with its bias. Errors: `tensor-missing`, `tensor-shape`, `unknown-type`.
    pub fn linear(&mut self, projection: &Projection) -> Result<Linear, AppError> {
        let shape = [projection.rows, projection.columns];
        let tensor = self.find(&projection.weight, &shape)?;
        let bias = match &projection.bias {
            Some(name) => Some(self.values(name, projection.rows)?),
            None => None,
        };
        Linear::new(self.weights.clone(), tensor, bias)
    }

    /// A vector of numbers, whatever their type. Errors as [`Tensors::linear`].
    pub fn values(&mut self, name: &str, size: usize) -> Result<Vec<f32>, AppError> {
        let tensor = self.find(name, &[size])?;
        linear::numbers(self.weights, tensor)
    }

    /// As [`Tensors::values`], as candle has them: (size).
    pub fn vector(&mut self, name: &str, size: usize) -> Result<Tensor, AppError> {
        let values = self.values(name, size)?;
        Tensor::from_vec(values, size, &Device::Cpu).map_err(super::failed)
    }

    /// A file with a tensor that nobody asked for is of another make than its name says.
    ///
    /// Errors: `unknown-architecture`.
    pub fn check_all_used(&self, architecture: &str) -> Result<(), AppError> {
        // Tables that old converters wrote and nobody reads.
        let table = |name: &str| {
            name.ends_with("rotary_emb.inv_freq") || name.ends_with("attn_rot_embd.weight")
        };
        match self
            .checkpoint
            .tensors
            .iter()
            .find(|tensor| !self.used.contains(&tensor.name) && !table(&tensor.name))
        {
            Some(tensor) => Err(failure::unknown_architecture(format!(
                "{architecture} with {}",
                tensor.name
            ))),
            None => Ok(()),
        }
    }
}
