//! What bends a feed.

use super::{AT_ONCE, by_level, pairwise};
use crate::exp::{exp, normal, tanh};
use crate::pool::Pool;

/// The slope of gpt-oss's gate.
const STEEP: f32 = 1.702;

/// What bends a feed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `x / (1 + e^-x)`
    Silu,
    /// `x * Phi(x)`, by the error function.
    Gelu,
    /// GELU by tanh; arXiv 1606.08415, section 2.
    GeluTanh,
    /// `max(x, 0)`
    Relu,
    /// `gate / (1 + e^(-1.702 gate)) * (up + 1)`, both kept within `limit`: gpt-oss's SwiGLU. It
    /// has no form without a gate, and is SiLU there.
    ClampedSwiglu {
        /// The most that a gate is; and that `up` is, either way.
        limit: f32,
    },
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    x * normal(x)
}

#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    const SCALE: f32 = 0.797_884_6; // sqrt(2 / pi)
    let cubic = (0.044_715 * x * x).mul_add(x, x);
    0.5 * x * (1.0 + tanh(SCALE * cubic))
}

/// What is not a number stays so.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

#[inline(always)]
fn clamped(gate: f32, up: f32, limit: f32) -> f32 {
    let gate = if gate > limit { limit } else { gate };
    let up = if up > limit { limit } else { up };
    let up = if up < -limit { -limit } else { up };
    gate / (1.0 + exp(-STEEP * gate)) * (up + 1.0)
}

#[inline(always)]
fn of_each(x: &mut [f32], bent: impl Fn(f32) -> f32) {
    for x in x {
        *x = bent(*x);
    }
}

#[inline(always)]
fn of_both(gate: &mut [f32], up: &[f32], bent: impl Fn(f32, f32) -> f32) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = bent(*gate, *up);
    }
}

/// The activation of each number.
pub fn activate(pool: &Pool, activation: Activation, x: &mut [f32]) {
    by_level! {
        fn all(activation: Activation, x: &mut [f32]) {
            match activation {
                Activation::Silu | Activation::ClampedSwiglu { .. } => of_each(x, silu),
                Activation::Gelu => of_each(x, gelu),
                Activation::GeluTanh => of_each(x, gelu_tanh),
                Activation::Relu => of_each(x, relu),
            }
        }
    }
    pool.chunks(x, AT_ONCE, |_, x| all(pool.level(), activation, x));
}

/// `activation(gate) * up` in place of `gate`. False, with nothing done, where they are not
/// equally long.
pub fn gate(pool: &Pool, activation: Activation, gate: &mut [f32], up: &[f32]) -> bool {
    by_level! {
        fn all(activation: Activation, gate: &mut [f32], up: &[f32]) {
            match activation {
                Activation::Silu => of_both(gate, up, |g, u| silu(g) * u),
                Activation::Gelu => of_both(gate, up, |g, u| gelu(g) * u),
                Activation::GeluTanh => of_both(gate, up, |g, u| gelu_tanh(g) * u),
                Activation::Relu => of_both(gate, up, |g, u| relu(g) * u),
                Activation::ClampedSwiglu { limit } => {
                    of_both(gate, up, |g, u| clamped(g, u, limit));
                }
            }
        }
    }
    let whole = gate.len() == up.len();
    if whole {
        pairwise(pool, gate, up, |gate, up| {
            all(pool.level(), activation, gate, up)
        });
    }
    whole
}
