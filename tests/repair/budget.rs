//! How much may go wrong.

use super::Budget;
use crate::Outcome;
use crate::RepairError;

/// The step at which writing stops, from 1.
fn stops(outcomes: impl IntoIterator<Item = Outcome>) -> Option<(usize, String)> {
    let mut budget = Budget::new(10, 10);
    for (n, outcome) in outcomes.into_iter().enumerate() {
        match budget.spend(outcome, "id", Some("time-out")) {
            Ok(()) => {}
            Err(RepairError::Breaker(why)) => return Some((n + 1, why)),
            Err(other) => panic!("{other}"),
        }
    }
    None
}

fn well(count: usize) -> Vec<Outcome> {
    vec![Outcome::Written; count]
}

#[test]
fn nothing_may_fail_among_the_first_ten() {
    for outcome in [Outcome::Failed, Outcome::Refused] {
        let mut steps = well(9);
        steps.push(outcome);
        assert_eq!(stops(steps).unwrap().0, 10);
    }
    let mut steps = well(9);
    steps.push(Outcome::Superseded);
    assert_eq!(stops(steps), None, "a hub that moves on is no failure");
}

#[test]
fn ten_failures_in_a_row_stop_it() {
    let mut steps = well(5_000);
    steps.extend(vec![Outcome::Failed; 10]);
    let (at, why) = stops(steps).unwrap();
    assert_eq!(at, 5_010);
    assert!(why.contains("10 steps failed in a row"), "{why}");
    let mut steps = well(5_000);
    for _ in 0..3 {
        steps.extend(vec![Outcome::Failed; 9]);
        steps.extend(well(1));
    }
    assert_eq!(stops(steps), None);
}

#[test]
fn more_than_one_in_a_hundred_stops_it_but_ten_are_borne() {
    let every = |nth: usize, count: usize| {
        (1..=count).map(move |n| {
            if n > 10 && n.is_multiple_of(nth) {
                Outcome::Failed
            } else {
                Outcome::Written
            }
        })
    };
    assert_eq!(stops(every(200, 100_000)), None);
    let (at, why) = stops(every(20, 100_000)).unwrap();
    assert_eq!(at, 220, "the eleventh: {why}");
}
