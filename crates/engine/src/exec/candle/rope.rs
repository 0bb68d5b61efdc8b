//! Rotary positions.

use crate::exec::load::Turning;
use crate::families::Pairs;
use candle_core::{D, Device, Result, Tensor};

/// How far each pair turns, for each of some positions.
pub(super) struct Turns {
    cos: Tensor, // (tokens, dims / 2)
    sin: Tensor, // (tokens, dims / 2)
    dims: usize,
    pairs: Pairs,
}

impl Turns {
    /// For the positions from `past`.
    pub fn of(turning: &Turning, past: usize, tokens: usize) -> Result<Turns> {
        let pairs = turning.pairs();
        let mut cos = vec![0f32; tokens * pairs];
        let mut sin = vec![0f32; tokens * pairs];
        let rows = cos
            .chunks_mut(pairs.max(1))
            .zip(sin.chunks_mut(pairs.max(1)));
        for (position, (cos, sin)) in (past..).zip(rows) {
            turning.at(position, cos, sin);
        }
        Ok(Turns {
            cos: Tensor::from_vec(cos, (tokens, pairs), &Device::Cpu)?,
            sin: Tensor::from_vec(sin, (tokens, pairs), &Device::Cpu)?,
            dims: 2 * pairs,
            pairs: turning.pairs_of(),
        })
    }

    /// Turns (heads, tokens, head_dim).
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let head_dim = x.dim(D::Minus1)?;
        let turned = x.narrow(D::Minus1, 0, self.dims)?.contiguous()?;
        let turned = turned.unsqueeze(0)?;
        let turned = match self.pairs {
            Pairs::Neighbours => candle_nn::rotary_emb::rope_i(&turned, &self.cos, &self.sin),
            Pairs::Halves => candle_nn::rotary_emb::rope(&turned, &self.cos, &self.sin),
        }?;
        let turned = turned.squeeze(0)?;
        if self.dims == head_dim {
            return Ok(turned);
        }
        let rest = x.narrow(D::Minus1, self.dims, head_dim - self.dims)?;
        Tensor::cat(&[&turned, &rest], D::Minus1)?.contiguous()
    }
}
