//! Steps between the matrices, in parallel over the pool that runs the executor. (candle's own
//! have a pool of their own, whose size is fixed at the first use.)

use crate::families::Activation;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

/// Numbers that are worth handing to a thread.
const AT_ONCE: usize = 1 << 14;
/// The slope of gpt-oss's gate.
const STEEP: f32 = 1.702;

fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((from, to))) => Ok(&values[from..to]),
        _ => bail!("contiguous f32 needed"),
    }
}

struct Pairwise<F>(F);

impl<F: Fn(f32, f32) -> f32 + Send + Sync> CustomOp2 for Pairwise<F> {
    fn name(&self) -> &'static str {
        "pairwise"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        if a_layout.shape() != b_layout.shape() {
            bail!("shapes {:?} and {:?}", a_layout.shape(), b_layout.shape());
        }
        let (a, b) = (numbers(a, a_layout)?, numbers(b, b_layout)?);
        let mut values = vec![0f32; a.len()];
        values
            .par_chunks_mut(AT_ONCE)
            .zip(a.par_chunks(AT_ONCE).zip(b.par_chunks(AT_ONCE)))
            .for_each(|(values, (a, b))| {
                for ((value, a), b) in values.iter_mut().zip(a).zip(b) {
                    *value = (self.0)(*a, *b);
                }
            });
        Ok((CpuStorage::F32(values), a_layout.shape().clone()))
    }
}

struct Each<F>(F);

impl<F: Fn(f32) -> f32 + Send + Sync> CustomOp1 for Each<F> {
    fn name(&self) -> &'static str {
        "each"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = numbers(x, layout)?;
        let mut values = vec![0f32; x.len()];
        values
            .par_chunks_mut(AT_ONCE)
            .zip(x.par_chunks(AT_ONCE))
            .for_each(|(values, x)| {
                for (value, x) in values.iter_mut().zip(x) {
                    *value = (self.0)(*x);
                }
            });
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}

/// `x` with each number changed.
fn each(x: &Tensor, change: impl Fn(f32) -> f32 + Send + Sync + 'static) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Each(change))
}

/// `a + b` of one shape.
pub(super) fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.apply_op2_no_bwd(b, &Pairwise(|a, b| a + b))
}

/// `factor * x`.
pub(super) fn scale(x: Tensor, factor: f32) -> Result<Tensor> {
    if factor == 1.0 {
        return Ok(x);
    }
    each(&x, move |x| factor * x)
}

/// `cap * tanh(x / cap)`.
pub(super) fn softcap(x: Tensor, cap: Option<f32>) -> Result<Tensor> {
    match cap {
        Some(cap) => each(&x, move |x| (x / cap).tanh() * cap),
        None => Ok(x),
    }
}

/// `x` kept between `-most` and `most`. What is not a number stays so.
pub(super) fn clip(x: Tensor, most: Option<f32>) -> Result<Tensor> {
    match most {
        Some(most) => each(&x, move |x| x.clamp(-most, most)),
        None => Ok(x),
    }
}

fn silu(x: f32) -> f32 {
    x / (1.0 + (-x).exp())
}

fn gelu(x: f32) -> f32 {
    let x = f64::from(x);
    (0.5 * x * (1.0 + candle_core::cpu::erf::erf_f64(x * std::f64::consts::FRAC_1_SQRT_2))) as f32
}

fn gelu_tanh(x: f32) -> f32 {
    const SCALE: f32 = 0.797_884_6; // sqrt(2 / pi)
    0.5 * x * (1.0 + (SCALE * (x + 0.044_715 * x * x * x)).tanh())
}

/// What is not a number stays so.
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// The activation of each number; the clamped one has no form without a gate, and is SiLU.
pub(super) fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Silu | Activation::ClampedSwiglu { .. } => each(x, silu),
        Activation::Gelu => each(x, gelu),
        Activation::GeluTanh => each(x, gelu_tanh),
        Activation::Relu => each(x, relu),
    }
}

/// `activation(gate) * up` of one shape.
pub(super) fn gate(gate: &Tensor, up: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Silu => gate.apply_op2_no_bwd(up, &Pairwise(|g, u| silu(g) * u)),
        Activation::Gelu => gate.apply_op2_no_bwd(up, &Pairwise(|g, u| gelu(g) * u)),
        Activation::GeluTanh => gate.apply_op2_no_bwd(up, &Pairwise(|g, u| gelu_tanh(g) * u)),
        Activation::Relu => gate.apply_op2_no_bwd(up, &Pairwise(|g, u| relu(g) * u)),
        Activation::ClampedSwiglu { limit } => gate.apply_op2_no_bwd(
            up,
            &Pairwise(move |g: f32, u: f32| {
                let (g, u) = (at_most(g, limit), u.clamp(-limit, limit));
                g / (1.0 + (-STEEP * g).exp()) * (u + 1.0)
            }),
        ),
    }
}

/// The smaller of two; what is not a number stays so.
fn at_most(x: f32, limit: f32) -> f32 {
    if x > limit { limit } else { x }
}
