//! A plan and its steps, and the end of a repair, made safe to show.

use super::{HubId, clean};
use luthier_audit::{Code, Remedy, Subject};
use luthier_repair::{
    Applied, Doubt, Next, Plan, Refusal, RowChange, Step, Totals, Undoable, Undoing,
};

/// A column before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeLine {
    pub column: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

impl From<&RowChange> for ChangeLine {
    fn from(change: &RowChange) -> Self {
        Self {
            column: clean(&change.column),
            from: change.from.as_deref().map(clean),
            to: change.to.as_deref().map(clean),
        }
    }
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct StepLine {
    pub number: u64,
    pub code: Code,
    /// The other codes that the step repairs.
    pub also: Vec<Code>,
    /// Findings of the same code on other branches that it repairs.
    pub others: u64,
    pub remedy: Remedy,
    pub kind: Subject,
    pub id: HubId,
    pub repo: String,
    pub words: String,
    pub precondition: String,
    pub key: Option<String>,
    pub bytes: u64,
    pub sha256: Option<String>,
    pub row: Vec<ChangeLine>,
    pub undoing: Undoing,
}

impl From<&Step> for StepLine {
    fn from(step: &Step) -> Self {
        Self {
            number: step.number,
            code: step.code,
            also: step.also.clone(),
            others: step.others,
            remedy: step.remedy,
            kind: step.kind,
            id: HubId::new(&step.id),
            repo: clean(&step.repo),
            words: clean(&step.words),
            precondition: clean(&step.precondition),
            undoing: Undoing::of(step),
            key: step.key.as_deref().map(clean),
            bytes: step.bytes,
            sha256: step.sha256.as_deref().map(clean),
            row: step.change.shown().iter().map(ChangeLine::from).collect(),
        }
    }
}

/// A plan in figures and words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlannedLine {
    pub totals: Totals,
    /// The reasons why it may rest on a mistake, one line each.
    pub alarms: Vec<String>,
    pub undoable: Undoable,
    /// The reason to ask for the hub's name before it is applied.
    pub doubt: Option<Doubt>,
    /// The reason why it has no step.
    pub empty: Option<String>,
    pub next: Vec<Next>,
}

impl From<&Plan> for PlannedLine {
    fn from(plan: &Plan) -> Self {
        Self {
            totals: plan.totals().clone(),
            alarms: plan.alarms().iter().map(|alarm| clean(alarm)).collect(),
            undoable: plan.undoable(),
            doubt: plan.doubt(),
            empty: plan.why_empty().as_deref().map(clean),
            next: plan.next(),
        }
    }
}

/// A finding that a plan skips.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusalLine {
    pub code: Code,
    pub id: HubId,
    pub why: String,
}

impl From<&Refusal> for RefusalLine {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code,
            id: HubId::new(&refusal.id),
            why: clean(&refusal.why),
        }
    }
}

/// The end of a repair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppliedLine {
    applied: Applied,
}

impl From<&Applied> for AppliedLine {
    fn from(applied: &Applied) -> Self {
        let mut applied = applied.clone();
        applied.run = clean(&applied.run);
        for text in &mut applied.trouble {
            *text = clean(text);
        }
        Self { applied }
    }
}

impl std::ops::Deref for AppliedLine {
    type Target = Applied;
    fn deref(&self) -> &Applied {
        &self.applied
    }
}
