//! The speed of a job and the time left, from its figures and the session's clock.

use luthier_hub::progress::Figures;
use std::time::Duration;

/// The mean forgets over this time.
const MEMORY: Duration = Duration::from_secs(10);

/// An estimate is shown only after this time,
const ESTIMATE_AFTER: Duration = Duration::from_secs(5);

/// and a job that does not move for as long is said to wait.
const STALL: Duration = Duration::from_secs(5);

/// The most steps of a repair in parallel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// As a person set it.
    pub limit: usize,
    /// As the store bears it now.
    pub allowed: usize,
}

/// A job under way.
#[derive(Clone, Debug)]
pub struct Meter {
    pub figures: Figures,
    pub paused: bool,
    /// Of a repair.
    pub speed: Option<Speed>,
    /// Items a second.
    rate: Option<f64>,
    phase_since: Duration,
    moved: Duration,
    seen: Duration,
}

impl Meter {
    /// Returns a job that starts now.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            figures: Figures::default(),
            paused: false,
            speed: None,
            rate: None,
            phase_since: now,
            moved: now,
            seen: now,
        }
    }

    /// Takes the figures as of `now`; their untrusted parts are made safe here.
    pub fn take(&mut self, mut figures: Figures, paused: bool, now: Duration) {
        figures.subject = super::lines::clean(&figures.subject);
        figures.phase = super::lines::clean(&figures.phase);
        figures.waiting = figures.waiting.as_deref().map(super::lines::clean);
        for line in &mut figures.trouble {
            *line = super::lines::clean(line);
        }
        if figures.phase != self.figures.phase {
            (self.phase_since, self.rate) = (now, None);
        } else if now > self.seen {
            let gap = (now - self.seen).as_secs_f64();
            let done = figures.done.saturating_sub(self.figures.done) as f64;
            let keep = (-gap / MEMORY.as_secs_f64()).exp();
            let fresh = done / gap;
            self.rate = Some(
                self.rate
                    .map_or(fresh, |rate| rate * keep + fresh * (1.0 - keep)),
            );
        }
        if figures.done != self.figures.done || figures.phase != self.figures.phase || paused {
            self.moved = now;
        }
        (self.figures, self.paused, self.seen) = (figures, paused, now);
    }

    /// Items a second, once something was measured.
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        self.rate
            .filter(|rate| *rate >= 0.5)
            .map(|rate| rate.round() as u64)
    }

    /// Returns the share that is done, below 1; unknown without a total.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let total = self.figures.total.filter(|total| *total > 0)?;
        // The last item is done when the job says so, not when it was counted.
        Some((self.figures.done as f64 / total as f64).min(0.99))
    }

    /// Seconds to go, shown only when they mean something.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        let total = self.figures.total?;
        let enough = self.figures.done.saturating_mul(100) >= total;
        let waited = self.seen.saturating_sub(self.phase_since) >= ESTIMATE_AFTER;
        let rate = self
            .rate
            .filter(|rate| *rate > 0.0 && enough && waited && !self.paused)?;
        Some((total.saturating_sub(self.figures.done) as f64 / rate).ceil() as u64)
    }

    /// Returns for how many seconds nothing has moved, if that is worth showing.
    #[must_use]
    pub fn stalled(&self, now: Duration) -> Option<u64> {
        let still = now.saturating_sub(self.moved);
        (still >= STALL && !self.paused).then_some(still.as_secs())
    }
}

/// Seconds in at most two units: `6s`, `2m 10s`, `3h 5m`.
#[must_use]
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds / 3600 % 24),
    }
}
