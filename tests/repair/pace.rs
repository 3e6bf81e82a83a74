//! How fast a run goes, on a clock that tests move.

use super::Pace;
use crate::repair::apply::Patience;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn no_more_steps_are_under_way_than_are_allowed() {
    let pace = Pace::new(2, None);
    let one = pace.turn().await;
    let _other = pace.turn().await;
    assert!(timeout(SECOND, pace.turn()).await.is_err());
    drop(one);
    assert!(timeout(SECOND, pace.turn()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_limit_can_be_raised_while_a_step_waits() {
    let pace = Pace::new(1, None);
    let _one = pace.turn().await;
    let handle = pace.clone();
    let raise = async {
        sleep(SECOND).await;
        handle.set_concurrency(2);
    };
    let (turn, ()) = tokio::join!(timeout(SECOND * 2, pace.turn()), raise);
    assert!(turn.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_keep_up_is_asked_half_as_much_and_then_one_more_each_time() {
    let pace = Pace::new(8, None);
    pace.slow_down();
    assert_eq!((pace.allowed(), pace.concurrency()), (4, 8));
    for _ in 0..5 {
        pace.slow_down();
    }
    assert_eq!(pace.allowed(), 1, "one is always tried");
    let mut seen = vec![pace.allowed()];
    for _ in 0..200 {
        pace.went_well();
        if seen.last() != Some(&pace.allowed()) {
            seen.push(pace.allowed());
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8], "never above the limit");
}

#[tokio::test(start_paused = true)]
async fn requests_are_spread_over_the_seconds() {
    let pace = Pace::new(8, Some(10));
    let begun = Instant::now();
    for _ in 0..50 {
        sleep(pace.reserve(2)).await;
    }
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(9_700), "{took:?}");
    assert!(took <= Duration::from_millis(9_900), "{took:?}");
    pace.set_max_rps(None);
    assert_eq!(pace.reserve(1_000), Duration::ZERO);
    pace.set_max_rps(Some(0));
    assert_eq!(pace.max_rps(), None);
}

#[test]
fn a_pace_is_never_nothing_and_never_more_than_is_announced() {
    assert_eq!(Pace::new(0, None).concurrency(), 1);
    assert_eq!(Pace::new(10_000, None).concurrency(), super::MOST);
}

#[test]
fn waits_grow_are_spread_and_end() {
    let patience = Patience {
        tries: 5,
        first: SECOND,
        longest: SECOND * 3,
    };
    for (tried, most) in [(1, 1), (2, 2), (3, 3), (4, 3)] {
        let waits: Vec<Duration> = (0..100).filter_map(|_| patience.wait(tried)).collect();
        assert_eq!(waits.len(), 100);
        assert!(waits.iter().all(|wait| *wait <= SECOND * most));
        assert!(waits.iter().all(|wait| *wait >= SECOND * most / 2));
    }
    assert_eq!(patience.wait(5), None);
}
