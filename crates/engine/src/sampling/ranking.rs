//! The likeliest of a vocabulary, found without sorting it.

use std::cmp::Ordering;

/// A token and its logit.
pub(crate) type Candidate = (u32, f32);

/// Logits that are looked at together: whether any of them counts is one comparison of vectors.
const BLOCK: usize = 32;

/// Likeliest first; among equals the smaller id, so that the order never depends on the search.
fn likelier(a: &Candidate, b: &Candidate) -> Ordering {
    // Adding 0 makes -0 the same as 0.
    (b.1 + 0.0).total_cmp(&(a.1 + 0.0)).then(a.0.cmp(&b.0))
}

/// The beginning of a vocabulary's order, which grows as far as somebody looks. Room is kept from
/// one token to the next.
#[derive(Default)]
pub(crate) struct Ranking {
    found: Vec<Candidate>,
    next: Vec<Candidate>,
}

impl Ranking {
    /// What is found, likeliest first.
    pub fn found(&self) -> &[Candidate] {
        &self.found
    }

    /// Forgets what is found from `count` on.
    pub fn truncate(&mut self, count: usize) {
        self.found.truncate(count);
    }

    /// Finds those that follow, until there are `count` in all, or no more of at least `floor`.
    pub fn find(&mut self, logits: &[f32], floor: f32, count: usize) {
        let last = self.found.last().copied();
        let wanted = count
            .saturating_sub(self.found.len())
            .min(logits.len() - self.found.len().min(logits.len()));
        if wanted == 0 {
            return;
        }
        let room = wanted.saturating_mul(2).min(logits.len()).max(BLOCK);
        self.next.clear();
        // All that could still be among the wanted is above this.
        let mut least = floor.next_down();
        for (index, block) in logits.chunks(BLOCK).enumerate() {
            if !block
                .iter()
                .fold(false, |any, logit| any | (*logit > least))
            {
                continue;
            }
            for (id, logit) in ((index * BLOCK) as u32..).zip(block) {
                let candidate = (id, *logit);
                let follows = last.is_none_or(|last| likelier(&last, &candidate).is_lt());
                if *logit > least && follows {
                    self.next.push(candidate);
                }
                if self.next.len() > room.max(wanted) {
                    least = least.max(keep(&mut self.next, wanted));
                }
            }
        }
        keep(&mut self.next, wanted);
        self.next.sort_unstable_by(likelier);
        self.found.append(&mut self.next);
    }

    /// The candidate at `index` of the order, which is found where it is not yet; None where
    /// there are not as many of at least `floor`.
    pub fn at(&mut self, logits: &[f32], floor: f32, index: usize) -> Option<Candidate> {
        if index >= self.found.len() {
            // Mostly the first few are enough; of a flat distribution no more than all are found.
            self.find(logits, floor, (8 * index).max(64));
        }
        self.found.get(index).copied()
    }
}

/// Keeps the `count` likeliest, in no order, and gives the least logit of these; minus infinity
/// where there are not as many.
fn keep(candidates: &mut Vec<Candidate>, count: usize) -> f32 {
    if candidates.len() < count {
        return f32::NEG_INFINITY;
    }
    let (_, least, _) = candidates.select_nth_unstable_by(count - 1, likelier);
    let least = least.1;
    candidates.truncate(count);
    least
}

/// The `count` likeliest tokens with their logits, likeliest first.
pub(crate) fn top(logits: &[f32], count: usize) -> Vec<Candidate> {
    let mut ranking = Ranking::default();
    ranking.find(logits, f32::NEG_INFINITY, count);
    ranking.found
}

/// Those of at least `floor`, in the order of their ids.
pub(crate) fn reaching(logits: &[f32], floor: f32) -> impl Iterator<Item = f32> {
    let any = move |block: &&[f32]| {
        block
            .iter()
            .fold(false, |any, logit| any | (*logit >= floor))
    };
    let blocks = logits.chunks(BLOCK).filter(any).flatten();
    blocks.copied().filter(move |logit| *logit >= floor)
}

/// The largest of all; minus infinity of none.
pub(crate) fn maximum(logits: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; BLOCK];
    for block in logits.chunks(BLOCK) {
        for (lane, logit) in lanes.iter_mut().zip(block) {
            *lane = if *logit > *lane { *logit } else { *lane };
        }
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

/// The likeliest token, the smallest id among equals; 0 of none.
pub(crate) fn likeliest(logits: &[f32]) -> u32 {
    let top = maximum(logits);
    let block = logits
        .chunks(BLOCK)
        .position(|block| block.iter().fold(false, |any, logit| any | (*logit == top)));
    let start = block.unwrap_or(0) * BLOCK;
    let within = logits[start.min(logits.len())..]
        .iter()
        .position(|logit| *logit == top);
    (start + within.unwrap_or(0)) as u32
}
