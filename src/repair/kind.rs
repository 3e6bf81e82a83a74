//! The purpose of a run in words, and how much of it an undo takes back.

use super::change::StepChange;
use super::step::{Step, Totals};
use luthier_audit::Remedy;
use luthier_hub::text;

/// The purpose of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    #[default]
    Repair,
    /// Objects that were never stored.
    Backfill,
    /// Putting back what an earlier run changed.
    Undo,
    /// Saving where branches point into the store.
    Checkpoint,
}

impl Work {
    /// Returns the purpose of a plan with these totals.
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

    /// Returns the run in a word or two, for the middle of a sentence.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Work::Repair => "repair",
            Work::Backfill => "backfill",
            Work::Undo => "undo",
            Work::Checkpoint => "checkpoint run",
        }
    }

    /// Returns the same with its article, for the beginning of one.
    #[must_use]
    pub const fn article(self) -> &'static str {
        match self {
            Work::Repair => "A repair",
            Work::Backfill => "A backfill",
            Work::Undo => "An undo",
            Work::Checkpoint => "A checkpoint run",
        }
    }

    /// Says how much of it is done: `3 steps done`, `51 changes undone`.
    #[must_use]
    pub fn done(self, count: u64) -> String {
        match self {
            Work::Repair => format!("{} done", text::plural(count, "step")),
            Work::Backfill => format!("{} written", text::grouped(count)),
            Work::Undo => format!("{} undone", text::plural(count, "change")),
            Work::Checkpoint => format!("{} written", text::plural(count, "checkpoint")),
        }
    }
}

/// The part of a step that an undo takes back. Nothing is ever deleted, so what is added stays.
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
    /// Returns what an undo of `step` takes back.
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
            StepChange::Index(range) if range.from.is_some() => Undoing::Whole,
            StepChange::Add { .. }
            | StepChange::Hold { .. }
            | StepChange::Index(_)
            | StepChange::SaveRefs { .. }
            | StepChange::Unknown(_) => Undoing::Nothing,
        }
    }

    /// Returns the words for a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Undoing::Whole => "puts everything back",
            Undoing::Row => "puts the row back; the added object stays",
            Undoing::Nothing => "none: added rows and objects stay",
        }
    }
}

/// Steps by how much of them an undo takes back, and what they change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undoable {
    pub whole: u64,
    pub row: u64,
    pub nothing: u64,
    /// Rows whose cells change.
    pub rows: u64,
    /// Rows that are added.
    pub added: u64,
    /// Objects in whose place others are stored.
    pub replaced: u64,
}

impl Undoable {
    pub(super) fn count(&mut self, step: &Step) {
        *match Undoing::of(step) {
            Undoing::Whole => &mut self.whole,
            Undoing::Row => &mut self.row,
            Undoing::Nothing => &mut self.nothing,
        } += 1;
        let changed = match &step.change {
            StepChange::Row { object, cells } => {
                self.replaced += u64::from(object.is_some());
                !cells.is_empty()
            }
            StepChange::Index(range) => range.from.is_some(),
            _ => false,
        };
        self.rows += u64::from(changed);
        self.added += u64::from(match &step.change {
            StepChange::Add { .. } | StepChange::Hold { .. } => true,
            StepChange::Index(range) => range.from.is_none(),
            StepChange::Row { .. } | StepChange::SaveRefs { .. } | StepChange::Unknown(_) => false,
        });
    }

    /// Says what a plan with these totals writes: rows that it changes or adds, objects that it replaces, and bytes into
    /// the store. An undo takes bytes from quarantine, whose number no step has.
    #[must_use]
    pub fn writes(&self, totals: &Totals) -> String {
        let counts = [
            (self.rows, "row", "to change"),
            (self.added, "row", "to add"),
            (self.replaced, "object", "to replace"),
        ];
        let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
        let mut words: Vec<String> = counts
            .map(|(count, what, how)| format!("{} {how}", text::plural(count, what)))
            .collect();
        let requests = text::plural(totals.requests, "request");
        words.push(match (totals.bytes, totals.requests) {
            (0, _) if self.replaced > 0 => format!("from quarantine in {requests}"),
            (0, 0) => "nothing to write to the store".to_owned(),
            (0, 1) => format!("nothing to write to the store, {requests} that reads it"),
            (0, _) => format!("nothing to write to the store, {requests} that read it"),
            (bytes, _) => format!("{} to write in {requests}", text::bytes(bytes)),
        });
        words.join(", ")
    }

    /// Describes what an undo of the whole plan would take back, one sentence each.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let steps = |count: u64| text::plural(count, "step");
        let mut words = Vec::new();
        if self.whole > 0 {
            words.push(format!(
                "Undo restores everything that {} would change.",
                steps(self.whole)
            ));
        }
        if self.row > 0 {
            words.push(format!(
                "Undo restores the rows that {} would change; the objects that they add stay in the store.",
                steps(self.row)
            ));
        }
        if self.nothing > 0 {
            words.push(format!(
                "Undo cannot remove what {} would add; added rows and objects stay.",
                steps(self.nothing)
            ));
        }
        words
    }
}
