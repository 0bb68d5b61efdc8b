//! What changes while a model reads and writes: tokens, with their keys and values.

mod pace;

pub(crate) use pace::{Beside, Pace};

use crate::exec::{self, State, Watch, failed};
use crate::kv::{BLOCK, KvStore};
use crate::{Cancel, Model};
use protocol::{AppError, KvOwner, failure};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tokens with their keys and values, of one model.
pub struct Sequence {
    tokens: Vec<u32>,
    state: State,
    /// The token chosen last, where the answer was stopped before it was read.
    chosen: Option<u32>,
    /// Where what is read is kept, and looked for.
    store: Option<Arc<KvStore>>,
    owner: Option<KvOwner>,
    /// Whether it is to be kept nowhere: its conversation is gone.
    forgotten: bool,
}

impl Sequence {
    pub(crate) fn new(state: State) -> Sequence {
        Sequence {
            tokens: Vec::new(),
            state,
            chosen: None,
            store: None,
            owner: None,
            forgotten: false,
        }
    }

    /// The same, that keeps what it reads in a store of its model and looks there before it reads.
    pub fn kept_in(mut self, store: Option<Arc<KvStore>>) -> Sequence {
        self.store = store;
        self
    }

    /// Whose what is read from now on is.
    pub fn set_owner(&mut self, owner: Option<KvOwner>) {
        self.owner = owner;
    }

    /// Whether it is a conversation's; None: anybody's.
    pub fn is_of(&self, conversation: Option<&str>) -> bool {
        let owner = self.owner.as_ref().map(|owner| &*owner.conversation);
        conversation.is_none() || owner == conversation
    }

    /// What it has read and will read is kept nowhere.
    pub(crate) fn forget(&mut self) {
        self.store = None;
        self.forgotten = true;
    }

