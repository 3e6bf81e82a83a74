//! Who has used the processors, from the kernel's own count.

use std::time::Duration;

/// The kernel counts in these.
const TICK: Duration = Duration::from_millis(10);

/// Time that processors have been used: by the program, and by all others but this benchmark.
#[derive(Clone, Copy, Default)]
pub struct Used {
    pub program: Duration,
    pub others: Duration,
}

impl Used {
    /// Since the machine was started.
    pub fn now(program: u32) -> Self {
        let own = process(std::process::id());
        let program = process(program);
        Self {
            program,
            others: all().saturating_sub(program + own),
        }
    }

    /// Since then.
    pub fn since(self, then: Self) -> Self {
        Self {
            program: self.program.saturating_sub(then.program),
            others: self.others.saturating_sub(then.others),
        }
    }
}

fn process(id: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    // The name may hold spaces and brackets; utime and stime are the 12th and 13th field behind it.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    sum(fields.split_whitespace().skip(11).take(2))
}

fn all() -> Duration {
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let fields = stat.lines().next().unwrap().split_whitespace().skip(1);
    // User, nice, system; then idle and waiting for a disk, which use none; interrupts, soft ones, stolen.
    let fields: Vec<_> = fields.collect();
    sum(fields[..3].iter().chain(&fields[5..8]).copied())
}

fn sum<'a>(ticks: impl Iterator<Item = &'a str>) -> Duration {
    TICK * ticks
        .map(|ticks| ticks.parse::<u32>().unwrap())
        .sum::<u32>()
}
