//! What is proposed, and when.

use super::*;

#[track_caller]
fn check(text: &[u32], matched: usize, proposal: &[u32]) {
    let found = lookup::find(text);
    assert_eq!(found.map_or(0, |found| found.matched), matched, "{text:?}");
    let mut proposed = Vec::new();
    if let Some(found) = found {
        lookup::follow(text, found, proposal.len(), &mut proposed);
        assert_eq!(found.next, proposal[0]);
    }
    assert_eq!(proposed, proposal, "{text:?}");
}

#[test]
fn what_followed_before_is_proposed() {
    check(&[], 0, &[]);
    check(&[1], 0, &[]);
    check(&[1, 2], 0, &[]);
    check(&[1, 2, 3, 2], 0, &[]);
    check(&[1, 2, 3, 4, 1, 2], 2, &[3, 4, 1, 2, 3]);
    // The longer match, though it is farther away; of equal ones the nearer.
    check(&[7, 1, 2, 3, 9, 1, 2, 4, 7, 1, 2], 3, &[3, 9]);
    check(&[1, 2, 3, 9, 1, 2, 4, 7, 1, 2], 2, &[4, 7]);
    // Over its own end.
    check(&[5, 5, 5], 2, &[5, 5, 5, 5]);
    check(&[1, 2, 1, 2, 1, 2], 4, &[1, 2, 1, 2]);
}

fn costs(further: f64) -> Costs {
    let costs = Costs::default();
    for _ in 0..9 {
        for tokens in 1..=MOST + 1 {
            costs.see(tokens, 0.01 * (1.0 + further * (tokens - 1) as f64));
        }
    }
    costs
}

#[test]
fn as_many_are_proposed_as_pay() {
    assert_eq!(
        worth(0.9, 8, 0, &Costs::default(), 0.0).count,
        0,
        "nothing is known"
    );
    assert_eq!(worth(0.99, 8, 0, &costs(0.05), 0.0).count, 8);
    assert_eq!(worth(0.99, 3, 0, &costs(0.05), 0.0).count, 3);
    assert_eq!(
        worth(0.99, 8, 0, &costs(1.0), 0.0).count,
        0,
        "each costs a whole step"
    );
    assert_eq!(worth(0.05, 8, 0, &costs(0.2), 0.0).count, 0);
    assert_eq!(
        worth(0.9, 8, 0, &costs(0.1), 0.02).count,
        0,
        "finding them takes longer"
    );
    let some = worth(0.5, 8, 0, &costs(0.1), 0.0).count;
    assert!((1..5).contains(&some), "{some}");
}

#[test]
fn what_proposals_save_is_known_before_they_are_made() {
    // Both tokens are right half of the time: 1.5 tokens in 11 ms and 1 to find it, for 10 each.
    let one = worth(0.5, 1, 0, &costs(0.1), 0.001);
    assert_eq!(one.count, 1);
    assert!((one.saved - (0.010 - 0.012 / 1.5)).abs() < 1e-4, "{one:?}");
    assert_eq!(worth(0.5, 1, 0, &costs(0.1), 0.01), Worth::default());
}

#[test]
fn a_text_that_repeats_itself_is_proposed_and_one_that_does_not_is_left_alone() {
    let costs = costs(0.3);
    let mut repeating = Speculation::new(&[1, 2, 3, 4, 5, 6]);
    let mut counts = [0; 2];
    for round in 0..40u32 {
        repeating.push(1 + round % 6);
        counts[0] += repeating
            .propose(Speculates::WherePaying, 8, 0, &costs, &Cancel::new())
            .len();
    }
    // Every pair returns, and each time something else follows.
    let mut other = Speculation::new(&[]);
    let mut late = 0;
    for round in 0..400u32 {
        for id in [1, 2, 1000 + round] {
            other.push(id);
            let proposed = other
                .propose(Speculates::WherePaying, 8, 0, &costs, &Cancel::new())
                .len();
            counts[1] += proposed;
            late += if round > 20 { proposed } else { 0 };
        }
    }
    assert!(counts[0] > 200 && counts[1] < 10 && late == 0, "{counts:?}");
}

#[test]
fn one_slow_step_is_hardly_believed() {
    let costs = costs(0.1);
    let of = |tokens| costs.of(tokens).unwrap();
    let (one, two) = (of(1), of(2));
    costs.see(2, 5.0);
    assert!(of(2) > two && of(2) < 1.7 * two);
    costs.see(1, 5.0);
    assert!(of(1) < 1.7 * one);
    assert!(of(20) > of(9) && of(9) > of(8));
    for _ in 0..20 {
        costs.see(1, 0.01);
        costs.see(2, 0.011);
    }
    assert!((of(2) - two).abs() < 0.0001);
    assert_eq!((costs.of(0), costs.of(1000)), (None, None));
}

#[test]
fn what_was_not_measured_is_guessed() {
    let costs = Costs::default();
    costs.see(3, 0.01);
    assert_eq!(costs.of(3), None, "not without that of one");
    costs.see(1, 0.01);
    assert!((costs.of(3).unwrap() - 0.014).abs() < 1e-9);
    costs.see(5, 0.03);
    assert!((costs.of(3).unwrap() - 0.02).abs() < 1e-9, "between");
    for _ in 0..5000 {
        costs.see(1, 0.01);
    }
    assert!(costs.of(5).unwrap() < 0.019, "it is tried again at last");
}

#[test]
fn a_draft_that_is_never_sure_stops_costing() {
    let (costs, mut odds) = (costs(0.1), Odds::of(0.7));
    let asked = |odds: &Odds| worth(odds.probability(), 8, 0, &costs, 0.001).count > 0;
    let mut steps = 0;
    for _ in 0..400 {
        if asked(&odds) {
            steps += 1;
            assert_eq!(odds.sure(&[1.0; 50], true), None);
        } else {
            odds.forget();
        }
    }
    // It is asked again at last: answers change.
    assert!((3..40).contains(&steps), "{steps}");
    let mut odds = Odds::of(0.7);
    assert_eq!(odds.sure(&[1.0, 9.0, 1.0], true), Some(1));
    assert_eq!(odds.sure(&[1.0; 50], false), None);
    assert!(
        (odds.probability() - 0.7).abs() < 1e-9,
        "what it proposed is seen"
    );
}
