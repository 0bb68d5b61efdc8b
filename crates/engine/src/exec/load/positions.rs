//! How far heads turn at a position, and how steeply their scores fall with the distance.

use super::Tensors;
use crate::families::{Factors, Pairs, Positions, Rope};
use protocol::AppError;

/// One way of a model's rotary positions, with its frequencies.
pub(crate) struct Turning {
    /// What it was made of.
    rope: Rope,
    frequencies: Vec<f64>, // (dims / 2)
}

impl Turning {
    /// Which of a decoder's turnings an attention has, where it has one: the list grows by what
    /// is not yet in it. For a context of so many tokens.
    ///
    /// Errors: those of [`Tensors::values`].
    pub fn of(
        tensors: &mut Tensors,
        positions: &Positions,
        turnings: &mut Vec<Turning>,
        context: usize,
    ) -> Result<Option<usize>, AppError> {
        let Positions::Rope(rope) = positions else {
            return Ok(None);
        };
        let known = turnings.iter().position(|turning| turning.rope == *rope);
        if known.is_none() {
            turnings.push(Turning::load(tensors, rope, context)?);
        }
        Ok(Some(known.unwrap_or(turnings.len() - 1)))
    }

    fn load(tensors: &mut Tensors, rope: &Rope, context: usize) -> Result<Turning, AppError> {
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

    /// How many pairs of a head turn.
    pub fn pairs(&self) -> usize {
        self.frequencies.len()
    }

    /// Which numbers of a head they are.
    pub fn pairs_of(&self) -> Pairs {
        self.rope.pairs
    }

    /// Cosine and sine of each pair's angle at a position, in f32 from angles in f64: (pairs)
    /// each.
    pub fn at(&self, position: usize, cos: &mut [f32], sin: &mut [f32]) {
        let magnitude = self.rope.magnitude();
        for ((cos, sin), frequency) in cos.iter_mut().zip(sin).zip(&self.frequencies) {
            let (at_sin, at_cos) = (position as f64 * frequency).sin_cos();
            *cos = (at_cos * magnitude) as f32;
            *sin = (at_sin * magnitude) as f32;
        }
    }
}

/// Each head's slope. Source: ALiBi, arXiv 2108.12409, section 3, and its published code for
/// numbers of heads that are no power of two.
pub(crate) fn slopes(heads: usize) -> Vec<f32> {
    let power = if heads.is_power_of_two() {
        heads
    } else {
        heads.next_power_of_two() / 2
    };
    let slope = |of: usize, nth: usize| 2f64.powf(-8.0 * nth as f64 / of as f64) as f32;
    let first = (1..=power).map(|nth| slope(power, nth));
    let rest = (0..heads - power).map(|nth| slope(2 * power, 2 * nth + 1));
    first.chain(rest).collect()
}
