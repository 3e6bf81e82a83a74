//! How fast a run goes, on a clock that tests move.

use super::Throttle;
use crate::apply::RetryPolicy;
use crate::apply::retry_policy::Tries;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn no_more_steps_are_under_way_than_are_allowed() {
    let throttle = Throttle::new(2, None);
    let one = throttle.turn().await;
    let _other = throttle.turn().await;
    assert!(timeout(SECOND, throttle.turn()).await.is_err());
    drop(one);
    assert!(timeout(SECOND, throttle.turn()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_limit_can_be_raised_while_a_step_waits() {
    let throttle = Throttle::new(1, None);
    let _one = throttle.turn().await;
    let handle = throttle.clone();
    let raise = async {
        sleep(SECOND).await;
        handle.set_concurrency(2);
    };
    let (turn, ()) = tokio::join!(timeout(SECOND * 2, throttle.turn()), raise);
    assert!(turn.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_keep_up_is_asked_half_as_much_and_then_one_more_each_time() {
    let throttle = Throttle::new(8, None);
    throttle.slow_down();
    assert_eq!((throttle.allowed(), throttle.concurrency()), (4, 8));
    for _ in 0..5 {
        throttle.slow_down();
    }
    assert_eq!(throttle.allowed(), 1, "one is always tried");
    let mut seen = vec![throttle.allowed()];
    for _ in 0..200 {
        throttle.went_well();
        if seen.last() != Some(&throttle.allowed()) {
            seen.push(throttle.allowed());
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8], "never above the limit");
}

#[tokio::test(start_paused = true)]
async fn requests_are_spread_over_the_seconds() {
    let throttle = Throttle::new(8, Some(10));
    let begun = Instant::now();
    for _ in 0..50 {
        sleep(throttle.reserve(2)).await;
    }
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(9_700), "{took:?}");
    assert!(took <= Duration::from_millis(9_900), "{took:?}");
    throttle.set_max_rps(None);
    assert_eq!(throttle.reserve(1_000), Duration::ZERO);
    throttle.set_max_rps(Some(0));
    assert_eq!(throttle.max_rps(), None);
}

#[test]
fn a_pace_is_never_nothing_and_never_more_than_is_announced() {
    assert_eq!(Throttle::new(0, None).concurrency(), 1);
    assert_eq!(Throttle::new(10_000, None).concurrency(), super::MOST);
}

#[tokio::test(start_paused = true)]
async fn waits_grow_are_spread_and_end() {
    let retry_policy = RetryPolicy {
        tries: 5,
        first: SECOND,
        longest: SECOND * 3,
        ..RetryPolicy::default()
    };
    for _ in 0..100 {
        let mut tries = Tries::default();
        for most in [1, 2, 3, 3] {
            let wait = retry_policy.wait(&mut tries).unwrap();
            assert!(
                wait <= SECOND * most && wait >= SECOND * most / 2,
                "{wait:?}"
            );
        }
        assert_eq!(retry_policy.wait(&mut tries), None);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_hub_that_stays_locked() {
    let (retry_policy, mut tries) = (RetryPolicy::default(), Tries::default());
    let begun = Instant::now();
    while let Some(wait) = retry_policy.wait(&mut tries) {
        // Each try waits for the lock behind three others before it is refused.
        tokio::time::advance(wait + 20 * SECOND).await;
    }
    assert!(begun.elapsed() <= retry_policy.patience + 20 * SECOND);
    assert!(begun.elapsed() >= 20 * SECOND, "one more try is worth it");
}
