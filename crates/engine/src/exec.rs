//! Executors: what computes a model. Which one, is decided in [`Executor::load`].

pub(crate) mod candle;
pub(crate) mod cpu;
pub(crate) mod load;
pub(crate) mod stock;
mod watch;

pub(crate) use watch::Watch;

use crate::families::Described;
use crate::sequence::Wanted;
use crate::threads::Threads;
use crate::weights::Weights;
use crate::{Cancel, ExecutorKind, LoadOptions};
use formats::Checkpoint;
use kernels::LayerKv;
use load::Tensors;
use protocol::AppError;
use std::sync::Arc;

/// What an executor can do, beside computing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Forgets the last of the tokens it has read at no cost; else a changed prefix is read again
    /// from its beginning, and so is all of a fork.
    pub truncate: bool,
    /// Computes with the weights where their file is mapped; else they are copied into memory, 32
    /// bits for each number.
    pub mapped: bool,
    /// Gives the same logits, bit for bit, however many tokens are read at once; else they may
    /// differ in the last bits.
    pub exact: bool,
}

impl Capabilities {
    /// Whether tokens may be proposed to it: wrong ones are forgotten at no cost, and right ones
    /// change nothing.
    pub fn speculates(self) -> bool {
        self.exact && self.truncate
    }
}

/// What computes a model, with its weights.
pub(crate) struct Executor {
    computing: Computing,
    threads: Arc<Threads>,
    /// The longest that a sequence may become, in tokens.
    context: usize,
}

enum Computing {
    Cpu(Box<cpu::Decoder>),
    Candle(Box<candle::Decoder>),
    Stock(stock::Stock),
}

/// What a sequence keeps of the tokens it has read.
pub(crate) enum State {
    /// One for each layer. Which positions count, the sequence knows.
    Cpu(Vec<LayerKv>),
    Candle(Vec<candle::LayerKv>), // one for each layer
    Stock(stock::State),
}

/// What a step reads of one sequence: a step may read of several, and then goes through the
/// weights once for all of them.
///
/// The rows of a step are the tokens of its readings, one reading after another. Norms, matrices
/// and feeds know rows only; attention takes each reading's rows to its own keys and values. What
/// a row gives does not depend on the rows beside it.
pub(crate) struct Reading<'a> {
    /// Of the executor that reads, after `tokens`.
    pub state: &'a mut State,
    /// What the sequence has read.
    pub tokens: &'a [u32],
    /// What it reads now: one token at least, each below the vocabulary's size.
    pub ids: &'a [u32],
    /// Which of `ids` logits are wanted for.
    pub wanted: Wanted,
}

impl Executor {
    /// Finds and checks every tensor, and reads the weights once. `context` is the longest that
    /// sequences become; `progress` is told bytes done and in all.
    ///
    /// Errors: `tensor-missing`, `tensor-shape`, `unknown-type`, `unknown-architecture`,
    /// `model-damaged`, `model-gone`, `model-changed`, `cancelled`.
    #[expect(clippy::too_many_arguments, reason = "what a load is made of")]
    pub fn load(
        described: &Described,
        options: &LoadOptions,
        context: usize,
        checkpoint: &Checkpoint,
        weights: &Arc<Weights>,
        threads: &Arc<Threads>,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Executor, AppError> {
        let computing =
            match described {
                Described::Decoder(architecture) => {
                    let mut tensors = Tensors::new(checkpoint, weights);
                    let pool = threads.pool();
                    let computing =
                        match options.executor {
                            ExecutorKind::Cpu => Computing::Cpu(Box::new(cpu::Decoder::load(
                                architecture,
                                options.kv,
                                context,
                                &mut tensors,
                                pool,
                            )?)),
                            ExecutorKind::Candle => Computing::Candle(Box::new(
                                candle::Decoder::load(architecture, context, &mut tensors, pool)?,
                            )),
                        };
                    tensors.check_all_used(&architecture.name)?;
                    weights.warm(&checkpoint.tensors, pool, cancel, progress)?;
                    computing
                }
                Described::Stock(described) => Computing::Stock(stock::Stock::load(
                    described, context, checkpoint, weights, cancel, progress,
                )?),
            };
        Ok(Executor {
            computing,
            threads: threads.clone(),
            context,
        })
    }

    /// What computes, for receipts.
    pub fn name(&self) -> &'static str {
        match self.computing {
            Computing::Cpu(_) => "cpu",
            Computing::Candle(_) => "candle",
            Computing::Stock(_) => "candle-transformers",
        }
    }

