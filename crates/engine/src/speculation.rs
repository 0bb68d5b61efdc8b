//! Tokens that are proposed before they are chosen, so that several are read in one step. What
//! the sampler chooses otherwise is forgotten again: since the same tokens give the same logits
//! however many are read at once, an answer is the same with proposals as without.
//!
//! Proposals are only made where they pay, by how often such ones were right in this answer and
//! what steps of so many tokens cost on this machine. A model that proposes has to read the text
//! first, and does so only where that is soon paid back.

mod costs;
mod draft;
mod lookup;
#[cfg(test)]
mod tests;

pub(crate) use costs::Costs;
pub(crate) use draft::Drafter;

use crate::Cancel;
use lookup::Found;

/// Most tokens that are proposed at once.
const MOST: usize = 8;
/// How much more than nothing a proposal has to promise: what is measured is not exact.
const MARGIN: f64 = 1.05;
/// What is as quick as the quickest, for the same reason.
const ABOUT: f64 = 0.99;

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

/// In how many tokens of the answer it has to be paid back that a model that proposes reads all
/// that it has not read.
const PAYBACK: usize = 128;

/// How much is forgotten of the odds of a model that proposes, for each token that it does not.
const FORGOTTEN: f64 = 0.002;

/// How often proposals of one kind were right.
#[derive(Clone, Copy)]
pub(crate) struct Odds {
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
    /// Whether that has proposed last, and ever.
    is_drafted: bool,
    was_drafted: bool,
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
    /// For an answer to a prompt of these ids.
    pub fn new(prompt: &[u32]) -> Speculation<'a> {
        Speculation {
            drafter: None,
            is_drafted: false,
            was_drafted: false,
            text: prompt.to_vec(),
            odds: LIKELY.map(Odds::of),
            expected: None,
            proposed: Vec::new(),
            drafted: 0,
            accepted: 0,
        }
    }

    /// A model proposes where the text does not, if there is one and none does yet.
    pub fn draft_by(&mut self, drafter: impl FnOnce() -> Option<Drafter<'a>>) {
        if self.drafter.is_none() {
            self.drafter = drafter();
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
        let most = room.min(MOST);
        let count = |odds: &Odds, each: f64| match when {
            Speculates::Never => Worth::default(),
            Speculates::WherePaying => worth(odds.probability(), most, others, costs, each),
            Speculates::Always => Worth::all(most),
        };
        if let Some(drafter) = &mut self.drafter
            && when != Speculates::Never
            && self.expected.is_none_or(|found| found.matched < LONG)
        {
            let each = match when {
                Speculates::Always => Some(0.0),
                _ => drafter.cost(&self.text, cancel),
            };
            let worth = each.map_or_else(Worth::default, |each| count(&drafter.odds, each));
            let soon = worth.saved * room.min(PAYBACK) as f64;
            if worth.count > 0 && (when == Speculates::Always || drafter.behind(&self.text) <= soon)
            {
                drafter.propose(&self.text, worth.count, cancel, &mut self.proposed);
                if !self.proposed.is_empty() {
                    (self.is_drafted, self.was_drafted) = (true, true);
                    return &self.proposed;
                }
            } else {
                drafter.odds.forget();
            }
        }
        if let Some(found) = self.expected {
            let count = count(&self.odds[kind(found)], 0.0).count;
            lookup::follow(&self.text, found, count, &mut self.proposed);
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

    /// Whether a model has proposed any.
    pub fn was_drafted(&self) -> bool {
        self.was_drafted
    }

    /// The model that proposes, with what it has read.
    pub fn into_drafter(self) -> Option<Drafter<'a>> {
        self.drafter
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

/// What it is worth to propose tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Worth {
    /// How many are to be proposed.
    count: usize,
    /// Seconds that this saves for each token of the answer.
    saved: f64,
}

impl Worth {
    fn all(count: usize) -> Worth {
        Worth { count, saved: 0.0 }
    }
}

/// How many tokens are worth proposing that are each right with this probability, where each
/// takes so many seconds to find.
fn worth(odds: f64, most: usize, others: usize, costs: &Costs, each: f64) -> Worth {
    let odds = odds.clamp(0.0, 0.99);
    let alone = costs.of(others + 1);
    let speed = |count: usize| {
        // 1 + odds + odds² ...: how many are chosen in one step.
        let chosen = (1.0 - odds.powi(count as i32 + 1)) / (1.0 - odds);
        // Where more tokens seem to take less time, what was measured is wrong: what is never
        // right would be proposed for ever.
        let step = costs.of(others + 1 + count)?.max(alone?);
        Some((others as f64 + chosen) / (step + each * count as f64))
    };
    let Some(plain) = speed(0) else {
        return Worth::default();
    };
    let speeds: [Option<f64>; MOST] = std::array::from_fn(|at| speed(at + 1).filter(|_| at < most));
    let best = speeds.iter().flatten().copied().fold(0.0, f64::max);
    // The fewest that are about as quick: what is hardly ever right costs more than it seems.
    let first = |found: &Option<f64>| found.is_some_and(|speed| speed >= ABOUT * best);
    match speeds.iter().position(first) {
        Some(at) if best > MARGIN * plain => Worth {
            count: at + 1,
            saved: 1.0 / plain - 1.0 / best,
        },
        _ => Worth::default(),
    }
}
