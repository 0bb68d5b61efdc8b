//! Attention: queries, keys and values of all rows at once, then each sequence's own positions.

use super::arena::{Arena, Heads, room};
use super::feed::last;
use super::{Step, done, product};
use crate::exec::load::{Linear, Norm, Tensors, Turning, slopes};
use crate::exec::{Reading, Watch};
use crate::families::{self, Positions};
use kernels::steps::{self, Turns};
use kernels::{BlockType, HeadScoring, KvKind, KvShape, LayerKv, Pool};
use protocol::AppError;

/// Most multiplications between two looks at whether to stop: some hundredths of a second even on
/// a slow processor, and enough that what is wide is widened for many rows.
const MOST: usize = 2_000_000_000;

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
                kind: kind.of_sizes(attention.head_dim, attention.value_dim),
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
            mix(pool, kv, queries, past, &scoring, mixed, step.watch, MOST)?;
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

/// [`kernels::attend`] over runs of tokens, of about `most` multiplications each, with a look at
/// whether to stop after each: a chunk is measured by its tokens, and may come after many others.
/// A token's result depends on no other's query, so that the runs change nothing.
///
/// Errors: `cancelled`; `internal`, where sizes do not agree.
#[expect(clippy::too_many_arguments, reason = "what attention is made of")]
fn mix(
    pool: &Pool,
    kv: &LayerKv,
    queries: &[f32],
    past: usize,
    scoring: &HeadScoring<'_>,
    out: &mut [f32],
    watch: &mut Watch<'_>,
    most: usize,
) -> Result<(), AppError> {
    let shape = kv.shape();
    let (query, value) = (
        scoring.heads * shape.key_size,
        scoring.heads * shape.value_size,
    );
    let tokens = queries.len() / query.max(1);
    let seen = (past + tokens).min(scoring.window.unwrap_or(usize::MAX));
    let runs = (tokens * seen).saturating_mul(query + value).div_ceil(most);
    // Of the same length, at most all of them and at least one token.
    let run = tokens.div_ceil(runs.max(1)).max(1);
    let pieces = queries
        .chunks(run * query.max(1))
        .zip(out.chunks_mut(run * value.max(1)));
    for (index, (queries, out)) in pieces.enumerate() {
        let past = past + index * run;
        done(kernels::attend(pool, kv, queries, past, scoring, out))?;
        watch.check()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;

    const HEADS: usize = 2;
    const SIZE: usize = 16;
    const PAST: usize = 300;
    const TOKENS: usize = 40;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|at| (at as f32 * 0.37).sin()).collect()
    }

    /// What attention gives in runs of so many multiplications.
    fn mixed(most: usize, window: Option<usize>, cancel: &Cancel) -> (bool, Vec<f32>) {
        let mut kv = LayerKv::new(KvShape {
            kv_heads: 1,
            key_size: SIZE,
            value_size: SIZE,
            kind: KvKind::F16,
        });
        let rows = numbers((PAST + TOKENS) * SIZE);
        assert!(kv.write(0, &rows, &rows));
        let scoring = HeadScoring {
            heads: HEADS,
            scale: 0.25,
            window,
            softcap: None,
            slopes: None,
            sinks: None,
        };
        let queries = numbers(TOKENS * HEADS * SIZE);
        let mut out = vec![0.0; queries.len()];
        let (cancels, on) = ([cancel], &mut |_| {});
        let mut watch = Watch::new(&cancels, on);
        let pool = Pool::new(2);
        let (past, out_of) = (PAST, &mut out[..]);
        let made = mix(
            &pool, &kv, &queries, past, &scoring, out_of, &mut watch, most,
        );
        (made.is_ok(), out)
    }

    #[test]
    fn a_stop_deep_in_a_context_is_obeyed_within_its_attention() {
        let cancel = Cancel::new();
        for window in [None, Some(64)] {
            let (_, whole) = mixed(usize::MAX, window, &cancel);
            for most in [1, 99_999, 1_000_000] {
                assert!(
                    mixed(most, window, &cancel) == (true, whole.clone()),
                    "{most}"
                );
            }
        }
        cancel.cancel();
        // 64 multiplications for each of 340 positions: 4 tokens.
        let (is_whole, out) = mixed(4 * 340 * 64, None, &cancel);
        let (read, rest) = out.split_at(4 * HEADS * SIZE);
        assert!(!is_whole && read.iter().all(|x| *x != 0.0));
        assert!(rest.iter().all(|x| *x == 0.0), "all of it was computed");
    }
}