    /// What it can do.
    pub fn capabilities(&self) -> Capabilities {
        let ours = !matches!(self.computing, Computing::Stock(_));
        Capabilities {
            truncate: ours,
            mapped: ours,
            exact: ours,
        }
    }

    /// What a sequence without tokens keeps.
    pub fn empty(&self) -> State {
        match &self.computing {
            Computing::Cpu(decoder) => State::Cpu(decoder.empty_kv()),
            Computing::Candle(decoder) => State::Candle(decoder.empty_kv()),
            Computing::Stock(_) => State::Stock(stock::State::default()),
        }
    }

    /// Reads some tokens of some sequences, and gives the logits that are wanted: rows of the
    /// vocabulary's size, one after another, of one reading after another. They are written over
    /// those that are `used` up, so that a token needs no memory of its own.
    ///
    /// Errors: `cancelled`; the states then serve what was read before as they did.
    pub fn read(
        &self,
        readings: &mut [Reading<'_>],
        watch: &mut Watch<'_>,
        used: Vec<f32>,
    ) -> Result<Vec<f32>, AppError> {
        match &self.computing {
            Computing::Cpu(decoder) => decoder.read(readings, watch, used),
            Computing::Candle(_) | Computing::Stock(_) => {
                let mut logits = Vec::new();
                for (reading, cancel) in readings.iter_mut().zip(watch.cancels()) {
                    let of_one = self.threads.run(|| self.read_alone(reading, cancel))?;
                    logits.append(&mut of_one?);
                }
                Ok(logits)
            }
        }
    }

    fn read_alone(&self, reading: &mut Reading<'_>, cancel: &Cancel) -> Result<Vec<f32>, AppError> {
        let Reading {
            state,
            tokens,
            ids,
            wanted,
        } = reading;
        match (&self.computing, state) {
            (Computing::Candle(decoder), State::Candle(kv)) => {
                let x = decoder.forward(ids, tokens.len(), self.context, kv, cancel)?;
                let rows = match wanted {
                    Wanted::All => x,
                    Wanted::Last => x.narrow(0, ids.len() - 1, 1).map_err(failed)?,
                    Wanted::Nothing => return Ok(Vec::new()),
                };
                cancel.check()?;
                decoder.logits(&rows)
            }
            (Computing::Stock(stock), State::Stock(state)) => {
                stock.read(state, tokens, ids, *wanted, cancel)
            }
            _ => Err(failed("a sequence of another model")),
        }
    }
}

impl State {
    /// The same for a second sequence.
    ///
    /// Errors: `internal`, where there is no memory for it.
    pub fn fork(&self) -> Result<State, AppError> {
        match self {
            State::Cpu(kv) => Ok(State::Cpu(kv.clone())),
            State::Candle(kv) => {
                let kv: Result<_, _> = kv.iter().map(candle::LayerKv::fork).collect();
                Ok(State::Candle(kv.map_err(failed)?))
            }
            State::Stock(_) => Ok(State::Stock(stock::State::default())),
        }
    }

    /// Lets go of the memory of what comes after the first `tokens`, where that costs nothing.
    pub fn truncate(&mut self, tokens: usize) {
        if let State::Cpu(layers) = self {
            for layer in layers {
                layer.truncate(tokens);
            }
        }
    }
}

/// Sizes were checked at the load, so what fails here is a fault of the program.
pub(crate) fn failed(error: impl std::fmt::Display) -> AppError {
    protocol::failure::internal().detail(error)
}