    /// Whether it is to be kept nowhere.
    pub fn is_forgotten(&self) -> bool {
        self.forgotten
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
            store: self.store.clone(),
            owner: self.owner.clone(),
            forgotten: self.forgotten,
        })
    }

    /// Forgets all but the first `length` tokens. Costs nothing, or that the rest is read again
    /// by the next step: [`crate::Capabilities`] says which.
    pub fn truncate(&mut self, length: usize) {
        self.tokens.truncate(length);
        self.state.truncate(length);
        self.chosen = None;
    }

    /// Takes in what was read, and gives its logits.
    ///
    /// Errors: `logits-not-finite`; then nothing was read.
    fn take(&mut self, ids: &[u32], logits: Vec<f32>) -> Result<Vec<f32>, AppError> {
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(failure::logits_not_finite());
        }
        self.tokens.extend_from_slice(ids);
        self.chosen = None;
        Ok(logits)
    }

    /// Notes the token that comes next, until anything else is read.
    pub(crate) fn choose(&mut self, id: u32) {
        self.chosen = Some(id);
    }

    /// The tokens that were read, and the one that was chosen after them.
    pub(crate) fn with_chosen(&self) -> Vec<u32> {
        self.tokens.iter().copied().chain(self.chosen).collect()
    }

    /// Forgets what is of no use for reading `ids`.
    pub(crate) fn turn_to(&mut self, model: &Model, ids: &[u32]) {
        let most = ids.len().saturating_sub(1);
        let common = self.common_prefix(ids).min(most);
        let kept = if common < self.tokens.len() && !model.capabilities().truncate {
            0
        } else {
            common
        };
        self.truncate(kept);
    }

    /// Takes what the store has of `ids`, which it has turned to, until it `is_enough`: never the
    /// last, whose logits are wanted. Tells whether that was all.
    pub(crate) fn reuse(&mut self, ids: &[u32], is_enough: &dyn Fn() -> bool) -> bool {
        let mut all = true;
        if let Some(store) = &self.store {
            let (kept, most) = (self.tokens.len(), ids.len().saturating_sub(1));
            let whole = kept / BLOCK;
            let (found, is_all) = store.find(&ids[..most], whole, self.owner.as_ref(), is_enough);
            all = is_all;
            let positions = (whole + found.len()) * BLOCK;
            if positions > kept {
                self.tokens.truncate(whole * BLOCK);
                if self.state.adopt(whole, &found) {
                    self.tokens = ids[..positions].to_vec();
                } else {
                    all = true;
                }
            }
        }
        all
    }

    /// Keeps what was read, where there is a store.
    pub(crate) fn keep(&self) {
        if let Some(store) = &self.store {
            let block = |index| self.state.block(index);
            store.put(&self.tokens, self.owner.as_ref(), block);
        }
    }

    /// Bytes of keys and values that it alone has.
    pub(crate) fn own_bytes(&self) -> u64 {
        self.state.own_bytes()
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

impl Wanted {
    /// Which of so many tokens they are.
    pub(crate) fn of(self, tokens: usize) -> Range<usize> {
        match self {
            Wanted::Last => tokens.saturating_sub(1)..tokens,
            Wanted::All => 0..tokens,
            Wanted::Nothing => 0..0,
        }
    }
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
    let reading = Reading {
        sequence,
        ids,
        wanted,
        cancel,
    };
    let logits = step_together(model, &mut [reading]).pop();
    logits.unwrap_or_else(|| Err(failed("no logits")))
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
    read_together(model, readings, &mut |_| {}).0
}

/// As [`step_together`]; `on` is told the share of the step that is done, from 0 to 1. Tells also
/// how long its longest operation took, where that is known: a stop is obeyed between two.
pub(crate) fn read_together(
    model: &Model,
    readings: &mut [Reading<'_>],
    on: &mut dyn FnMut(f64),
) -> (Vec<Result<Vec<f32>, AppError>>, Option<Duration>) {
    let mut made: Vec<Result<Vec<f32>, AppError>> = readings
        .iter()
        .map(|reading| reading.check(model).map(|()| Vec::new()))
        .collect();
    let reads = |(made, reading): &(&mut Result<_, _>, &mut Reading<'_>)| {
        made.is_ok() && !reading.ids.is_empty()
    };
    let (mut cancels, mut of_states) = (Vec::new(), Vec::new());
    for (_, reading) in made.iter_mut().zip(readings.iter_mut()).filter(reads) {
        cancels.push(reading.cancel);
        of_states.push(exec::Reading {
            state: &mut reading.sequence.state,
            tokens: &reading.sequence.tokens,
            ids: reading.ids,
            wanted: reading.wanted,
        });
    }
    let mut watch = Watch::new(&cancels, on);
    let mut read = match of_states.is_empty() {
        true => Ok(Vec::new()),
        false => model
            .executor
            .read(&mut of_states, &mut watch, model.used_logits()),
    };
    let longest = watch.longest();
    for (made, reading) in made.iter_mut().zip(readings.iter_mut()).filter(reads) {
        let rows = reading.wanted.of(reading.ids.len()).len();
        *made = match &mut read {
            Ok(logits) => {
                let others = logits.split_off((rows * model.vocabulary()).min(logits.len()));
                let own = std::mem::replace(logits, others);
                reading.sequence.take(reading.ids, own)
            }
            Err(error) => Err(error.clone()),
        };
    }
    (made, longest)
}

impl Reading<'_> {
    /// Errors: `token-out-of-range`, `context-overflow`.
    fn check(&self, model: &Model) -> Result<(), AppError> {
        model.check_ids(self.ids)?;
        let context = model.context() as usize;
        let tokens = self.sequence.tokens.len() + self.ids.len();
        if tokens > context {
            return Err(failure::context_overflow(tokens, context, tokens - context));
        }
        Ok(())
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
    let mut read = 0;
    loop {
        let (past, left) = (sequence.tokens.len(), ids.len() - read);
        let end = read + model.pace.next(past, left, Beside::default());
        let last = end == ids.len();
        let begun = Instant::now();
        let reading = Reading {
            sequence,
            ids: &ids[read..end],
            wanted: if last { Wanted::Last } else { Wanted::Nothing },
            cancel,
        };
        let (mut made, longest) = read_together(model, &mut [reading], &mut |_| {});
        let logits = made.pop().unwrap_or_else(|| Err(failed("no logits")))?;
        model.pace.took(end - read, begun.elapsed(), longest);
        on(end);
        if last {
            return Ok(logits);
        }
        read = end;
    }
}
