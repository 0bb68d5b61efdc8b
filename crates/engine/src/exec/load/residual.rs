//! How a layer's attention and feed join the stream, with the norms around them.

use super::{Norm, Tensors};
use crate::families;
use protocol::AppError;

/// One after the other, or both from the same.
pub(crate) enum Residual {
    Serial { mixer: Norms, feed: Norms },
    Parallel { mixer: Norm, feed: Option<Norm> },
}

/// The norms before and after one of them.
pub(crate) struct Norms {
    pub before: Option<Norm>,
    pub after: Option<Norm>,
}

impl Residual {
    /// Errors: those of [`Tensors::values`].
    pub fn load(
        tensors: &mut Tensors,
        residual: &families::Residual,
    ) -> Result<Residual, AppError> {
        Ok(match residual {
            families::Residual::Serial { mixer, feed } => Residual::Serial {
                mixer: Norms::load(tensors, mixer)?,
                feed: Norms::load(tensors, feed)?,
            },
            families::Residual::Parallel { mixer, feed } => Residual::Parallel {
                mixer: Norm::load(tensors, mixer)?,
                feed: Norm::of(tensors, feed.as_ref())?,
            },
        })
    }
}

impl Norms {
    fn load(tensors: &mut Tensors, norms: &families::Norms) -> Result<Norms, AppError> {
        Ok(Norms {
            before: Norm::of(tensors, norms.before.as_ref())?,
            after: Norm::of(tensors, norms.after.as_ref())?,
        })
    }
}
