//! The waits of a run: for its turn, for the rate that a person set, for a store that asks for it.

use super::batch::Run;
use super::retry_policy::Tries;
use super::throttle::Turn;
use crate::step::Step;
use std::time::Duration;
use tracing::warn;

/// A shorter wait for the rate that a person set is not shown: it is as wanted.
const TOLD: Duration = Duration::from_secs(1);

impl Run<'_> {
    /// Returns a place among the steps under way, and the time for its requests.
    pub(super) async fn turn(&self, step: &Step) -> Turn {
        let turn = self.options.throttle.turn().await;
        let wait = self.options.throttle.reserve(step.requests());
        if wait >= TOLD {
            self.say(&waiting(wait, "--max-rps"));
        }
        self.wait(wait).await;
        turn
    }

    /// Returns whether to try once more, after a wait; where `reason` is none, the last try is what counts.
    pub(super) async fn again_after(&self, reason: Option<&str>, tries: &mut Tries) -> bool {
        let throttle = &self.options.throttle;
        let Some(reason) = reason else {
            throttle.went_well();
            return false;
        };
        throttle.slow_down();
        match self.options.retry_policy.wait(tries) {
            Some(wait) => {
                warn!(?tries, ?wait, "waiting: {reason}");
                self.say(&waiting(wait, reason));
                self.wait(wait).await
            }
            None => {
                warn!(?tries, "given up: {reason}");
                false
            }
        }
    }

    /// Waits; `false` where the run was told to stop meanwhile.
    async fn wait(&self, wait: Duration) -> bool {
        if wait.is_zero() {
            return true;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.progress.cancelled() => return false,
        }
        self.say("");
        true
    }

    /// Says why nothing moves; nothing does where it is empty.
    pub(super) fn say(&self, why: &str) {
        let why = (!why.is_empty()).then(|| why.to_owned());
        self.progress.update(|f| f.waiting = why);
    }
}

/// Says why nothing moves, and for how long, in whole seconds.
fn waiting(wait: Duration, reason: &str) -> String {
    format!("waiting {} s: {reason}", wait.as_secs_f64().ceil())
}
