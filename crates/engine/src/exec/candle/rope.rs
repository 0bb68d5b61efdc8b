//! Rotary positions, in f32 from angles in f64.

use super::load::Tensors;
use crate::families::{Factors, Pairs, Rope};
use candle_core::{D, Device, Result, Tensor};
use protocol::AppError;

/// One way of a model's positions, with its frequencies.
pub(super) struct Turning {
    /// What it was made of.
    pub rope: Rope,
    frequencies: Vec<f64>, // (dims / 2)
}

/// How far each pair turns, for each of some positions.
pub(super) struct Turns {
    cos: Tensor, // (tokens, dims / 2)
    sin: Tensor, // (tokens, dims / 2)
    dims: usize,
    pairs: Pairs,
}

impl Turning {
    /// For a context of so many tokens. Errors: those of [`Tensors::values`].
    pub fn load(
        tensors: &mut Tensors,
        rope: &Rope,
        context: usize,
    ) -> std::result::Result<Turning, AppError> {
        let divisors = match rope.factors(context) {
            Some(Factors::Numbers(numbers)) => Some(numbers.clone()),
            Some(Factors::Tensor(name)) => {
                let values = tensors.values(name, rope.dims / 2)?;
                Some(values.into_iter().map(f64::from).collect())
            }
            None => None,
        };
        tensors.pass_over(rope);
        Ok(Turning {
            frequencies: rope.frequencies(divisors.as_deref()),
            rope: rope.clone(),
        })
    }

    /// For the positions from `past`.
    pub fn turns(&self, past: usize, tokens: usize) -> Result<Turns> {
        let half = self.frequencies.len();
        let magnitude = self.rope.magnitude();
        let mut cos = Vec::with_capacity(tokens * half);
        let mut sin = Vec::with_capacity(tokens * half);
        for position in past..past + tokens {
            for frequency in &self.frequencies {
                let angle = position as f64 * frequency;
                cos.push((angle.cos() * magnitude) as f32);
                sin.push((angle.sin() * magnitude) as f32);
            }
        }
        Ok(Turns {
            cos: Tensor::from_vec(cos, (tokens, half), &Device::Cpu)?,
            sin: Tensor::from_vec(sin, (tokens, half), &Device::Cpu)?,
            dims: self.rope.dims,
            pairs: self.rope.pairs,
        })
    }
}

impl Turns {
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
