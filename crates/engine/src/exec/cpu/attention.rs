//! Attention: queries, keys and values of all rows at once, then each sequence's own positions.

use super::arena::{Arena, Heads, room};
use super::feed::last;
use super::{Step, done, product};
use crate::exec::load::{self, Linear, Tensors, Turning};
use crate::exec::{Reading, Watch};
use crate::families::{self, Projection};
use kernels::steps::{self, Turns};
use kernels::{BlockType, HeadScoring, KvKind, KvShape, LayerKv, Pool};
use protocol::AppError;

/// Most multiplications between two looks at whether to stop: some hundredths of a second even on
/// a slow processor, and enough that what is wide is widened for many rows.
const MOST: usize = 2_000_000_000;

pub(super) struct Attention {
    of: load::Attention<Linear>,
    kv: KvShape,
    /// How the pairs of its turning lie, where it has one.
    pairs: Option<steps::Pairs>,
}

impl Attention {
    /// As [`load::Attention::load`]; keys and values are stored as `kind`. Errors: the same.
    pub fn load(
        tensors: &mut Tensors,
        attention: &families::Attention,
        kind: KvKind,
        turnings: &mut Vec<Turning>,
        context: usize,
    ) -> Result<Attention, AppError> {
        let linear = |tensors: &mut Tensors<'_>, of: &Projection| tensors.linear(of);
        let of = load::Attention::load(tensors, attention, turnings, context, linear)?;
        Ok(Attention {
            kv: KvShape {
                kv_heads: of.kv_heads,
                key_size: of.head_dim,
                value_size: of.value_dim,
                kind: kind.of_sizes(of.head_dim, of.value_dim),
            },
            pairs: of.turning.map(|index| turnings[index].pairs_of()),
            of,
        })
    }

    /// A sequence without tokens.
    pub fn empty_kv(&self) -> LayerKv {
        LayerKv::new(self.kv)
    }

    fn kinds(&self) -> [BlockType; 3] {
        [self.of.q.kind(), self.of.k.kind(), self.of.v.kind()]
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
        let columns = self.of.q.columns();
        let q = room(q, rows * self.of.q.rows());
        let k = room(k, rows * self.of.k.rows());
        let v = room(v, rows * self.of.v.rows());
        let mixed = room(mixed, rows * self.of.o.columns());

        activations.set(pool, &self.kinds(), &normed[..rows * columns], columns);
        let mut products = [
            product(&self.of.q, activations, q)?,
            product(&self.of.k, activations, k)?,
            product(&self.of.v, activations, v)?,
        ];
        done(kernels::products(pool, &mut products))?;
        step.watch.check()?;

        for (x, norm) in [(&mut *q, &self.of.q_norm), (&mut *k, &self.of.k_norm)] {
            if let Some(norm) = norm {
                done(steps::norm(pool, &norm.step(), x))?;
            }
        }
        if let Some(most) = self.of.clip {
            for x in [&mut *q, &mut *k, &mut *v] {
                steps::clip(pool, x, most);
            }
        }
        if let (Some(turning), Some(of)) = (self.of.turning, self.pairs) {
            let angles = &turns[turning];
            let turns = Turns {
                cos: &angles.cos[..rows * angles.pairs],
                sin: &angles.sin[..rows * angles.pairs],
                pairs: angles.pairs,
                of,
            };
            let size = self.kv.key_size;
            done(steps::turn(pool, &turns, q, self.of.heads, size))?;
            done(steps::turn(pool, &turns, k, self.kv.kv_heads, size))?;
        }

        let scoring = HeadScoring {
            heads: self.of.heads,
            scale: self.of.scale,
            window: self.of.window,
            softcap: self.of.softcap,
            slopes: self.of.slopes.as_deref(),
            sinks: self.of.sinks.as_deref(),
        };
        let (mut first, mut kept) = (0, 0);
        for reading in readings.iter_mut() {
            let (past, until) = (reading.tokens.len(), first + reading.ids.len());
            let some = reading.kept(is_last);
            let of = |linear: &Linear| first * linear.rows()..until * linear.rows();
            let kv = reading.kv(index)?;
            done(kv.write(past, &k[of(&self.of.k)], &v[of(&self.of.v)]))?;
            let (width, size) = (self.of.o.columns(), self.of.q.rows());
            let mixed = &mut mixed[kept * width..(kept + some.len()) * width];
            let queries = &q[(first + some.start) * size..(first + some.end) * size];
            let past = past + some.start;
            mix(pool, kv, queries, past, &scoring, mixed, step.watch, MOST)?;
            first = until;
            kept += some.len();
        }
        let mixed = &mixed[..kept * self.of.o.columns()];
        step.rows = kept;
        if kept == 0 {
            return Ok(());
        }

        last(&self.of.o, mixed, inner, made, step)?;
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
