//! Looking into a model: logits of given ids, and timed runs.

use crate::sampling;
use crate::sequence::{Wanted, read, step};
use crate::{Cancel, Model};
use protocol::AppError;
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

/// Milliseconds to read `prefill` tokens and then to make `decode`, from an empty context; which
/// tokens does not matter.
///
/// Errors as [`logits`].
pub fn bench(
    model: &Model,
    prefill: u32,
    decode: u32,
    cancel: &Cancel,
) -> Result<(f64, f64), AppError> {
    model.check_unchanged()?;
    let (needed, context) = (u64::from(prefill) + u64::from(decode), model.context());
    if needed > u64::from(context) {
        let over = needed - u64::from(context);
        return Err(protocol::failure::context_overflow(needed, context, over));
    }
    let vocabulary = model.vocabulary() as u32;
    // Spread over the vocabulary, so that the embedding is not one page.
    let id = |index: u32| index.wrapping_mul(7919) % vocabulary;
    let mut sequence = model.sequence();
    let begun = Instant::now();
    if prefill > 0 {
        let ids: Vec<u32> = (0..prefill).map(id).collect();
        read(model, &mut sequence, &ids, cancel, &mut |_| {})?;
    }
    let prefill_ms = begun.elapsed().as_secs_f64() * 1000.0;
    let begun = Instant::now();
    for index in 0..decode {
        step(
            model,
            &mut sequence,
            &[id(prefill.wrapping_add(index))],
            Wanted::Last,
            cancel,
        )?;
    }
    Ok((prefill_ms, begun.elapsed().as_secs_f64() * 1000.0))
}
