//! Executors: what computes a model.

pub(crate) mod candle;
pub(crate) mod stock;

use crate::Cancel;
use crate::families::Described;
use crate::sequence::Wanted;
use crate::weights::Weights;
use candle::{Decoder, LayerKv, Tensors, failed};
use formats::Checkpoint;
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

/// What computes a model, with its weights.
pub(crate) enum Executor {
    Decoder(Box<Decoder>),
    Stock(stock::Stock),
}

/// What a sequence keeps of the tokens it has read.
pub(crate) enum State {
    Decoder(Vec<LayerKv>), // one for each layer
    Stock(stock::State),
}

impl Executor {
    /// Finds and checks every tensor, and reads all weights once. `context` is the longest that
    /// sequences become; `progress` is told bytes done and in all.
    ///
    /// Errors: `tensor-missing`, `tensor-shape`, `unknown-type`, `unknown-architecture`,
    /// `model-damaged`, `model-gone`, `model-changed`, `cancelled`.
    pub fn load(
        described: &Described,
        context: usize,
        checkpoint: &Checkpoint,
        weights: &Arc<Weights>,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Executor, AppError> {
        match described {
            Described::Decoder(architecture) => {
                let mut tensors = Tensors::new(checkpoint, weights);
                let decoder = Decoder::load(architecture, context, &mut tensors)?;
                weights.warm(&checkpoint.tensors, cancel, progress)?;
                Ok(Executor::Decoder(Box::new(decoder)))
            }
            Described::Stock(described) => Ok(Executor::Stock(stock::Stock::load(
                described, context, checkpoint, weights, cancel, progress,
            )?)),
        }
    }

    /// What computes, for receipts.
    pub fn name(&self) -> &'static str {
        match self {
            Executor::Decoder(_) => "candle",
            Executor::Stock(_) => "candle-transformers",
        }
    }

    /// What it can do.
    pub fn capabilities(&self) -> Capabilities {
        let ours = matches!(self, Executor::Decoder(_));
        Capabilities {
            truncate: ours,
            mapped: ours,
            exact: ours,
        }
    }

    /// What a sequence without tokens keeps.
    pub fn empty(&self) -> State {
        match self {
            Executor::Decoder(decoder) => State::Decoder(decoder.empty_kv()),
            Executor::Stock(_) => State::Stock(stock::State::default()),
        }
    }

    /// Reads `ids` after `tokens`, which were read before, and gives logits of those that are
    /// `wanted`. `most` is the longest that the sequence may become, in tokens.
    ///
    /// Errors: `cancelled`; `state` then serves what was read before as it did.
    pub fn read(
        &self,
        state: &mut State,
        tokens: &[u32],
        ids: &[u32],
        wanted: Wanted,
        most: usize,
        cancel: &Cancel,
    ) -> Result<Vec<f32>, AppError> {
        match (self, state) {
            (Executor::Decoder(decoder), State::Decoder(kv)) => {
                let x = decoder.forward(ids, tokens.len(), most, kv, cancel)?;
                let rows = match wanted {
                    Wanted::All => x,
                    Wanted::Last => x.narrow(0, ids.len() - 1, 1).map_err(failed)?,
                    Wanted::Nothing => return Ok(Vec::new()),
                };
                cancel.check()?;
                decoder.logits(&rows)
            }
            (Executor::Stock(stock), State::Stock(state)) => {
                stock.read(state, tokens, ids, wanted, cancel)
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
            State::Decoder(kv) => {
                let kv: Result<_, _> = kv.iter().map(LayerKv::fork).collect();
                Ok(State::Decoder(kv.map_err(failed)?))
            }
            State::Stock(_) => Ok(State::Stock(stock::State::default())),
        }
    }
}
