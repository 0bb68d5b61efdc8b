//! What changes while a model reads and writes: tokens, with their keys and values.

use crate::exec::{Reading, State, Watch};
use crate::{Cancel, Model};
use protocol::{AppError, failure};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long an operation of a chunk may take: a stop is obeyed between two.
const OPERATION: Duration = Duration::from_millis(50);
/// How long a chunk should take where its operations are not known.
const CHUNK: Duration = Duration::from_millis(200);
/// Tokens of a model's first chunk, by which the next are measured.
const FIRST: usize = 16;
/// Fewest tokens of a chunk after the first.
const FEWEST: usize = 4;
/// Most tokens of a chunk: more are read no faster, and want more memory.
const MOST: usize = 512;
/// Chunks end at multiples of it where they are longer, as the pages of keys and values do.
const PAGE: usize = kernels::Page::POSITIONS;
/// How often progress is told.
const TELL: Duration = Duration::from_millis(100);

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
        self.state.truncate(length);
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
    let mut on = |_| {};
    watched(
        model,
        sequence,
        ids,
        wanted,
        &mut Watch::new(cancel, &mut on),
    )
}

fn watched(
    model: &Model,
    sequence: &mut Sequence,
    ids: &[u32],
    wanted: Wanted,
    watch: &mut Watch<'_>,
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
    let reading = Reading {
        state,
        tokens,
        ids,
        wanted,
    };
    let logits = model.executor.read(&mut [reading], watch)?;
    if logits.iter().any(|logit| !logit.is_finite()) {
        return Err(failure::logits_not_finite());
    }
    sequence.tokens.extend_from_slice(ids);
    sequence.chosen = None;
    Ok(logits)
}

/// Reads a prompt in chunks; gives the logits after its last token. `on` is told how many of
/// `ids` are read, now and then and at the end.
///
/// Errors as [`step`]; then the chunks before are read.
pub(crate) fn read(
    model: &Model,
    sequence: &mut Sequence,
    ids: &[u32],
    cancel: &Cancel,
    on: &mut dyn FnMut(usize),
) -> Result<Vec<f32>, AppError> {
    let (mut read, mut told) = (0, Instant::now());
    loop {
        let begun = Instant::now();
        let chunk = match model.chunk.load(Ordering::Relaxed) {
            0 => FIRST,
            fitting => fitting,
        };
        let past = sequence.tokens.len();
        let mut end = past + chunk;
        if chunk >= PAGE {
            end -= end % PAGE;
        }
        let end = (read + end - past).min(ids.len());
        let last = end == ids.len();
        let wanted = if last { Wanted::Last } else { Wanted::Nothing };
        let mut tell = |share: f64| {
            if told.elapsed() >= TELL {
                told = Instant::now();
                on(read + ((end - read) as f64 * share) as usize);
            }
        };
        let mut watch = Watch::new(cancel, &mut tell);
        let logits = watched(model, sequence, &ids[read..end], wanted, &mut watch)?;
        let (took, goal) = match watch.longest() {
            Duration::ZERO => (begun.elapsed(), CHUNK),
            longest => (longest, OPERATION),
        };
        let fitting = (end - read) as f64 * goal.as_secs_f64() / took.as_secs_f64().max(1e-6);
        if end - read >= FIRST || !last {
            let fitting = (fitting as usize).clamp(FEWEST, MOST);
            model.chunk.store(fitting, Ordering::Relaxed);
        }
        if last {
            on(end);
            return Ok(logits);
        }
        read = end;
    }
}
