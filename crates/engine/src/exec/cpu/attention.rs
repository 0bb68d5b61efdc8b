//! Attention: queries, keys and values of all rows at once, then each sequence's own positions.

use super::arena::{Arena, Heads, room};
use super::feed::last;
use super::{Step, done, product};
use crate::exec::Reading;
use crate::exec::load::{Linear, Norm, Tensors, Turning, slopes};
use crate::families::{self, Positions};
use kernels::steps::{self, Turns};
use kernels::{BlockType, HeadScoring, KvKind, KvShape, LayerKv};
use protocol::AppError;

pub(super) struct Attention {
    heads: usize,
    kv: KvShape,
    /// Which of the decoder's turnings, where it has positions by them.
    turning: Option<(usize, steps::Pairs)>,
    slopes: Option<Vec<f32>>, // (heads)
    sinks: Option<Vec<f32>>,  // (heads)
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    q_norm: Option<Norm>,
    k_norm: Option<Norm>,
    clip: Option<f32>,
    scale: f32,
    softcap: Option<f32>,
    window: Option<usize>,
}

impl Attention {
    /// `turnings` are the decoder's so far, for a context of so many tokens.
    ///
    /// Errors: those of [`Tensors::linear`].
    pub fn load(
        tensors: &mut Tensors,
        attention: &families::Attention,
        kind: KvKind,
        turnings: &mut Vec<Turning>,
        context: usize,
    ) -> Result<Attention, AppError> {
        let heads = attention.heads;
        let turning = Turning::of(tensors, &attention.positions, turnings, context)?;
        Ok(Attention {
            heads,
            kv: KvShape {
                kv_heads: attention.kv_heads,
                key_size: attention.head_dim,
                value_size: attention.value_dim,
                kind,
            },
            turning: turning.map(|index| (index, turnings[index].pairs_of())),
            slopes: (attention.positions == Positions::Alibi).then(|| slopes(heads)),
            sinks: match &attention.sinks {
                Some(name) => Some(tensors.values(name, heads)?),
                None => None,
            },
            q_norm: Norm::of(tensors, attention.q_norm.as_ref())?,
            k_norm: Norm::of(tensors, attention.k_norm.as_ref())?,
            q: tensors.linear(&attention.q)?,
            k: tensors.linear(&attention.k)?,
            v: tensors.linear(&attention.v)?,
            o: tensors.linear(&attention.o)?,
            clip: attention.clip,
            scale: attention.scale,
            softcap: attention.softcap,
            window: attention.window,
        })
    }

    /// A sequence without tokens.
    pub fn empty_kv(&self) -> LayerKv {
        LayerKv::new(self.kv)
    }

    fn kinds(&self) -> [BlockType; 3] {
        [self.q.kind(), self.k.kind(), self.v.kind()]
    }

    /// Reads `normed`, makes `made`; the keys and values go to layer `index` of each reading. In
    /// the last layer only the rows whose logits are wanted are left then, here and in the stream.
    pub fn forward(
        &self,
        index: usize,
        is_last: bool,
        step: &mut Step<'_, '_>,
        arena: &mut Arena,
        readings: &mut [Reading<'_>],
    ) -> Result<(), AppError> {
        let (pool, rows) = (step.pool, step.rows);
        let Arena {
            normed,
            made,
            attention: Heads { q, k, v, mixed },
            turns,
            activations,
            inner,
            ..
        } = arena;
        let columns = self.q.columns();
        let q = room(q, rows * self.q.rows());
        let k = room(k, rows * self.k.rows());
        let v = room(v, rows * self.v.rows());
        let mixed = room(mixed, rows * self.o.columns());

        activations.set(pool, &self.kinds(), &normed[..rows * columns], columns);
        let mut products = [
            product(&self.q, activations, q)?,
            product(&self.k, activations, k)?,
            product(&self.v, activations, v)?,
        ];
        done(kernels::products(pool, &mut products))?;
        step.watch.check()?;

        for (x, norm) in [(&mut *q, &self.q_norm), (&mut *k, &self.k_norm)] {
            if let Some(norm) = norm {
                done(steps::norm(pool, &norm.step(), x))?;
            }
        }
        if let Some(most) = self.clip {
            for x in [&mut *q, &mut *k, &mut *v] {
                steps::clip(pool, x, most);
            }
        }
        if let Some((turning, of)) = self.turning {
            let angles = &turns[turning];
            let turns = Turns {
                cos: &angles.cos[..rows * angles.pairs],
                sin: &angles.sin[..rows * angles.pairs],
                pairs: angles.pairs,
                of,
            };
            let size = self.kv.key_size;
            done(steps::turn(pool, &turns, q, self.heads, size))?;
            done(steps::turn(pool, &turns, k, self.kv.kv_heads, size))?;
        }

        let scoring = HeadScoring {
            heads: self.heads,
            scale: self.scale,
            window: self.window,
            softcap: self.softcap,
            slopes: self.slopes.as_deref(),
            sinks: self.sinks.as_deref(),
        };
        let (mut first, mut kept) = (0, 0);
        for reading in readings.iter_mut() {
            let (past, until) = (reading.tokens.len(), first + reading.ids.len());
            let some = reading.kept(is_last);
            let of = |linear: &Linear| first * linear.rows()..until * linear.rows();
            let kv = reading.kv(index)?;
            done(kv.write(past, &k[of(&self.k)], &v[of(&self.v)]))?;
            let (width, size) = (self.o.columns(), self.q.rows());
            let mixed = &mut mixed[kept * width..(kept + some.len()) * width];
            let queries = &q[(first + some.start) * size..(first + some.end) * size];
            let past = past + some.start;
            done(kernels::attend(pool, kv, queries, past, &scoring, mixed))?;
            step.watch.check()?;
            first = until;
            kept += some.len();
        }
        let mixed = &mixed[..kept * self.o.columns()];
        step.rows = kept;
        if kept == 0 {
            return Ok(());
        }

        last(&self.o, mixed, inner, made, step)?;
        if is_last {
            arena.keep(step.hidden, readings);
        }
        Ok(())
    }
}
