//! What a run is for, in words, and how much of it an undo takes back.

use super::change::StepChange;
use super::plan::{Step, Totals};
use crate::audit::Remedy;
use crate::text;

/// What a run is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    #[default]
    Repair,
    /// Objects that were never stored.
    Backfill,
    /// What an earlier run changed is put back.
    Undo,
    /// Where branches point, written into the store.
    Checkpoint,
}

impl Work {
    /// What a plan with these totals is for.
    #[must_use]
    pub fn of(totals: &Totals) -> Self {
        let only = |these: &[Remedy]| {
            let mut remedies = totals.by_remedy.keys();
            !totals.by_remedy.is_empty() && remedies.all(|remedy| these.contains(remedy))
        };
        if only(&[Remedy::Undo]) {
            Work::Undo
        } else if only(&[Remedy::Checkpoint]) {
            Work::Checkpoint
        } else if only(&[Remedy::Backfill]) {
            Work::Backfill
        } else {
            Work::Repair
        }
    }

    /// The run in a word or two, for the middle of a sentence.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Work::Repair => "repair",
            Work::Backfill => "backfill",
            Work::Undo => "undo",
            Work::Checkpoint => "checkpoint run",
        }
    }

    /// The same with its article, for the beginning of one.
    #[must_use]
    pub const fn article(self) -> &'static str {
        match self {
            Work::Repair => "A repair",
            Work::Backfill => "A backfill",
            Work::Undo => "An undo",
            Work::Checkpoint => "A checkpoint run",
        }
    }

    /// What a hub is after it.
    #[must_use]
    pub const fn participle(self) -> &'static str {
        match self {
            Work::Repair => "repaired",
            Work::Backfill => "backfilled",
            Work::Undo => "undone",
            Work::Checkpoint => "saved",
        }
    }

    /// How much of it is done: `3 repaired`, `51 changes undone`.
    #[must_use]
    pub fn done(self, count: u64) -> String {
        match self {
            Work::Repair => format!("{} repaired", text::grouped(count)),
            Work::Backfill => format!("{} backfilled", text::grouped(count)),
            Work::Undo => format!("{} undone", text::plural(count, "change")),
            Work::Checkpoint => format!("{} written", text::plural(count, "checkpoint")),
        }
    }
}

/// How much of a step an undo takes back. Nothing is ever deleted, so what is added stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undoing {
    /// Every cell, and every byte that was replaced.
    Whole,
    /// The row's cells; the object that was added stays.
    Row,
    /// The step only adds.
    Nothing,
}

impl Undoing {
    /// What an undo of `step` takes back.
    #[must_use]
    pub fn of(step: &Step) -> Self {
        match &step.change {
            change if change.is_none() => Undoing::Nothing,
            StepChange::Row { object: None, .. }
                if step.bytes > 0 && step.remedy != Remedy::Undo =>
            {
                Undoing::Row
            }
            StepChange::Row { .. } => Undoing::Whole,
            StepChange::Add { .. }
            | StepChange::Hold { .. }
            | StepChange::SaveRefs { .. }
            | StepChange::Unknown(_) => Undoing::Nothing,
        }
    }

    /// In a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Undoing::Whole => "an undo of the run puts everything back",
            Undoing::Row => "an undo of the run puts the row back; the object that is added stays",
            Undoing::Nothing => "no undo: what is added stays",
        }
    }
}

/// Steps by how much of them an undo takes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undoable {
    pub whole: u64,
    pub row: u64,
    pub nothing: u64,
}

impl Undoable {
    pub(super) fn count(&mut self, step: &Step) {
        *match Undoing::of(step) {
            Undoing::Whole => &mut self.whole,
            Undoing::Row => &mut self.row,
            Undoing::Nothing => &mut self.nothing,
        } += 1;
    }

    /// What an undo of the whole plan would take back, a sentence each.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let steps = |count: u64| text::plural(count, "step");
        let mut words = Vec::new();
        if self.whole > 0 {
            words.push(format!(
                "Can be undone: all that {} would change.",
                steps(self.whole)
            ));
        }
        if self.row > 0 {
            words.push(format!(
                "Can be undone in part: {} would change a row, which goes back, and add an object, which stays.",
                steps(self.row)
            ));
        }
        if self.nothing > 0 {
            words.push(format!(
                "Cannot be undone: {} would only add, and what is added stays.",
                steps(self.nothing)
            ));
        }
        words
    }
}
