//! Tokens that are proposed before they are chosen, so that several are read in one step. What
//! the sampler chooses otherwise is forgotten again: since the same tokens give the same logits
//! however many are read at once, an answer is the same with proposals as without.
//!
//! Proposals are only made where they pay, by how often such ones were right in this answer and
//! what steps of so many tokens cost on this machine.

mod costs;
mod draft;
mod lookup;
#[cfg(test)]
mod tests;

pub(crate) use costs::Costs;
pub(crate) use draft::Drafter;

use crate::{Cancel, Sequence};
use lookup::Found;

/// Most tokens that are proposed at once.
const MOST: usize = 8;
/// How much more than nothing a proposal has to promise: what is measured is not exact.
const MARGIN: f64 = 1.05;

/// A match of so many tokens is believed before a model that proposes.
const LONG: usize = 5;

/// How often the next token was as the text says after a match of so many tokens, before anything
/// is known of this answer: 2, 3, 4, 5 to 7, 8 and more.
const LIKELY: [f64; 5] = [0.2, 0.35, 0.5, 0.6, 0.7];
/// Tokens that [`LIKELY`] counts as.
const WEIGHT: f64 = 3.0;
/// What of earlier tokens' weight is left after each.
const MEMORY: f64 = 0.95;

/// When tokens are proposed. The answer is the same whenever they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speculates {
    /// Each step reads one token.
    Never,
    /// Where it pays.
    #[default]
    WherePaying,
    /// Whatever it costs: for tests.
    Always,
}

/// How much is forgotten of the odds of a model that proposes, for each token that it does not.
const FORGOTTEN: f64 = 0.002;

/// How often proposals of one kind were right.
#[derive(Clone, Copy)]
struct Odds {
    tried: f64,
    right: f64,
    likely: f64,
}

impl Odds {
    fn of(likely: f64) -> Odds {
        Odds {
            tried: WEIGHT,
            right: likely * WEIGHT,
            likely,
        }
    }

    /// Nothing was proposed: what is known grows old, so that it is tried again at last.
    fn forget(&mut self) {
        let towards = self.likely * self.tried - self.right;
        self.right += FORGOTTEN * towards;
    }

    /// The odds of one token more.
    fn see(&mut self, right: bool) {
        self.tried = MEMORY * self.tried + 1.0;
        self.right = MEMORY * self.right + f64::from(u8::from(right));
    }

    fn probability(&self) -> f64 {
        self.right / self.tried
    }
}

/// The proposals for one answer.
pub(crate) struct Speculation<'a> {
    /// A model that proposes where the text does not, if there is one.
    drafter: Option<Drafter<'a>>,
    /// Whether that has proposed last.
    is_drafted: bool,
    /// All that was read and chosen.
    text: Vec<u32>,
    odds: [Odds; LIKELY.len()],
    /// What the text says comes next.
    expected: Option<Found>,
    proposed: Vec<u32>,
    drafted: u32,
    accepted: u32,
}

impl<'a> Speculation<'a> {
    /// For an answer to a prompt of these ids; `draft` is a model that proposes, with what it has
    /// read before.
    pub fn new(prompt: &[u32], draft: Option<Drafter<'a>>) -> Speculation<'a> {
        Speculation {
            drafter: draft,
            is_drafted: false,
            text: prompt.to_vec(),
            odds: LIKELY.map(Odds::of),
            expected: None,
            proposed: Vec::new(),
            drafted: 0,
            accepted: 0,
        }
    }

    /// A token was chosen.
    pub fn push(&mut self, id: u32) {
        // Also where nothing was proposed it is seen whether it would have been right.
        if let Some(found) = self.expected.take() {
            self.odds[kind(found)].see(found.next == id);
        }
        self.text.push(id);
        self.expected = lookup::find(&self.text);
    }

    /// What probably comes after the last token, at most `room` of them: as many as pay in a step
    /// that reads `others` tokens beside that one.
    pub fn propose(
        &mut self,
        when: Speculates,
        room: usize,
        others: usize,
        costs: &Costs,
        cancel: &Cancel,
    ) -> &[u32] {
        self.proposed.clear();
        self.is_drafted = false;
        let room = room.min(MOST);
        let count = |odds: &Odds, each: f64| match when {
            Speculates::Never => 0,
            Speculates::WherePaying => worth(odds.probability(), room, others, costs, each),
            Speculates::Always => room,
        };
        if let Some(found) = self.expected
            && (found.matched >= LONG || self.drafter.is_none())
        {
            let count = count(&self.odds[kind(found)], 0.0);
            lookup::follow(&self.text, found, count, &mut self.proposed);
        } else if let Some(drafter) = &mut self.drafter
            && when != Speculates::Never
        {
            // Before its own cost is known it reads one token, which tells.
            let count = drafter
                .cost()
                .map_or(room.min(2), |each| count(&drafter.odds, each));
            if count > 0 {
                drafter.propose(&self.text, count, cancel, &mut self.proposed);
            } else {
                drafter.odds.forget();
            }
            self.is_drafted = true;
        }
        &self.proposed
    }

    /// So many of those proposed were read.
    pub fn draft(&mut self, count: usize) {
        self.drafted += count as u32;
    }

    /// One of those proposed was chosen.
    pub fn accept(&mut self) {
        self.accepted += 1;
        self.see_drafted(true);
    }

    /// Another was chosen in place of one of those proposed.
    pub fn reject(&mut self) {
        self.see_drafted(false);
    }

    fn see_drafted(&mut self, right: bool) {
        if let Some(drafter) = &mut self.drafter
            && self.is_drafted
        {
            drafter.odds.see(right);
        }
    }

    /// What the model that proposes has read.
    pub fn into_draft(self) -> Option<Sequence> {
        self.drafter.map(|drafter| drafter.sequence)
    }

    /// Tokens that were proposed, and those of them that were chosen.
    pub fn counts(&self) -> (u32, u32) {
        (self.drafted, self.accepted)
    }
}

fn kind(found: Found) -> usize {
    match found.matched {
        0..=4 => found.matched.saturating_sub(2),
        5..=7 => 3,
        _ => 4,
    }
}

/// How many tokens are worth proposing that are each right with this probability, where each
/// takes so many seconds to find.
fn worth(odds: f64, most: usize, others: usize, costs: &Costs, each: f64) -> usize {
    let odds = odds.clamp(0.0, 0.99);
    let speed = |count: usize| {
        // 1 + odds + odds² ...: how many are chosen in one step.
        let chosen = (1.0 - odds.powi(count as i32 + 1)) / (1.0 - odds);
        let took = costs.of(others + 1 + count)? + each * count as f64;
        Some((others as f64 + chosen) / took)
    };
    let Some(plain) = speed(0) else { return 0 };
    let speeds = (1..=most).map_while(|count| Some((count, speed(count)?)));
    match speeds.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((count, speed)) if speed > MARGIN * plain => count,
        _ => 0,
    }
}
