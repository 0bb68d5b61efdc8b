//! Our executor for the processor: plain slices in memory that is kept from step to step, the
//! kernels' products, steps and attention on one pool of threads.
//!
//! Each number is computed in one order whatever the batch and the threads, since the kernels do
//! and each row is computed on its own (invariant 9).

mod arena;
mod attention;
mod experts;
mod feed;

use super::load::{Linear, Norm, Residual, Tensors, Turning};
use super::{Reading, State, Watch, failed};
use crate::families::{Architecture, Mixer};
use arena::{Arena, room};
use attention::Attention;
use feed::Feed;
use kernels::{KvKind, LayerKv, Pool, Product, steps};
use protocol::AppError;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// An architecture with its weights.
pub(crate) struct Decoder {
    pool: Arc<Pool>,
    hidden: usize,
    embedding: Linear,
    embedding_scale: f32,
    turnings: Vec<Turning>,
    layers: Vec<Layer>,
    norm: Norm,
    output: Linear,
    logit_scale: f32,
    logit_softcap: Option<f32>,
    /// Memory of steps that are not under way.
    arenas: Mutex<Vec<Arena>>,
}

struct Layer {
    attention: Attention,
    feed: Feed,
    residual: Residual,
}

/// A step under way: what its layers have in common.
struct Step<'s, 'w> {
    pool: &'s Pool,
    /// How many tokens are read, of all readings; after the last layer's attention, of how many
    /// logits are wanted.
    rows: usize,
    hidden: usize,
    watch: &'s mut Watch<'w>,
}

/// What the kernels refuse, sizes being checked at the load, is a fault of the program.
fn done(whole: bool) -> Result<(), AppError> {
    if whole {
        Ok(())
    } else {
        Err(failed("sizes that do not agree"))
    }
}

/// A matrix times all rows of activations.
fn product<'a>(
    linear: &'a Linear,
    x: &'a kernels::Activations,
    out: &'a mut [f32],
) -> Result<Product<'a>, AppError> {
    Ok(Product {
        weights: linear.matrix()?,
        bias: linear.bias(),
        x,
        tokens: 0..x.rows(),
        out,
    })
}

impl Decoder {
    /// Finds and checks every tensor of the architecture. `context` is the longest that its
    /// sequences become, `kv` how their keys and values are stored.
    ///
    /// Errors: `tensor-missing`, `tensor-shape`, `unknown-type`.
    pub fn load(
        architecture: &Architecture,
        kv: KvKind,
        context: usize,
        tensors: &mut Tensors,
        pool: &Arc<Pool>,
    ) -> Result<Decoder, AppError> {
        let embedding = tensors.linear(&architecture.embedding)?;
        let mut turnings = Vec::new();
        let mut layers = Vec::with_capacity(architecture.layers.len());
        for layer in &architecture.layers {
            let Mixer::Attention(attention) = &layer.mixer;
            layers.push(Layer {
                attention: Attention::load(tensors, attention, kv, &mut turnings, context)?,
                feed: Feed::load(tensors, &layer.feed)?,
                residual: Residual::load(tensors, &layer.residual)?,
            });
        }
        Ok(Decoder {
            pool: pool.clone(),
            hidden: embedding.columns(),
            embedding,
            embedding_scale: architecture.embedding_scale,
            turnings,
            layers,
            norm: Norm::load(tensors, &architecture.norm)?,
            output: tensors.linear(&architecture.output)?,
            logit_scale: architecture.logit_scale,
            logit_softcap: architecture.logit_softcap,
            arenas: Mutex::default(),
        })
    }

    /// An empty store of keys and values for each layer.
    pub fn empty_kv(&self) -> Vec<LayerKv> {
        let layers = self.layers.iter();
        layers.map(|layer| layer.attention.empty_kv()).collect()
    }

