//! Trying again: what may pass by itself, and how long to wait for it.

use luthier_hub::backend::BackendError;
use luthier_hub::store::StoreError;
use std::time::Duration;
use tokio::time::Instant;

/// The number of tries of a step, and the waits between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// From 1: no step is tried more often.
    pub tries: u32,
    /// The longest wait before the second try; it doubles with each, up to `longest`.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
    /// No try begins later than this after the first one failed: a locked database takes its time for each answer.
    pub patience: Duration,
}

/// The tries of one step.
#[derive(Debug, Default)]
pub(super) struct Tries {
    failed: u32,
    first_failure: Option<Instant>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 6,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            patience: Duration::from_secs(35),
        }
    }
}

impl RetryPolicy {
    /// Returns a wait before the next try, where one more has failed; none where that was the last. Anything from half
    /// of it, so that steps that failed together do not come back together.
    pub(super) fn wait(&self, tries: &mut Tries) -> Option<Duration> {
        tries.failed += 1;
        let since = tries
            .first_failure
            .get_or_insert_with(Instant::now)
            .elapsed();
        if tries.failed >= self.tries {
            return None;
        }
        let doubled = self.first.saturating_mul(1 << (tries.failed - 1).min(16));
        let half = doubled.min(self.longest) / 2;
        let wait = half + half.mul_f64(fastrand::f64());
        (since + wait <= self.patience).then_some(wait)
    }
}

/// Returns, in a few words, why the hub did not answer, if the same may succeed a little later.
pub(super) fn transient_reason(error: &StoreError) -> Option<&str> {
    match error {
        StoreError::Backend(BackendError::Busy { .. }) => Some("SlowDown"),
        StoreError::Backend(BackendError::TimedOut { .. }) => Some("no answer in time"),
        StoreError::Backend(BackendError::Unknown { why, .. }) => why.as_str().split(';').next(),
        // A row that was changed before the answer was lost is no longer what was seen: then the step is superseded.
        StoreError::Index(error) => error.transient(),
        _ => None,
    }
}
