//! What became of a step, and the line of the journal that says so.

use super::Outcome;
use crate::RepairError;
use crate::change::StepChange;
use crate::journal::{Entry, Event, RecordedOutcome};
use crate::step::Step;
use crate::steps::Built;
use luthier_hub::backend::BackendError;
use luthier_hub::store::StoreError;
use luthier_hub::store::write::{Change, Done, WriteError};

/// The end of a step.
pub(super) struct Ended {
    pub id: String,
    /// `None` where the run was stopped before it was begun.
    pub outcome: Option<Outcome>,
    pub why: Option<String>,
    /// Set if the object was stored by this run.
    pub stored: Option<bool>,
    /// Ends all writing.
    pub breaker: Option<Box<RepairError>>,
}

impl Ended {
    pub fn not_changed(step: &Step, outcome: Outcome, why: &str) -> Self {
        Self {
            id: step.id.clone(),
            outcome: Some(outcome),
            why: (!why.is_empty()).then(|| why.to_owned()),
            stored: None,
            breaker: None,
        }
    }

    /// Returns the outcome of a step whose failure ends all writing.
    fn breaking(step: &Step, error: &dyn std::error::Error) -> Self {
        let why = error.to_string();
        Self {
            breaker: Some(Box::new(RepairError::Breaker(why.clone()))),
            ..Self::not_changed(step, Outcome::Failed, &why)
        }
    }

    pub fn not_begun(step: &Step) -> Self {
        Self {
            outcome: None,
            ..Self::not_changed(step, Outcome::Failed, "")
        }
    }
}

/// Returns the change of a step that was made again and came out as it was planned; `Err` is how it ended.
pub(super) fn as_planned(step: &Step, built: Result<Built, StoreError>) -> Result<Change, Ended> {
    match built {
        Ok(Built::Step(mut now, change)) => {
            now.number = step.number;
            now.more = step.more;
            // The words name a source, and a step before this one may have made a better one.
            now.words.clone_from(&step.words);
            // A path tells people which blob it is; plans of older versions have none.
            now.path.clone_from(&step.path);
            if *now == *step {
                Ok(change)
            } else {
                let why = difference(step, &now);
                Err(Ended::not_changed(step, Outcome::Superseded, &why))
            }
        }
        Ok(Built::Already) => Err(Ended::not_changed(step, Outcome::Already, "")),
        // It could be built when it was planned.
        Ok(Built::Refused(why)) => Err(Ended::not_changed(step, Outcome::Superseded, &why)),
        Err(error) => {
            let why = error.to_string();
            Err(Ended::not_changed(step, Outcome::Failed, &why))
        }
    }
}

/// Returns the outcome of a change that was tried.
pub(super) fn made_of(step: &Step, made: Result<Done, WriteError>) -> Ended {
    let ended = |outcome, why: &str| Ended::not_changed(step, outcome, why);
    match made {
        Ok(Done::Changed { stored, .. }) => {
            let outcome = Outcome::of(step.remedy);
            let stored = matches!(outcome, Outcome::Written | Outcome::Replaced).then_some(stored);
            Ended {
                stored,
                ..ended(outcome, "")
            }
        }
        Ok(Done::Superseded) => ended(Outcome::Superseded, "the row was changed during the step"),
        Ok(Done::Refused(why)) => ended(Outcome::Refused, &why),
        // A store that does not keep what it was asked for is no matter of one step.
        Err(WriteError::Store(error @ StoreError::Backend(BackendError::Unusable { .. }))) => {
            Ended::breaking(step, &error)
        }
        Err(WriteError::Store(error)) => ended(Outcome::Failed, &error.to_string()),
        Err(error) => Ended::breaking(step, &error),
    }
}

pub(super) fn outcome_line(step: &Step, ended: &Ended, announced: bool) -> Event {
    let mut entry = Entry::from(step);
    let changed = matches!(
        ended.outcome,
        Some(outcome) if outcome.changes()
    );
    if !changed {
        // Nothing is after what was not done.
        entry.change = StepChange::none();
    }
    Event::Outcome {
        outcome: ended
            .outcome
            .map_or(RecordedOutcome::NotBegun, RecordedOutcome::from),
        announced,
        why: ended.why.clone(),
        stored: ended.stored,
        entry,
    }
}

/// Returns the part of a step that differs from the plan.
fn difference(planned: &Step, now: &Step) -> String {
    if planned.change != now.change || planned.precondition != now.precondition {
        "the row was changed since the plan".to_owned()
    } else if planned.sha256 != now.sha256 {
        "the bytes to write differ from the plan".to_owned()
    } else {
        "another remedy is needed now".to_owned()
    }
}
