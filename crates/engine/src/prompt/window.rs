//! Which of a conversation's oldest turns are left out.
//!
//! The start is a function of the conversation's beginning alone: it stays where it is for
//! several turns, so that what was read of the kept ones need not be read again.

use protocol::{PromptMessage, Role};

/// The index of the first message that is kept behind the `system` first ones.
///
/// The conversation is walked as it grew. Whenever it came to more than `most`, in the unit of
/// `costs` (one for each message), the oldest turns went until two thirds of that remained, or
/// the last turn alone.
pub(super) fn start(
    messages: &[PromptMessage],
    system: usize,
    costs: &[usize],
    most: usize,
) -> usize {
    let (mut start, mut sum) = (system, 0usize);
    for (at, message) in messages.iter().enumerate().skip(system) {
        sum = sum.saturating_add(costs[at]);
        let is_asked = message.role == Role::User || at + 1 == messages.len();
        if !is_asked || sum <= most {
            continue;
        }
        while sum > most / 3 * 2 {
            let next = (start + 1..=at).find(|next| messages[*next].role == Role::User);
            let Some(next) = next else { break };
            start = next;
            sum = costs[start..=at]
                .iter()
                .fold(0, |a, b| a.saturating_add(*b));
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(count: usize) -> Vec<PromptMessage> {
        let roles = [Role::System].into_iter().chain(
            [Role::User, Role::Assistant]
                .into_iter()
                .cycle()
                .take(2 * count - 1),
        );
        let content = String::new();
        roles
            .map(|role| PromptMessage::new(role, content.clone()))
            .collect()
    }

    #[test]
    fn the_start_moves_seldom_and_never_back() {
        let mut starts = Vec::new();
        for count in 1..=60 {
            let messages = turns(count);
            let costs = vec![10; messages.len()];
            let start = start(&messages, 1, &costs, 300);
            assert!(10 * (messages.len() - start) <= 300);
            assert!(start == 1 || messages[start].role == Role::User);
            starts.push(start);
        }
        assert_eq!(starts[..15], [1; 15], "what fits is not cut");
        assert!(starts.is_sorted());
        starts.dedup();
        assert_eq!(starts.len(), 9, "{starts:?}");
    }

    #[test]
    fn the_last_turn_stays_whatever_it_costs() {
        let messages = turns(3);
        assert_eq!(start(&messages, 1, &[9; 6], 0), 5);
        assert_eq!(start(&messages, 1, &[1, 1, 1, 1, 1, usize::MAX], 9), 5);
        assert_eq!(start(&messages[..1], 1, &[9], 0), 1);
        assert_eq!(start(&[], 0, &[], 0), 0);
    }
}
