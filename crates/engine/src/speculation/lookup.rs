//! Where the last tokens stood before: what followed them there may follow again.

/// Fewest tokens that have to be the same.
const FEWEST: usize = 2;
/// More tokens that are the same say nothing more.
const ENOUGH: usize = 8;
/// Most places that are looked at: a bound for texts that are all the same.
const PLACES: usize = 64;

/// A place where the last tokens stood before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// How many tokens before it are the same.
    pub matched: usize,
    /// The token that followed there.
    pub next: u32,
    /// Where that is.
    at: usize,
}

/// The place where most of the last tokens stand, of several the last; None where not even
/// [`FEWEST`] do.
pub(crate) fn find(text: &[u32]) -> Option<Found> {
    let [.., before, last] = text else {
        return None;
    };
    let pair = [*before, *last];
    let mut best: Option<Found> = None;
    let earlier = &text[..text.len() - 1];
    let places = (0..earlier.len().saturating_sub(1)).rev();
    for start in places
        .filter(|at| earlier[*at..*at + 2] == pair)
        .take(PLACES)
    {
        let at = start + FEWEST;
        let matched = text[..at]
            .iter()
            .rev()
            .zip(text.iter().rev())
            .take(ENOUGH)
            .take_while(|(there, here)| there == here)
            .count();
        if best.is_none_or(|best| matched > best.matched) {
            let next = text[at];
            best = Some(Found { matched, next, at });
        }
        if matched == ENOUGH {
            break;
        }
    }
    best
}

/// The `count` tokens from the place on; where it comes to the end of the text, it goes on with
/// what it said itself.
pub(crate) fn follow(text: &[u32], found: Found, count: usize, into: &mut Vec<u32>) {
    into.clear();
    for index in found.at..found.at + count {
        let next = match text.get(index) {
            Some(next) => *next,
            None => into[index - text.len()],
        };
        into.push(next);
    }
}
