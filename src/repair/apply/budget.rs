//! How much may go wrong before all writing stops.

use super::Outcome;
use crate::repair::RepairError;

/// Failures one after the other that stop all writing.
const IN_A_ROW: u64 = 10;

/// Failures that are borne in any run; beyond, one in a hundred.
const BORNE: u64 = 10;

/// Counts what went wrong.
pub(super) struct Budget {
    canary: u64,
    steps: u64,
    failed: u64,
    in_a_row: u64,
}

impl Budget {
    /// `canary` steps must do without any failure.
    pub fn new(canary: u64) -> Self {
        Self {
            canary,
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
                "step {} of the first {} was {} ({id}: {why}); the rest was not begun",
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
        if self.in_a_row >= IN_A_ROW {
            return Err(RepairError::Breaker(format!(
                "{IN_A_ROW} steps failed one after the other, the last on {id}: {why}"
            )));
        }
        if self.failed > BORNE && self.failed * 100 > self.steps {
            return Err(RepairError::Breaker(format!(
                "{} of {} steps failed, more than one in a hundred; the last on {id}: {why}",
                self.failed, self.steps
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "../../../tests/repair/budget.rs"]
mod tests;
