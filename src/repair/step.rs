//! A step of a plan: one repair of one subject; and many of them in figures.

mod written;

use super::change::StepChange;
use luthier_audit::{Code, Remedy, Subject};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One repair of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "written::WrittenStep", into = "written::WrittenStep")]
pub struct Step {
    /// From 1, in the order of application.
    pub number: u64,
    pub code: Code,
    /// Other findings of the same subject that this step repairs too.
    pub also: Vec<Code>,
    /// Findings of the same code that it repairs too: a checkpoint is of all branches of its repository.
    pub others: u64,
    /// An earlier step counts its finding: of a repository that lacks memberships, each row is a step.
    pub more: bool,
    pub remedy: Remedy,
    /// Of a checkpoint it is `branch`, and the id is that of the repository, `owner/slug`.
    pub kind: Subject,
    pub id: String,
    pub repo: String,
    /// Of a blob, the path of its row or in a tree; untrusted text.
    pub path: Option<String>,
    /// The step's effect, in one sentence.
    pub words: String,
    /// The condition that must still hold when it is applied, in one sentence.
    pub precondition: String,
    /// The key under which bytes are written or were found.
    pub key: Option<String>,
    /// Another key that the bytes are taken from.
    pub from: Option<String>,
    /// Bytes to be written to the store; 0 where none are.
    pub bytes: u64,
    /// Of the object's bytes, hex.
    pub sha256: Option<String>,
    pub change: StepChange,
}

/// The words of a step before the file of a client's folder that its bytes come from.
pub(super) const COPY_IN: &str = "the copy in ";

impl Step {
    /// Returns whether it takes its bytes from a client's folder (`--copies`).
    pub(super) fn takes_copy(&self) -> bool {
        let stores = matches!(
            self.remedy,
            Remedy::Restore | Remedy::Replace | Remedy::Backfill
        );
        stores && self.from.is_none() && self.words.contains(COPY_IN)
    }

    /// Returns the number of findings that this step repairs; 0 where an earlier one counts them.
    #[must_use]
    pub fn findings(&self) -> u64 {
        match self.more {
            true => 0,
            false => 1 + self.also.len() as u64 + self.others,
        }
    }

    /// Requests to the store: puts and the reads that prove them.
    pub(super) fn requests(&self) -> u64 {
        match self.remedy {
            Remedy::Link => 1,
            Remedy::Backfill | Remedy::Restore | Remedy::Checkpoint => 2,
            // The stored bytes are read, copied, read back, replaced and read back.
            Remedy::Replace => 5,
            Remedy::Reindex | Remedy::Index => 1,
            // Where bytes are put back: as for a replacement.
            Remedy::Undo if self.key.is_some() => 5,
            Remedy::None | Remedy::Recache | Remedy::Reref | Remedy::Hold | Remedy::Undo => 0,
        }
    }
}

/// A plan in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub steps: u64,
    /// Findings that the steps repair: some repair more than one. Counted from the steps, so no file has it.
    #[serde(skip)]
    pub mends: u64,
    pub refused: u64,
    /// Bytes to be written to the store.
    pub bytes: u64,
    /// Requests to the store: puts and the reads that prove them.
    pub requests: u64,
    pub by_remedy: BTreeMap<Remedy, u64>,
}

impl Totals {
    /// Returns whether the figures of a file are those of its steps.
    pub(super) fn agree(&self, counted: &Totals) -> bool {
        let mends = counted.mends;
        let written = Totals {
            mends,
            ..self.clone()
        };
        written == *counted
    }

    /// Formats the number of steps, and of the findings that they repair where it differs. What is taken back was
    /// no finding.
    #[must_use]
    pub fn words(&self) -> String {
        let steps = luthier_hub::text::plural(self.steps, "step");
        match self.mends == self.steps || self.by_remedy.contains_key(&Remedy::Undo) {
            true => steps,
            false => {
                let verb = if self.steps == 1 { "repairs" } else { "repair" };
                format!(
                    "{steps} that {verb} {}",
                    luthier_hub::text::plural(self.mends, "finding")
                )
            }
        }
    }
}
