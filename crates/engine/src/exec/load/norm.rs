//! Norms with their weights.

use super::Tensors;
use crate::families;
use kernels::steps::{self, NormKind};
use protocol::AppError;

/// A norm with its weights.
pub(crate) struct Norm {
    kind: NormKind,
    size: usize,
    weight: Option<Vec<f32>>, // (size)
    bias: Option<Vec<f32>>,   // (size)
    eps: f32,
}

impl Norm {
    /// Errors: those of [`Tensors::values`].
    pub fn load(tensors: &mut Tensors, norm: &families::Norm) -> Result<Norm, AppError> {
        let mut values = |name: &Option<String>| {
            let name = name.as_ref();
            name.map(|name| tensors.values(name, norm.size)).transpose()
        };
        let mut weight = values(&norm.weight)?;
        if norm.plus_one {
            weight
                .iter_mut()
                .flatten()
                .for_each(|weight| *weight += 1.0);
        }
        Ok(Norm {
            kind: norm.kind,
            size: norm.size,
            weight,
            bias: values(&norm.bias)?,
            eps: norm.eps,
        })
    }

    /// Where there is one. Errors as [`Norm::load`].
    pub fn of(
        tensors: &mut Tensors,
        norm: Option<&families::Norm>,
    ) -> Result<Option<Norm>, AppError> {
        norm.map(|norm| Norm::load(tensors, norm)).transpose()
    }

    /// For the kernels.
    pub fn step(&self) -> steps::Norm<'_> {
        steps::Norm {
            kind: self.kind,
            size: self.size,
            weight: self.weight.as_deref(),
            bias: self.bias.as_deref(),
            eps: self.eps,
        }
    }
}
