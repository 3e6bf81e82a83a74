//! What the requests of one job know of the store: whether it answers, and which objects fail.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Requests for one object while others are answered, as long as such tries help more often than not.
const TRIES: u32 = 6;

/// Requests where such tries do not help; then the object counts as failed. Half as many where each takes a timeout.
const FEW_TRIES: u32 = 4;

/// Time-outs of a job behind which each question has [`HURRIED`] only, and one try.
const TIME_OUTS: u32 = 4;
pub(super) const HURRIED: Duration = Duration::from_secs(10);

/// Objects that are remembered as failing. Beyond, each is asked for anew.
const REMEMBERED: usize = 100_000;

/// The knowledge of the store that the requests of one job share.
#[derive(Debug, Default)]
pub(in crate::store) struct Health {
    /// Questions that were answered, even if by a refusal.
    answers: AtomicU64,
    time_outs: AtomicU32,
    /// Questions that were answered in the end, and those that were not, of all that failed first.
    recovered: AtomicU64,
    given_up: AtomicU64,
    /// Nothing was answered for as long as the job may wait.
    down: AtomicBool,
    failing: Mutex<HashSet<String>>,
}

impl Health {
    /// Notes that a question was answered.
    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.down.store(false, Ordering::Relaxed);
    }

    /// Returns the number of questions that were answered.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Returns whether nothing was answered for as long as the job may wait.
    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// Notes that nothing was answered for as long as the job may wait.
    pub(super) fn go_down(&self) {
        self.down.store(true, Ordering::Relaxed);
    }

    /// Notes that a question that failed first was answered in the end.
    pub(super) fn recover(&self) {
        self.recovered.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how often a request that fails is sent.
    pub(super) fn tries(&self) -> u32 {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        match count(&self.recovered) >= count(&self.given_up) {
            true => TRIES,
            false => FEW_TRIES,
        }
    }

    /// Counts an object that failed for good, so that this job does not request it again.
    pub(super) fn give_up(&self, subject: &str) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
        let mut failing = self.failing();
        if failing.len() < REMEMBERED && !subject.is_empty() {
            failing.insert(subject.to_owned());
        }
    }

    /// Notes that a try took a whole timeout, and returns how often such a request is sent.
    pub(super) fn count_time_out(&self) -> u32 {
        match self.time_outs.fetch_add(1, Ordering::Relaxed) + 1 >= TIME_OUTS {
            true => 1,
            false => FEW_TRIES / 2,
        }
    }

    /// Returns whether each question has [`HURRIED`] only.
    pub(super) fn is_hurried(&self) -> bool {
        self.time_outs.load(Ordering::Relaxed) >= TIME_OUTS
    }

    /// Returns whether an object failed for good in this job.
    pub(super) fn has_given_up(&self, subject: &str) -> bool {
        self.failing().contains(subject)
    }

    fn failing(&self) -> MutexGuard<'_, HashSet<String>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
