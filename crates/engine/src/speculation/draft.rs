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
const CHUNK: usize = 64;

/// A model that proposes, and what it has read of the answer.
pub(crate) struct Drafter<'a> {
    pub model: &'a Model,
    pub sequence: Sequence,
    pub(super) odds: Odds,
    /// Ids below this are tokens of the answer's model too.
    tokens: usize,
}

impl Odds {
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
    pub fn new(model: &'a Model, sequence: Sequence, tokens: usize) -> Drafter<'a> {
        Drafter {
            tokens,
            model,
            sequence,
            odds: Odds::of(LIKELY),
        }
    }

    /// At most `count` tokens that it would write behind `text`; none where it has not read all
    /// of that yet.
    pub fn propose(&mut self, text: &[u32], count: usize, cancel: &Cancel, into: &mut Vec<u32>) {
        let room = (self.model.context() as usize).saturating_sub(text.len());
        let known = self.sequence.common_prefix(text).min(text.len() - 1);
        self.sequence.truncate(known);
        let mut unread = &text[known..];
        if unread.len() > CHUNK {
            // Not all of it at once: a stop is to be obeyed soon.
            unread = &unread[..CHUNK];
        }
        let is_whole = known + unread.len() == text.len();
        let wanted = if is_whole && count.min(room) > 0 {
            Wanted::Last
        } else {
            Wanted::Nothing
        };
        // What it cannot read, because its context is shorter, it says nothing to.
        let mut logits = match step(self.model, &mut self.sequence, unread, wanted, cancel) {
            Ok(logits) if wanted == Wanted::Last => logits,
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
            let begun = Instant::now();
            match step(self.model, &mut self.sequence, &[id], Wanted::Last, cancel) {
                Ok(next) => self.model.use_up(std::mem::replace(&mut logits, next)),
                Err(_) => return,
            }
            self.model.costs.see(1, begun.elapsed().as_secs_f64());
        }
    }

    /// Seconds that a token of it takes; None where that is not known yet.
    pub fn cost(&self) -> Option<f64> {
        self.model.costs.of(1)
    }
}
