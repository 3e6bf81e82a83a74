//! Times as figures and bars.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// The longest bar.
const BAR: usize = 50;

/// Times of one kind.
#[derive(Default)]
pub struct Spread {
    times: Vec<Duration>,
}

impl Spread {
    pub fn add(&mut self, time: Duration) {
        self.times.push(time);
    }

    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// The time that so many of a hundred do not exceed.
    pub fn percentile(&self, share: f64) -> Duration {
        at(&self.sorted(), share)
    }

    fn sorted(&self) -> Vec<Duration> {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        sorted
    }
}

/// By nearest rank.
fn at(sorted: &[Duration], share: f64) -> Duration {
    let rank = (sorted.len() as f64 * share / 100.0).ceil() as usize;
    let found = sorted.get(rank.saturating_sub(1));
    found.copied().unwrap_or_default()
}

impl Display for Spread {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let sorted = self.sorted();
        let Some(longest) = sorted.last() else {
            return write!(out, "  none");
        };
        // Bars by powers of two of microseconds.
        let power = |time: &Duration| time.as_micros().max(1).ilog2() as usize;
        let mut counts = vec![0; power(longest) + 1];
        for time in &sorted {
            counts[power(time)] += 1;
        }
        let most = counts.iter().max().copied().unwrap_or(1);
        for (power, count) in counts.iter().enumerate().skip(power(&sorted[0])) {
            let bar = (count * BAR).div_ceil(most);
            let from = format!("{:?}", Duration::from_micros(1 << power));
            writeln!(out, "  {from:>9} {count:>6} {}", "█".repeat(bar))?;
        }
        write!(out, "  ")?;
        for share in [50.0, 90.0, 99.0, 99.9] {
            write!(out, "p{share} {:.2?}   ", at(&sorted, share))?;
        }
        write!(out, "max {longest:.2?}")
    }
}

/// Prints whether a promise was kept, and says so.
pub fn verdict(kept: bool, what: &str) -> bool {
    println!("{}  {what}", if kept { "PASS" } else { "FAIL" });
    kept
}

pub fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
