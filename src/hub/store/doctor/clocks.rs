//! The clocks of both sides and of this machine, and how long an answer takes.

use super::Check;
use luthier_object::time::Micros;
use std::time::{Instant, SystemTime};

/// Rounds of which the quickest is reported: the time to the server and back, without its other work.
const ROUNDS: u32 = 5;

/// Clocks further apart than this are worth knowing of: 5 seconds.
const SKEW: Micros = 5_000_000;

/// Clocks further apart than this make the grace window worthless: 5 minutes.
const TOO_SKEWED: Micros = 300_000_000;

/// A clock's offset from this machine's, in microseconds.
pub(super) type Clock = (&'static str, Micros);

fn here() -> Micros {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as Micros)
}

/// Returns the quickest of a few answers to `now`, in milliseconds, and the offset of that clock.
pub(super) async fn measure<E>(
    ask: impl AsyncFn() -> Result<Micros, E>,
) -> Result<(f64, Micros), E> {
    let mut best = (f64::INFINITY, 0);
    for _ in 0..ROUNDS {
        let (start, before) = (Instant::now(), here());
        let there = ask().await?;
        let took = start.elapsed();
        let millis = took.as_secs_f64() * 1000.0;
        if millis < best.0 {
            best = (millis, there - before - (took.as_micros() / 2) as Micros);
        }
    }
    Ok(best)
}

/// Returns the two clocks of both sides and of this machine that are furthest apart.
pub(super) fn compare(clocks: &[Clock]) -> Check {
    if clocks.is_empty() {
        return Check::warn(
            "clocks",
            "not compared: neither database nor store told its time",
            "solve the failures above first",
        );
    }
    let (mut first, mut last) = (("this machine", 0), ("this machine", 0));
    for clock in clocks {
        first = if clock.1 < first.1 { *clock } else { first };
        last = if clock.1 > last.1 { *clock } else { last };
    }
    let apart = last.1 - first.1;
    let seconds = apart as f64 / 1e6;
    let found = match last.0 {
        "this machine" => format!("{} is {seconds:.1} s behind this machine", first.0),
        ahead => format!("{ahead} is {seconds:.1} s ahead of {}", first.0),
    };
    if apart > TOO_SKEWED {
        Check::fail(
            "clocks",
            found,
            "synchronise the clocks (NTP); the grace period depends on them, and a repair is refused",
        )
    } else if apart > SKEW {
        Check::warn(
            "clocks",
            found,
            "synchronise the clocks (NTP); the grace period depends on them",
        )
    } else {
        Check::pass("clocks", "agree within 5 s")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::compare;

    #[test]
    fn clocks_that_disagree_are_named() {
        let second = 1_000_000;
        assert_eq!(compare(&[("the database", second)]).health, Health::Pass);
        let ahead = compare(&[("the database", second), ("the object store", 20 * second)]);
        assert_eq!(ahead.health, Health::Warn);
        assert_eq!(
            ahead.found,
            "the object store is 20.0 s ahead of this machine"
        );
        let behind = compare(&[("the database", -400 * second)]);
        assert_eq!(behind.health, Health::Fail);
        assert!(behind.found.contains("400.0 s behind"));
        // Each is near enough to this machine, and they are not near enough to each other.
        let both = compare(&[
            ("the database", -200 * second),
            ("the object store", 200 * second),
        ]);
        assert_eq!(both.health, Health::Fail);
        assert_eq!(
            both.found,
            "the object store is 400.0 s ahead of the database"
        );
        assert_eq!(compare(&[]).health, Health::Warn);
    }
}
