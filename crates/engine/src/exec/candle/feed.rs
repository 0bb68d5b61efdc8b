//! What changes a token on its own: one feed-forward, or some of many.

use super::linear::Linear;
use super::ops;
use crate::Cancel;
use crate::exec::failed;
use crate::exec::load::Tensors;
use crate::families::{self, Activation};
use candle_core::{Device, Result, Tensor};
use kernels::Pool;
use protocol::AppError;
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) enum Feed {
    Gated(Gated),
    Plain {
        activation: Activation,
        up: Linear,
        down: Linear,
    },
    Experts(Experts),
}

pub(super) struct Gated {
    activation: Activation,
    gate: Linear,
    up: Linear,
    down: Linear,
}

pub(super) struct Experts {
    router: Linear,
    experts: Vec<Gated>,
    used: usize,
    normalised: bool,
}

impl Feed {
    /// Errors: those of [`Tensors::linear`].
    pub fn load(
        tensors: &mut Tensors,
        feed: &families::Feed,
        pool: &Arc<Pool>,
    ) -> std::result::Result<Feed, AppError> {
        Ok(match feed {
            families::Feed::Gated(gated) => Feed::Gated(Gated::load(tensors, gated, pool)?),
            families::Feed::Plain {
                activation,
                up,
                down,
            } => Feed::Plain {
                activation: *activation,
                up: Linear::load(tensors, up, pool)?,
                down: Linear::load(tensors, down, pool)?,
            },
            families::Feed::Experts(experts) => Feed::Experts(Experts {
                router: Linear::load(tensors, &experts.router, pool)?,
                experts: experts
                    .experts
                    .iter()
                    .map(|expert| Gated::load(tensors, expert, pool))
                    .collect::<std::result::Result<_, _>>()?,
                used: experts.used,
                normalised: experts.normalised,
            }),
        })
    }

    /// (tokens, hidden) to (tokens, hidden). Errors: `cancelled`.
    pub fn forward(&self, x: &Tensor, cancel: &Cancel) -> std::result::Result<Tensor, AppError> {
        match self {
            Feed::Gated(gated) => gated.forward(x, cancel),
            Feed::Plain {
                activation,
                up,
                down,
            } => {
                let inner = up.forward(x).map_err(failed)?;
                cancel.check()?;
                ops::activate(&inner, *activation)
                    .and_then(|inner| down.forward(&inner))
                    .map_err(failed)
            }
            Feed::Experts(experts) => experts.forward(x, cancel),
        }
    }
}

impl Gated {
    fn load(
        tensors: &mut Tensors,
        gated: &families::Gated,
        pool: &Arc<Pool>,
    ) -> std::result::Result<Gated, AppError> {
        Ok(Gated {
            activation: gated.activation,
            gate: Linear::load(tensors, &gated.gate, pool)?,
            up: Linear::load(tensors, &gated.up, pool)?,
            down: Linear::load(tensors, &gated.down, pool)?,
        })
    }

    fn forward(&self, x: &Tensor, cancel: &Cancel) -> std::result::Result<Tensor, AppError> {
        let gate = self.gate.forward(x).map_err(failed)?; // (tokens, width)
        cancel.check()?;
        let up = self.up.forward(x).map_err(failed)?; // (tokens, width)
        cancel.check()?;
        ops::gate(&gate, &up, self.activation)
            .and_then(|inner| self.down.forward(&inner))
            .map_err(failed)
    }
}

impl Experts {
    /// Each expert reads the tokens that chose it, and only they are computed. A token's parts
    /// are added in the order of the experts, whatever stands beside it.
    fn forward(&self, x: &Tensor, cancel: &Cancel) -> std::result::Result<Tensor, AppError> {
        let (tokens, hidden) = x.dims2().map_err(failed)?;
        let chosen = self.choose(x).map_err(failed)?;
        let mut sums = vec![0f32; tokens * hidden];
        for (expert, takers) in self.experts.iter().zip(chosen) {
            if takers.is_empty() {
                continue;
            }
            let rows: Vec<u32> = takers.iter().map(|(token, _)| *token as u32).collect();
            let given = Tensor::from_vec(rows, takers.len(), &Device::Cpu)
                .and_then(|rows| x.index_select(&rows, 0))
                .map_err(failed)?;
            let made = expert.forward(&given, cancel)?;
            let made: Vec<f32> = made
                .flatten_all()
                .and_then(|made| made.to_vec1())
                .map_err(failed)?;
            for (made, (token, weight)) in made.chunks(hidden).zip(takers) {
                let sum = &mut sums[token * hidden..(token + 1) * hidden];
                for (sum, made) in sum.iter_mut().zip(made) {
                    *sum += weight * made;
                }
            }
            cancel.check()?;
        }
        Tensor::from_vec(sums, (tokens, hidden), &Device::Cpu).map_err(failed)
    }

    /// For each expert the tokens that it is given, with its weight for each.
    fn choose(&self, x: &Tensor) -> Result<Vec<Vec<(usize, f32)>>> {
        let scores: Vec<Vec<f32>> = self.router.forward(x)?.to_vec2()?;
        let mut takers = vec![Vec::new(); self.experts.len()];
        for (token, scores) in scores.iter().enumerate() {
            let mut order: Vec<usize> = (0..scores.len()).collect();
            order.sort_by(|a, b| {
                let by_score = scores[*b].partial_cmp(&scores[*a]);
                by_score.unwrap_or(Ordering::Equal).then(a.cmp(b))
            });
            order.truncate(self.used);
            let largest = order.first().map_or(0.0, |best| scores[*best]);
            let weight = |score: f32| (score - largest).exp();
            let sum: f32 = if self.normalised {
                order.iter().map(|expert| weight(scores[*expert])).sum()
            } else {
                scores.iter().map(|score| weight(*score)).sum()
            };
            for expert in order {
                takers[expert].push((token, weight(scores[expert]) / sum));
            }
        }
        Ok(takers)
    }
}
