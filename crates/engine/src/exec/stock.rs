//! The executor of families that we do not describe: candle-transformers' own models.
//!
//! What they cannot do that ours can: their keys and values lie inside of them and are never cut
//! short, so a changed prefix is read again from its beginning, and a fork reads all of it again
//! at its first step; their weights are copied into memory, 32 bits for each number, whatever
//! their type is; the logits of a token may differ in their last bits with how many are read at
//! once.

mod models;
mod tensors;

use crate::Cancel;
use crate::exec::failed;
use crate::families::stock::{self, Kind};
use crate::sequence::Wanted;
use crate::weights::Weights;
use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;
use formats::{Checkpoint, one_line};
use models::Running;
use protocol::{AppError, failure};
use serde_json::{Value as Json, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tensors::{Asking, Held};

/// Fewest positions that tables are made for: Granite's takes a short one for a full cache.
const FEWEST_POSITIONS: usize = 512;
/// Tokens read again between two looks at whether to stop.
const AGAIN: usize = 16;

/// A model's weights, and how it is built of them.
pub(crate) struct Stock {
    kind: Kind,
    config: Json,
    held: Held,
}

/// One sequence's model, with its keys and values.
#[derive(Default)]
pub(crate) struct State {
    running: Option<Running>,
    /// What it has read.
    read: Vec<u32>,
}

impl Stock {
    /// Checks names and shapes, then reads the weights. `context` is the longest that its
    /// sequences become; `progress` is told bytes done and in all.
    ///
    /// Errors: `tensor-missing`, `tensor-shape`, `unknown-type`, `unknown-architecture` (the
    /// files have a tensor that the model does not), `model-damaged`, `model-gone`,
    /// `model-changed`, `cancelled`.
    pub fn load(
        described: &stock::Stock,
        context: usize,
        checkpoint: &Checkpoint,
        weights: &Weights,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Stock, AppError> {
        let mut config = described.config.clone();
        // BigCode's positions are a tensor.
        if described.kind != Kind::BigCode {
            let positions = context.max(FEWEST_POSITIONS);
            config.insert("max_position_embeddings".to_owned(), json!(positions));
        }
        let config = Json::Object(config);
        let asking = Asking::new(checkpoint, &described.taken);
        let found = asking.found();
        let built = build(described.kind, &config, Box::new(asking));
        if let Some(wrong) = tensors::wrong(&found) {
            return Err(wrong);
        }
        let built = built.map_err(|error| {
            let path = checkpoint
                .folder()
                .map_or(&checkpoint.path, |folder| &folder.path);
            failure::model_damaged(&path.join("config.json"), one_line(&error))
        })?;
        drop(built); // of nothing
        let held = Held::read(
            described.name,
            checkpoint,
            weights,
            &found,
            cancel,
            progress,
        )?;
        Ok(Stock {
            kind: described.kind,
            config,
            held,
        })
    }

    /// Reads `ids` after `tokens`, and gives logits as [`crate::step`] does.
    ///
    /// Errors: `cancelled`, `internal`; `state` is then right, though it may have read more.
    pub fn read(
        &self,
        state: &mut State,
        tokens: &[u32],
        ids: &[u32],
        wanted: Wanted,
        cancel: &Cancel,
    ) -> Result<Vec<f32>, AppError> {
        if state.running.is_none() || !tokens.starts_with(&state.read) {
            *state = State::default();
            let built = build(self.kind, &self.config, Box::new(self.held.clone()));
            state.running = Some(built.map_err(failed)?);
        }
        for again in tokens[state.read.len()..].chunks(AGAIN) {
            self.feed(state, again, false, cancel)?;
        }
        match wanted {
            Wanted::All => {
                let mut rows = Vec::new();
                for id in ids {
                    rows.extend(self.feed(state, &[*id], true, cancel)?);
                }
                Ok(rows)
            }
            Wanted::Last => self.feed(state, ids, true, cancel),
            Wanted::Nothing => self.feed(state, ids, false, cancel),
        }
    }

    /// Reads some tokens; the logits after the last, or nothing.
    fn feed(
        &self,
        state: &mut State,
        ids: &[u32],
        wanted: bool,
        cancel: &Cancel,
    ) -> Result<Vec<f32>, AppError> {
        let mut left = ids;
        let mut last = None;
        while !left.is_empty() {
            cancel.check()?;
            let past = state.read.len();
            let (some, rest) = left.split_at(left.len().min(models::at_once(self.kind, past)));
            // Taken out: what fails is not gone on with.
            let mut running = state.running.take().ok_or_else(|| failed("no model"))?;
            let logits = caught(|| running(some, past)).map_err(failed)?;
            state.running = Some(running);
            state.read.extend_from_slice(some);
            last = Some(logits);
            left = rest;
        }
        match last {
            Some(logits) if wanted => {
                let logits = logits.flatten_all().and_then(|logits| logits.to_vec1());
                logits.map_err(failed)
            }
            _ => Ok(Vec::new()),
        }
    }
}

fn build(
    kind: Kind,
    config: &Json,
    backend: Box<dyn SimpleBackend + '_>,
) -> Result<Running, String> {
    let vb = VarBuilder::from_backend(backend, DType::F32, Device::Cpu);
    caught(|| models::build(kind, config, vb))
}

/// What candle-transformers does by code that is not ours and unwraps here and there: what was
/// not foreseen ends a request, and not the program.
fn caught<T>(work: impl FnOnce() -> candle_core::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("candle-transformers panicked".to_owned()),
    }
}
