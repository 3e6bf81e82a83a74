//! The speed of a run: steps in parallel, requests per second, and how both slow down when a store asks for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// More steps than these are never under way at once: so many are announced together.
pub const MOST: usize = 32;

/// Steps that go well one after the other before one more is tried at once.
const GROW: u32 = 8;

/// A run's pace. Clones share it, so that whoever watches can change it while the run goes on.
#[derive(Clone, Debug)]
pub struct Throttle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// Steps at once, as a person set it.
    limit: usize,
    /// Steps at once, as the store bears it: never above the limit.
    allowed: usize,
    under_way: usize,
    /// Steps that went well since `allowed` last changed.
    well: u32,
    /// Requests a second.
    max_rps: Option<u32>,
    /// The time at which the next request may be sent.
    next: Option<Instant>,
}

/// A place among the steps under way; it is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    shared: Arc<Shared>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(8, None)
    }
}

impl Throttle {
    /// Makes a throttle: `concurrency` steps at once, from 1 to [`MOST`], and at most `max_rps` requests a second.
    #[must_use]
    pub fn new(concurrency: usize, max_rps: Option<u32>) -> Self {
        let limit = concurrency.clamp(1, MOST);
        let state = State {
            limit,
            allowed: limit,
            under_way: 0,
            well: 0,
            max_rps: max_rps.filter(|rps| *rps > 0),
            next: None,
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                changed: Notify::new(),
            }),
        }
    }

    /// Returns the most steps at once that a person allows.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        self.state().limit
    }

    /// Returns how many steps may run at once now.
    #[must_use]
    pub fn allowed(&self) -> usize {
        self.state().allowed
    }

    /// Requests to the store a second; no limit without.
    #[must_use]
    pub fn max_rps(&self) -> Option<u32> {
        self.state().max_rps
    }

    /// Changes the most steps at once, from 1 to [`MOST`]; steps under way are not cut short.
    pub fn set_concurrency(&self, concurrency: usize) {
        let mut state = self.state();
        state.limit = concurrency.clamp(1, MOST);
        (state.allowed, state.well) = (state.limit, 0);
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// Changes the requests a second; `None` or 0 for no limit.
    pub fn set_max_rps(&self, max_rps: Option<u32>) {
        let mut state = self.state();
        (state.max_rps, state.next) = (max_rps.filter(|rps| *rps > 0), None);
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// Halves the steps at once: the store could not keep up.
    pub(super) fn slow_down(&self) {
        let mut state = self.state();
        (state.allowed, state.well) = ((state.allowed / 2).max(1), 0);
    }

    /// Counts a step that went well; after some, one more is allowed at once, up to the limit.
    pub(super) fn went_well(&self) {
        let mut state = self.state();
        state.well += 1;
        if state.well >= GROW && state.allowed < state.limit {
            (state.allowed, state.well) = (state.allowed + 1, 0);
            drop(state);
            self.shared.changed.notify_one();
        }
    }

    /// Waits for a place among the steps under way.
    pub(super) async fn turn(&self) -> Turn {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(turn) = self.try_turn() {
                return turn;
            }
            changed.await;
        }
    }

    fn try_turn(&self) -> Option<Turn> {
        let mut state = self.state();
        (state.under_way < state.allowed).then(|| {
            state.under_way += 1;
            Turn {
                shared: self.shared.clone(),
            }
        })
    }

    /// Reserves so many requests to the store; how long to wait before the first of them.
    pub(super) fn reserve(&self, requests: u64) -> Duration {
        let mut state = self.state();
        let Some(rps) = state.max_rps else {
            return Duration::ZERO;
        };
        let now = Instant::now();
        let at = state.next.map_or(now, |next| next.max(now));
        state.next = Some(at + Duration::from_secs_f64(requests as f64 / f64::from(rps)));
        at - now
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner).under_way -= 1;
        self.shared.changed.notify_one();
    }
}

#[cfg(test)]
#[path = "../../../tests/repair/throttle.rs"]
mod tests;
