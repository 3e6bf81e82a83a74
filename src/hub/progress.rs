//! Progress of long work: one source, three sinks (the console, a bar, JSON).

mod budget;

pub use budget::WaitBudget;

use crate::diagnostics::PHASES;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The number of trouble lines that the figures keep.
const TROUBLE: usize = 20;

/// The state of a job. The latest figures are all that is kept: a slow reader misses nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The current phase, in a word or two: `rows`, `listing`, `commits`.
    pub phase: String,
    pub done: u64,
    /// Unknown until it has been counted; then no bar is drawn.
    pub total: Option<u64>,
    pub bytes: u64,
    /// The id, key or repository under way; untrusted text.
    pub subject: String,
    /// Findings by code, or outcomes by name.
    pub outcomes: BTreeMap<String, u64>,
    /// The reason why nothing moves, and for how long: `waiting 4 s: SlowDown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Failures, one line each; the newest few, newest last. Untrusted text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trouble: Vec<String>,
}

/// Handle to a job under way: figures out, pause and cancellation in.
#[derive(Clone, Default)]
pub struct Progress {
    figures: Arc<Mutex<Figures>>,
    cancel: CancellationToken,
    ended: CancellationToken,
    paused: Arc<AtomicBool>,
    resumed: Arc<Notify>,
    budget: WaitBudget,
    /// Operations of this job that wait now.
    waits: Arc<AtomicU32>,
}

/// The job was told to stop; what was done stays done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped before the end")]
pub struct Cancelled;

impl Progress {
    /// Returns a handle that nobody watches yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the same job with this budget for waiting.
    #[must_use]
    pub fn with_budget(self, budget: WaitBudget) -> Self {
        Self { budget, ..self }
    }

    /// Returns how long this job waits for a side that does not answer.
    #[must_use]
    pub const fn budget(&self) -> &WaitBudget {
        &self.budget
    }

    /// Tells why an operation waits.
    pub(crate) fn begin_wait(&self, why: &str) {
        self.waits.fetch_add(1, Ordering::SeqCst);
        self.update(|f| f.waiting = Some(why.to_owned()));
    }

    /// Ends what [`Self::begin_wait`] began, where no other operation waits.
    pub(crate) fn end_wait(&self) {
        if self.waits.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.update(|f| f.waiting = None);
        }
    }

    /// Returns the figures as of now.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.lock().clone()
    }

    /// Changes the figures.
    pub fn update(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.lock());
    }

    /// Starts a phase: the counters begin anew, the outcomes stay.
    pub fn phase(&self, name: &str, total: Option<u64>) {
        info!(target: PHASES, total, "phase: {name}");
        crate::panics::provoke(name);
        self.update(|f| {
            name.clone_into(&mut f.phase);
            (f.done, f.total) = (0, total);
        });
    }

    /// Tells one thing that did not end well.
    pub fn trouble(&self, line: &str) {
        warn!("{line}");
        self.update(|f| {
            if f.trouble.len() == TROUBLE {
                f.trouble.remove(0);
            }
            f.trouble.push(line.to_owned());
        });
    }

    /// Counts one outcome.
    pub fn count(&self, outcome: &str) {
        self.update(|f| *f.outcomes.entry(outcome.to_owned()).or_default() += 1);
    }

    /// Tells the job to stop at the next safe point.
    pub fn cancel(&self) {
        self.cancel.cancel();
        self.resume();
    }

    /// Waits until the job is told to stop.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Returns a guard that tells the job to stop when it is dropped.
    #[must_use]
    pub fn stops_when_dropped(&self) -> tokio_util::sync::DropGuard {
        self.cancel.clone().drop_guard()
    }

    /// Returns whether the job was told to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Returns a token that the job's owner cancels when it is over, so that whoever watches can stop.
    #[must_use]
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// Returns a part of this job with figures of its own: it is held and stopped with the whole.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            figures: Arc::default(),
            ended: CancellationToken::new(),
            cancel: self.cancel.clone(),
            paused: self.paused.clone(),
            resumed: self.resumed.clone(),
            budget: self.budget.clone(),
            waits: Arc::default(),
        }
    }

    /// Holds the job at its next safe point.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
    }

    /// Lets a paused job go on.
    pub fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
        self.resumed.notify_waiters();
    }

    /// Returns whether the job is held.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::SeqCst)
    }

    /// A safe point: waits while paused.
    ///
    /// # Errors
    /// [`Cancelled`] where the job was told to stop.
    pub async fn checkpoint(&self) -> Result<(), Cancelled> {
        loop {
            let resumed = self.resumed.notified();
            if self.is_cancelled() {
                return Err(Cancelled);
            }
            if !self.is_paused() {
                return Ok(());
            }
            resumed.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
