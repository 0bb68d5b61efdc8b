//! What changes while a model reads and writes: tokens, with their keys and values.

use crate::exec::State;
use crate::{Cancel, Model};
use protocol::{AppError, failure};
use std::time::{Duration, Instant};

/// How long one chunk should take where nobody waits for it but who asked.
const CHUNK_TIME: Duration = Duration::from_millis(200);
/// Fewest tokens of a chunk after the first.
const FEWEST: usize = 4;
/// Most tokens of a chunk.
const MOST: usize = 128;

/// Tokens with their keys and values, of one model.
pub struct Sequence {
    tokens: Vec<u32>,
    state: State,
    /// The token chosen last, where the answer was stopped before it was read.
    chosen: Option<u32>,
}

impl Sequence {
    pub(crate) fn new(state: State) -> Sequence {
        Sequence {
            tokens: Vec::new(),
            state,
            chosen: None,
        }
    }

    /// The tokens that were read.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// A second sequence that goes on from here, on its own.
    ///
    /// Errors: `internal`, where there is no memory for it.
    pub fn fork(&self) -> Result<Sequence, AppError> {
        Ok(Sequence {
            tokens: self.tokens.clone(),
            state: self.state.fork()?,
            chosen: self.chosen,
        })
    }

    /// Forgets all but the first `length` tokens. Costs nothing, or that the rest is read again
    /// by the next step: [`crate::Capabilities`] says which.
    pub fn truncate(&mut self, length: usize) {
        self.tokens.truncate(length);
        self.chosen = None;
    }

    /// Notes the token that comes next, until anything else is read.
    pub(crate) fn choose(&mut self, id: u32) {
        self.chosen = Some(id);
    }

    /// The tokens that were read, and the one that was chosen after them.
    pub(crate) fn with_chosen(&self) -> Vec<u32> {
        self.tokens.iter().copied().chain(self.chosen).collect()
    }

    /// Forgets what is of no use for reading `ids`, and tells how many of them are read already:
    /// never the last, whose logits are wanted.
    pub(crate) fn reuse(&mut self, model: &Model, ids: &[u32]) -> usize {
        let common = self.common_prefix(ids).min(ids.len().saturating_sub(1));
        let kept = if common < self.tokens.len() && !model.capabilities().truncate {
            0
        } else {
            common
        };
        self.truncate(kept);
        kept
    }

    /// How many of `ids` are read already, from the first on.
    pub fn common_prefix(&self, ids: &[u32]) -> usize {
        self.tokens
            .iter()
            .zip(ids)
            .take_while(|(read, id)| read == id)
            .count()
    }
}

/// Which positions of a [`step`] logits are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What comes after the last token.
    Last,
    /// What comes after each token.
    All,
    /// None: the tokens are only read.
    Nothing,
}

/// Reads `ids` after what the sequence holds, and gives logits: rows of the vocabulary's size,
/// one after another.
///
/// Errors: `cancelled` (the sequence is as before), `token-out-of-range`, `context-overflow`,
/// `logits-not-finite`.
pub fn step(
    model: &Model,
    sequence: &mut Sequence,
    ids: &[u32],
    wanted: Wanted,
    cancel: &Cancel,
) -> Result<Vec<f32>, AppError> {
    model.check_ids(ids)?;
    let past = sequence.tokens.len();
    let (tokens, context) = (past + ids.len(), model.context() as usize);
    if tokens > context {
        return Err(failure::context_overflow(tokens, context, tokens - context));
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let Sequence { tokens, state, .. } = sequence;
    let logits = model.threads.run(|| {
        let executor = &model.executor;
        executor.read(state, tokens, ids, wanted, context, cancel)
    })?;
    if logits.iter().any(|logit| !logit.is_finite()) {
        return Err(failure::logits_not_finite());
    }
    sequence.tokens.extend_from_slice(ids);
    sequence.chosen = None;
    Ok(logits)
}

/// What one of several sequences reads in a step.
pub struct Reading<'a> {
    /// The sequence.
    pub sequence: &'a mut Sequence,
    /// What it reads.
    pub ids: &'a [u32],
    /// Which logits are wanted.
    pub wanted: Wanted,
    /// Who stops it.
    pub cancel: &'a Cancel,
}

/// A [`step`] of several sequences at once: the weights are read once for all of them. Each gets
/// the logits that it would get alone, bit for bit.
///
/// Errors: each as [`step`]; `cancelled` also where another was stopped.
pub fn step_together(
    model: &Model,
    readings: &mut [Reading<'_>],
) -> Vec<Result<Vec<f32>, AppError>> {
    let alone = |reading: &mut Reading<'_>| {
        let Reading { sequence, ids, .. } = reading;
        step(model, sequence, ids, reading.wanted, reading.cancel)
    };
    readings.iter_mut().map(alone).collect()
}

/// How much of a prompt is read at once, by how long it took before.
pub(crate) struct Pace(usize);

impl Default for Pace {
    fn default() -> Pace {
        Pace(2 * FEWEST)
    }
}

impl Pace {
    /// Tokens of the next chunk, of `left`.
    pub fn next(&self, left: usize) -> usize {
        self.0.min(left)
    }

    /// So many tokens took so long, and should take `aim`.
    pub fn took(&mut self, tokens: usize, time: Duration, aim: Duration) {
        let fitting = tokens as f64 * aim.as_secs_f64() / time.as_secs_f64().max(1e-6);
        self.0 = (fitting as usize).clamp(FEWEST, (2 * self.0).min(MOST));
    }
}

/// Reads a prompt in chunks; gives the logits after its last token. `on` is told how many of
/// `ids` are read, after each chunk.
///
/// Errors as [`step`]; then the chunks before are read.
pub(crate) fn read(
    model: &Model,
    sequence: &mut Sequence,
    ids: &[u32],
    cancel: &Cancel,
    on: &mut dyn FnMut(usize),
) -> Result<Vec<f32>, AppError> {
    let mut pace = Pace::default();
    let mut read = 0;
    loop {
        let begun = Instant::now();
        let end = read + pace.next(ids.len() - read);
        let wanted = if end == ids.len() {
            Wanted::Last
        } else {
            Wanted::Nothing
        };
        let logits = step(model, sequence, &ids[read..end], wanted, cancel)?;
        on(end);
        if end == ids.len() {
            return Ok(logits);
        }
        pace.took(end - read, begun.elapsed(), CHUNK_TIME);
        read = end;
    }
}
