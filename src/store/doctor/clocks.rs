//! The clocks of both sides and of this machine, and how long an answer takes.

use super::Check;
use crate::object::time::Micros;
use std::time::{Instant, SystemTime};

/// Rounds of which the quickest is told: the way to the server, without its other work.
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

/// The quickest of a few answers to `now`, in milliseconds, and the offset of that clock.
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

/// The clocks of both sides and of this machine.
pub(super) fn compare(clocks: &[Clock]) -> Check {
    let furthest = clocks.iter().max_by_key(|(_, offset)| offset.abs());
    let apart = |(who, offset): &Clock| {
        let seconds = offset.abs() as f64 / 1e6;
        let way = if *offset < 0 { "behind" } else { "ahead of" };
        format!("{who} is {seconds:.1} s {way} this machine")
    };
    match furthest {
        None => Check::warn("clocks", "not compared: neither side told its time", ""),
        Some(clock) if clock.1.abs() > TOO_SKEWED => Check::fail(
            "clocks",
            apart(clock),
            "set the clocks: what is too young to be judged is told by them",
        ),
        Some(clock) if clock.1.abs() > SKEW => {
            Check::warn("clocks", apart(clock), "set the clocks when you can")
        }
        Some(_) => Check::pass("clocks", "agree"),
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
        assert_eq!(compare(&[]).health, Health::Warn);
    }
}