    /// Reads some tokens of some sequences, as [`super::Executor::read`] says.
    ///
    /// Errors: `cancelled`; then what the states hold beyond the tokens read before is of no use.
    pub fn read(
        &self,
        readings: &mut [Reading<'_>],
        watch: &mut Watch<'_>,
        logits: Vec<f32>,
    ) -> Result<Vec<f32>, AppError> {
        let held = || self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        let mut arena = held().pop().unwrap_or_default();
        let logits = self.read_in(&mut arena, readings, watch, logits);
        held().push(arena);
        logits
    }

    fn read_in(
        &self,
        arena: &mut Arena,
        readings: &mut [Reading<'_>],
        watch: &mut Watch<'_>,
        logits: Vec<f32>,
    ) -> Result<Vec<f32>, AppError> {
        let rows = readings.iter().map(|reading| reading.ids.len()).sum();
        let mut step = Step {
            pool: &self.pool,
            rows,
            hidden: self.hidden,
            watch,
        };
        arena.turn(&self.turnings, readings);
        let x = room(&mut arena.x, rows * self.hidden);
        let mut rest = &mut x[..];
        for reading in readings.iter() {
            let (of_one, others) = rest.split_at_mut(reading.ids.len() * self.hidden);
            self.embedding.lookup(reading.ids, of_one)?;
            rest = others;
        }
        steps::scale(&self.pool, x, self.embedding_scale);
        let all = self.layers.len() as f64;
        for (index, layer) in self.layers.iter().enumerate() {
            let is_last = index + 1 == self.layers.len();
            layer.forward(index, is_last, &mut step, arena, readings)?;
            step.watch.tell((index + 1) as f64 / all);
        }
        self.logits(&mut step, arena, logits)
    }

    /// Logits of the rows that are left after the last layer, in the memory of others.
    fn logits(
        &self,
        step: &mut Step<'_, '_>,
        arena: &mut Arena,
        mut logits: Vec<f32>,
    ) -> Result<Vec<f32>, AppError> {
        let (pool, hidden, wanted) = (step.pool, self.hidden, step.rows);
        logits.resize(wanted * self.output.rows(), 0.0);
        if wanted == 0 {
            return Ok(logits);
        }
        let Arena {
            x,
            normed,
            activations,
            ..
        } = arena;
        let normed = room(normed, wanted * hidden);
        let x = &x[..wanted * hidden];
        done(steps::normed(pool, &self.norm.step(), x, normed))?;
        activations.set(pool, &[self.output.kind()], normed, hidden);
        let mut products = [product(&self.output, activations, &mut logits)?];
        done(kernels::products(pool, &mut products))?;
        steps::scale(pool, &mut logits, self.logit_scale);
        if let Some(cap) = self.logit_softcap {
            steps::softcap(pool, &mut logits, cap);
        }
        step.watch.check()?;
        Ok(logits)
    }
}

impl Layer {
    /// Takes the stream through layer `index`. The last one leaves only the rows whose logits are
    /// wanted: of the others, the keys and values are all that is needed.
    fn forward(
        &self,
        index: usize,
        is_last: bool,
        step: &mut Step<'_, '_>,
        arena: &mut Arena,
        readings: &mut [Reading<'_>],
    ) -> Result<(), AppError> {
        match &self.residual {
            Residual::Serial { mixer, feed } => {
                arena.enter(step, mixer.before.as_ref())?;
                self.attention
                    .forward(index, is_last, step, arena, readings)?;
                if step.rows == 0 {
                    return Ok(());
                }
                arena.join(step, mixer.after.as_ref())?;
                arena.enter(step, feed.before.as_ref())?;
                self.feed.forward(step, arena)?;
                arena.join(step, feed.after.as_ref())
            }
            Residual::Parallel { mixer, feed } => {
                arena.enter(step, Some(mixer))?;
                self.attention
                    .forward(index, is_last, step, arena, readings)?;
                if step.rows == 0 {
                    return Ok(());
                }
                if let Some(feed) = feed {
                    arena.enter(step, Some(feed))?;
                }
                // What the feed makes comes later, and must not be of what the mixer made.
                std::mem::swap(&mut arena.made, &mut arena.beside);
                self.feed.forward(step, arena)?;
                std::mem::swap(&mut arena.made, &mut arena.beside);
                arena.join(step, None)?;
                std::mem::swap(&mut arena.made, &mut arena.beside);
                arena.join(step, None)
            }
        }
    }
}

impl Reading<'_> {
    /// Which of its rows go through the feed of a layer.
    fn kept(&self, is_last: bool) -> Range<usize> {
        let all = self.ids.len();
        if is_last { self.wanted.of(all) } else { 0..all }
    }

    /// A layer's keys and values. Errors: `internal`, where they are another executor's.
    fn kv(&mut self, layer: usize) -> Result<&mut LayerKv, AppError> {
        match self.state {
            State::Cpu(layers) => layers.get_mut(layer),
            _ => None,
        }
        .ok_or_else(|| failed("a sequence of another model"))
    }
}
