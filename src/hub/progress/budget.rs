//! The time that a job may wait for a side that does not answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The whole run may wait this many times as long as one operation.
const OPERATIONS: u32 = 5;

/// The time for retries of one operation, and of the run in total. Clones share what the run has left.
#[derive(Clone, Debug)]
pub struct WaitBudget {
    each: Duration,
    spent: Arc<Mutex<Spent>>,
}

/// The time in which at least one operation of the run waited: those that wait at once count once.
#[derive(Debug, Default)]
struct Spent {
    before: Duration,
    waiting: u32,
    since: Option<Instant>,
}

impl Spent {
    fn total(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Default for WaitBudget {
    fn default() -> Self {
        Self::new(Self::EACH)
    }
}

impl WaitBudget {
    /// The time that one operation is tried again where nobody says otherwise: 2 minutes.
    pub const EACH: Duration = Duration::from_secs(120);

    /// Returns a budget of `each` for one operation, and five times that for the whole run.
    #[must_use]
    pub fn new(each: Duration) -> Self {
        Self {
            each,
            spent: Arc::default(),
        }
    }

    /// Returns the time that one operation may be tried again.
    #[must_use]
    pub const fn each(&self) -> Duration {
        self.each
    }

    pub(crate) fn left(&self) -> Duration {
        let all = self.each.saturating_mul(OPERATIONS);
        all.saturating_sub(self.lock().total())
    }

    pub(crate) fn begin(&self) -> Waiting<'_> {
        let mut spent = self.lock();
        if spent.waiting == 0 {
            spent.since = Some(Instant::now());
        }
        spent.waiting += 1;
        Waiting { budget: self }
    }

    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An operation that waits; the clock of the run stops when the last of them is dropped.
pub(crate) struct Waiting<'a> {
    budget: &'a WaitBudget,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut spent = self.budget.lock();
        spent.waiting -= 1;
        if spent.waiting == 0 {
            spent.before = spent.total();
            spent.since = None;
        }
    }
}
