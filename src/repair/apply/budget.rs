//! Counts failures, and stops a run with too many.

use super::Outcome;
use crate::RepairError;
use luthier_hub::text;

/// Counts what went wrong.
pub(super) struct Budget {
    canary: u64,
    max: u64,
    steps: u64,
    failed: u64,
    in_a_row: u64,
}

impl Budget {
    /// Makes a budget: the first `canary` steps allow no failure; after them, `max` failures in a row stop all
    /// writing, and so do more than `max` and more than one in a hundred.
    pub fn new(canary: u64, max: u64) -> Self {
        Self {
            canary,
            max: max.max(1),
            steps: 0,
            failed: 0,
            in_a_row: 0,
        }
    }

    /// Takes one outcome.
    ///
    /// # Errors
    /// [`RepairError::Breaker`] where writing must stop; it names itself.
    pub fn spend(
        &mut self,
        outcome: Outcome,
        id: &str,
        why: Option<&str>,
    ) -> Result<(), RepairError> {
        self.steps += 1;
        let why = why.unwrap_or("no reason was given");
        let unexpected = matches!(outcome, Outcome::Refused | Outcome::Failed);
        if unexpected && self.steps <= self.canary {
            return Err(RepairError::Breaker(format!(
                "step {} of the first {} was {} ({id}: {why}); no further steps were started",
                self.steps,
                self.canary,
                outcome.word()
            )));
        }
        if outcome != Outcome::Failed {
            self.in_a_row = 0;
            return Ok(());
        }
        self.failed += 1;
        self.in_a_row += 1;
        if self.in_a_row >= self.max {
            return Err(RepairError::Breaker(format!(
                "{} failed in a row, the last on {id}: {why}; find the cause, or allow more with --max-failures",
                text::plural(self.max, "step")
            )));
        }
        if self.failed > self.max && self.failed * 100 > self.steps {
            return Err(RepairError::Breaker(format!(
                "{} of {} steps failed, more than 1 %; the last on {id}: {why}; find the cause, or allow more with --max-failures",
                self.failed, self.steps
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "../../../tests/repair/budget.rs"]
mod tests;
