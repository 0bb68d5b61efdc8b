//! Looking into a model: logits of given ids, and timed runs.

use crate::sampling;
use crate::sequence::{Wanted, read, step};
use crate::{Cancel, Model};
use protocol::{AppError, Ceilings};
use std::time::Instant;

/// Positions whose logits are held at once.
const AT_ONCE: usize = 16;

/// The `top` likeliest tokens after each of `ids`, from an empty context: position, then id and
/// logit, likeliest first.
///
/// Errors: `model-gone`, `model-changed`, `token-out-of-range`, `context-overflow`, `cancelled`,
/// `logits-not-finite`.
pub fn logits(
    model: &Model,
    ids: &[u32],
    top: u32,
    cancel: &Cancel,
    on: &mut dyn FnMut(u32, Vec<(u32, f32)>),
) -> Result<(), AppError> {
    model.check_unchanged()?;
    model.check_ids(ids)?;
    let context = model.context() as usize;
    if ids.len() > context {
        let over = ids.len() - context;
        return Err(protocol::failure::context_overflow(
            ids.len(),
            context,
            over,
        ));
    }
    let mut sequence = model.sequence();
    let mut position = 0;
    for chunk in ids.chunks(AT_ONCE) {
        let rows = step(model, &mut sequence, chunk, Wanted::All, cancel)?;
        for row in rows.chunks(model.vocabulary()) {
            on(position, sampling::top(row, top as usize));
            position += 1;
        }
    }
    Ok(())
}

/// How long a timed run took.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// Milliseconds to read the prompt, the logits after it included.
    pub prefill_ms: f64,
    /// Milliseconds for each of the lengths.
    pub decode_ms: Vec<f64>,
}

/// Reads `prefill` tokens (at least one) from an empty context, then makes as many as each of
/// `decode` says, from the end of the prompt each time; which tokens does not matter. `on` is
/// told how many of all these tokens are done.
///
/// Errors as [`logits`].
pub fn bench(
    model: &Model,
    prefill: u32,
    decode: &[u32],
    cancel: &Cancel,
    on: &mut dyn FnMut(u64, u64),
) -> Result<Timed, AppError> {
    model.check_unchanged()?;
    let (prefill, longest) = (prefill.max(1), decode.iter().copied().max().unwrap_or(0));
    let (needed, context) = (
        u64::from(prefill) + u64::from(longest),
        u64::from(model.context()),
    );
    if needed > context {
        let over = needed - context;
        return Err(protocol::failure::context_overflow(needed, context, over));
    }
    let vocabulary = model.vocabulary() as u32;
    // Spread over the vocabulary, so that the embedding is not one page.
    let id = |index: u32| index.wrapping_mul(7919) % vocabulary;
    let ids: Vec<u32> = (0..prefill).map(id).collect();
    let total = u64::from(prefill) + decode.iter().copied().map(u64::from).sum::<u64>();
    let mut done = u64::from(prefill);
    let mut sequence = model.sequence();
    let begun = Instant::now();
    let mut told = |read: usize| on(read as u64, total);
    read(model, &mut sequence, &ids, cancel, &mut told)?;
    let prefill_ms = milliseconds(begun);
    let mut decode_ms = Vec::new();
    for (at, length) in decode.iter().enumerate() {
        if at > 0 && model.capabilities().truncate {
            sequence.truncate(ids.len());
        } else if at > 0 {
            sequence = model.sequence();
            read(model, &mut sequence, &ids, cancel, &mut |_| {})?;
        }
        let begun = Instant::now();
        for index in 0..*length {
            let next = [id(prefill.wrapping_add(index))];
            step(model, &mut sequence, &next, Wanted::Last, cancel)?;
            done += 1;
            on(done, total);
        }
        decode_ms.push(milliseconds(begun));
    }
    Ok(Timed {
        prefill_ms,
        decode_ms,
    })
}

fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

/// What this machine can do at most, with so many threads.
pub fn ceilings(threads: u32) -> Ceilings {
    let found = kernels::ceilings(&kernels::Pool::new(threads.max(1) as usize));
    Ceilings {
        read_bytes: found.read,
        integer: found.integer,
        float: found.float,
    }
}
