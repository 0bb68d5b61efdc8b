//! A layer's attention with its weights.

use super::{Norm, Tensors, Turning, slopes};
use crate::families::{self, Positions, Projection};
use protocol::AppError;

/// What attention computes with; `L` are an executor's matrices.
pub(crate) struct Attention<L> {
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
    pub value_dim: usize,
    /// Which of the decoder's turnings, where it has positions by them.
    pub turning: Option<usize>,
    pub slopes: Option<Vec<f32>>, // (heads)
    pub sinks: Option<Vec<f32>>,  // (heads)
    pub q: L,
    pub k: L,
    pub v: L,
    pub o: L,
    pub q_norm: Option<Norm>,
    pub k_norm: Option<Norm>,
    pub clip: Option<f32>,
    pub scale: f32,
    pub softcap: Option<f32>,
    pub window: Option<usize>,
}

impl<L> Attention<L> {
    /// `turnings` are the decoder's so far, for a context of so many tokens; `linear` loads a
    /// matrix.
    ///
    /// Errors: those of [`Tensors::linear`].
    pub fn load(
        tensors: &mut Tensors,
        attention: &families::Attention,
        turnings: &mut Vec<Turning>,
        context: usize,
        linear: impl Fn(&mut Tensors, &Projection) -> Result<L, AppError>,
    ) -> Result<Attention<L>, AppError> {
        let heads = attention.heads;
        Ok(Attention {
            heads,
            kv_heads: attention.kv_heads,
            head_dim: attention.head_dim,
            value_dim: attention.value_dim,
            turning: Turning::of(tensors, &attention.positions, turnings, context)?,
            slopes: (attention.positions == Positions::Alibi).then(|| slopes(heads)),
            sinks: match &attention.sinks {
                Some(name) => Some(tensors.values(name, heads)?),
                None => None,
            },
            q: linear(tensors, &attention.q)?,
            k: linear(tensors, &attention.k)?,
            v: linear(tensors, &attention.v)?,
            o: linear(tensors, &attention.o)?,
            q_norm: Norm::of(tensors, attention.q_norm.as_ref())?,
            k_norm: Norm::of(tensors, attention.k_norm.as_ref())?,
            clip: attention.clip,
            scale: attention.scale,
            softcap: attention.softcap,
            window: attention.window,
        })
    }
}
