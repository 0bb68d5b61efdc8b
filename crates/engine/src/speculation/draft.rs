//! A second, smaller model that proposes tokens: as far as it is sure of them.

use super::Odds;
use crate::sampling::{certainty, likeliest};
use crate::sequence::{Sequence, Wanted, step};
use crate::{Cancel, Model};
use std::time::Instant;

/// How often its tokens are right, before anything is known of this answer.
const LIKELY: f64 = 0.7;
/// The part of all probability that a token must have for it to be proposed.
const SURE: f64 = 0.4;
/// Tokens that it reads at most between two of the answer's: the others wait for that.
const CHUNK: usize = 32;

/// A model that proposes, and what it has read of the answer.
pub(crate) struct Drafter<'a> {
    pub model: &'a Model,
    pub sequence: Sequence,
    pub odds: Odds,
    /// Ids below this are tokens of the answer's model too.
    tokens: usize,
}

impl Odds {
    /// Of a model of which nothing is known.
    pub fn of_a_model() -> Odds {
        Odds::of(LIKELY)
    }

    /// The token that is likely enough to be proposed. That the `first` is not costs as much as
    /// one that is wrong, and counts as one.
    pub(super) fn sure(&mut self, logits: &[f32], first: bool) -> Option<u32> {
        let is_sure = certainty(logits) >= SURE;
        if first && !is_sure {
            self.see(false);
        }
        is_sure.then(|| likeliest(logits))
    }
}

impl<'a> Drafter<'a> {
    pub fn new(model: &'a Model, sequence: Sequence, odds: Odds, tokens: usize) -> Drafter<'a> {
        Drafter {
            tokens,
            model,
            sequence,
            odds,
        }
    }

    /// At most `count` tokens that it would write behind `text`; none where it has not read all
    /// of that yet.
    pub fn propose(&mut self, text: &[u32], count: usize, cancel: &Cancel, into: &mut Vec<u32>) {
        let room = (self.model.context() as usize).saturating_sub(text.len());
        let known = self.sequence.common_prefix(text).min(text.len() - 1);
        self.sequence.truncate(known);
        // Not all of it at once: a stop is to be obeyed soon.
        let unread = &text[known..text.len().min(known + CHUNK)];
        let is_whole = known + unread.len() == text.len();
        let wanted = if is_whole && count.min(room) > 0 {
            Wanted::Last
        } else {
            Wanted::Nothing
        };
        // What it cannot read, because its context is shorter, it says nothing to.
        let mut logits = match self.step(unread, wanted, cancel) {
            Some(logits) if wanted == Wanted::Last => logits,
            _ => return,
        };
        for left in (0..count.min(room)).rev() {
            let size = self.tokens.min(self.model.tokenizer().len());
            let logits_of_tokens = &logits[..size.min(logits.len())];
            let Some(id) = self.odds.sure(logits_of_tokens, into.is_empty()) else {
                return;
            };
            into.push(id);
            if left == 0 {
                return;
            }
            match self.step(&[id], Wanted::Last, cancel) {
                Some(next) => self.model.use_up(std::mem::replace(&mut logits, next)),
                None => return,
            }
        }
    }

    /// Seconds that a token of it takes; None where that cannot be known.
    pub fn cost(&mut self, text: &[u32], cancel: &Cancel) -> Option<f64> {
        if self.model.costs.of(1).is_none() {
            // The first step of a model is slower than all that come.
            let first = text.first()?;
            self.sequence.truncate(0);
            step(
                self.model,
                &mut self.sequence,
                &[*first],
                Wanted::Last,
                cancel,
            )
            .ok()?;
            self.sequence.truncate(0);
            self.step(&[*first], Wanted::Last, cancel)?;
        }
        self.model.costs.of(1)
    }

    /// Seconds that it takes to read what it has not read of the text, the last token aside.
    pub fn behind(&self, text: &[u32]) -> f64 {
        let unread = text.len() - self.sequence.common_prefix(text);
        let each = self.model.costs.of(CHUNK).unwrap_or(0.0) / CHUNK as f64;
        unread.saturating_sub(1) as f64 * each
    }

    /// Reads, and notes how long that takes.
    fn step(&mut self, ids: &[u32], wanted: Wanted, cancel: &Cancel) -> Option<Vec<f32>> {
        let begun = Instant::now();
        let logits = step(self.model, &mut self.sequence, ids, wanted, cancel).ok()?;
        self.model
            .costs
            .see(ids.len(), begun.elapsed().as_secs_f64());
        Some(logits)
    }
}
