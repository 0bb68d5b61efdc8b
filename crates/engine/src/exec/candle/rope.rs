//! Rotary positions, in f32 from angles in f64.

use crate::families::{Pairs, Rope};
use candle_core::{D, Device, Result, Tensor};

/// How far each pair turns, for each of some positions.
pub(super) struct Turns {
    cos: Tensor, // (tokens, dims / 2)
    sin: Tensor, // (tokens, dims / 2)
    dims: usize,
    pairs: Pairs,
}

impl Turns {
    /// For the positions from `past`. `factors` divides the frequencies: dims / 2, or none.
    pub fn new(rope: &Rope, factors: Option<&[f32]>, past: usize, tokens: usize) -> Result<Turns> {
        let half = rope.dims / 2;
        let mut cos = Vec::with_capacity(tokens * half);
        let mut sin = Vec::with_capacity(tokens * half);
        let frequencies: Vec<f64> = (0..half)
            .map(|pair| {
                let frequency = rope.base.powf(-2.0 * pair as f64 / rope.dims as f64);
                let factor = factors.map_or(1.0, |factors| f64::from(factors[pair]));
                frequency / rope.scale / factor
            })
            .collect();
        for position in past..past + tokens {
            for frequency in &frequencies {
                let angle = position as f64 * frequency;
                cos.push(angle.cos() as f32);
                sin.push(angle.sin() as f32);
            }
        }
        Ok(Turns {
            cos: Tensor::from_vec(cos, (tokens, half), &Device::Cpu)?,
            sin: Tensor::from_vec(sin, (tokens, half), &Device::Cpu)?,
            dims: rope.dims,
            pairs: rope.pairs,
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
        Tensor::cat(&[&turned, &rest], D::Minus1)
    }
}
