//! What changes a token on its own: one feed-forward, or some of many.

use super::arena::{Arena, Inner, room};
use super::experts::Experts;
use super::{Step, done, product};
use crate::exec::load::{Linear, Tensors};
use crate::families::{self, Activation};
use kernels::{Activations, steps};
use protocol::AppError;

pub(super) enum Feed {
    Gated(Gated),
    Plain(Plain),
    Experts(Experts),
}

pub(super) struct Gated {
    pub activation: Activation,
    pub gate: Linear,
    pub up: Linear,
    pub down: Linear,
}

pub(super) struct Plain {
    activation: Activation,
    up: Linear,
    down: Linear,
}

impl Feed {
    /// Errors: those of [`Tensors::linear`].
    pub fn load(tensors: &mut Tensors, feed: &families::Feed) -> Result<Feed, AppError> {
        Ok(match feed {
            families::Feed::Gated(gated) => Feed::Gated(Gated::load(tensors, gated)?),
            families::Feed::Plain {
                activation,
                up,
                down,
            } => Feed::Plain(Plain {
                activation: *activation,
                up: tensors.linear(up)?,
                down: tensors.linear(down)?,
            }),
            families::Feed::Experts(experts) => Feed::Experts(Experts::load(tensors, experts)?),
        })
    }

    /// Reads `normed`, makes `made`. Errors: `cancelled`.
    pub fn forward(&self, step: &mut Step<'_, '_>, arena: &mut Arena) -> Result<(), AppError> {
        match self {
            Feed::Gated(gated) => gated.forward(step, arena),
            Feed::Plain(plain) => plain.forward(step, arena),
            Feed::Experts(experts) => experts.forward(step, arena),
        }
    }
}

impl Gated {
    /// Errors: those of [`Tensors::linear`].
    pub fn load(tensors: &mut Tensors, gated: &families::Gated) -> Result<Gated, AppError> {
        Ok(Gated {
            activation: gated.activation,
            gate: tensors.linear(&gated.gate)?,
            up: tensors.linear(&gated.up)?,
            down: tensors.linear(&gated.down)?,
        })
    }

    fn forward(&self, step: &mut Step<'_, '_>, arena: &mut Arena) -> Result<(), AppError> {
        let (pool, rows, columns) = (step.pool, step.rows, self.gate.columns());
        let Arena {
            normed,
            made,
            feed: Inner { gate, up, .. },
            activations,
            inner,
            ..
        } = arena;
        let kinds = [self.gate.kind(), self.up.kind()];
        activations.set(pool, &kinds, &normed[..rows * columns], columns);
        let gate = room(gate, rows * self.gate.rows());
        let up = room(up, rows * self.up.rows());
        let mut products = [
            product(&self.gate, activations, gate)?,
            product(&self.up, activations, up)?,
        ];
        done(kernels::products(pool, &mut products))?;
        step.watch.check()?;
        done(steps::gate(pool, self.activation, gate, up))?;
        last(&self.down, gate, inner, made, step)
    }
}

impl Plain {
    fn forward(&self, step: &mut Step<'_, '_>, arena: &mut Arena) -> Result<(), AppError> {
        let (pool, rows, columns) = (step.pool, step.rows, self.up.columns());
        let Arena {
            normed,
            made,
            feed: Inner { up, .. },
            activations,
            inner,
            ..
        } = arena;
        activations.set(pool, &[self.up.kind()], &normed[..rows * columns], columns);
        let up = room(up, rows * self.up.rows());
        let mut products = [product(&self.up, activations, up)?];
        done(kernels::products(pool, &mut products))?;
        step.watch.check()?;
        steps::activate(pool, self.activation, up);
        last(&self.down, up, inner, made, step)
    }
}

/// The last matrix of a mixer or a feed: (rows, columns) to (rows, hidden).
pub(super) fn last(
    linear: &Linear,
    x: &[f32],
    inner: &mut Activations,
    made: &mut Vec<f32>,
    step: &mut Step<'_, '_>,
) -> Result<(), AppError> {
    inner.set(step.pool, &[linear.kind()], x, linear.columns());
    let made = room(made, step.rows * linear.rows());
    let mut products = [product(linear, inner, made)?];
    done(kernels::products(step.pool, &mut products))?;
    step.watch.check()
}
