//! One line of a journal.

use crate::change::{RowChange, Side, StepChange};
use crate::outcome::Outcome;
use crate::step::Step;
use luthier_audit::{Code, Remedy, Subject};
use luthier_hub::store::hub_writes::HubWrite;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line: what happened, and its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1, without gaps.
    pub seq: u64,
    /// sha256 of the line before, without its newline; zeros in the first.
    pub prev: String,
    /// UTC, RFC 3339.
    pub time: String,
    /// Empty where no run is under way.
    pub run: String,
    pub operator: String,
    pub host: String,
    /// The name of the hub at that time.
    pub hub: String,
    #[serde(flatten)]
    pub event: Event,
}

/// The event of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A run begins.
    Run {
        steps: u64,
        /// To be written to the store.
        bytes: u64,
        database: String,
        store: String,
        /// The run that this one takes back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undoes: Option<String>,
    },
    /// A change is about to be made; on disk before it is.
    Intent(Entry),
    /// The outcome of a step.
    Outcome {
        outcome: RecordedOutcome,
        /// Set if an intent came before; a step that changes nothing has none.
        announced: bool,
        /// The reason, if it did not succeed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Set if this run stored the object; absent if none was to be stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stored: Option<bool>,
        #[serde(flatten)]
        entry: Entry,
    },
    /// A run ends.
    End {
        outcomes: BTreeMap<Outcome, u64>,
        stopped: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        breaker: Option<String>,
    },
    /// A write site of the hub is about to write; on disk before it does. It is a run of its own.
    Announced(HubWrite),
    /// What became of it.
    Made {
        outcome: RecordedOutcome,
        /// The reason, if it did not succeed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Objects that were not there before.
        stored: u64,
        #[serde(flatten)]
        write: HubWrite,
    },
    /// A run that was killed, once a later one has looked at what it had announced.
    Interrupted {
        /// Announced steps that were found done.
        done: u64,
        not_done: u64,
    },
    /// The journal about itself.
    Note {
        why: String,
        /// The start of what was cut off.
        cut: String,
        /// The number of removed bytes.
        bytes: u64,
        /// Of all of it.
        sha256: String,
    },
}

/// An outcome as the journal says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedOutcome {
    Written,
    Linked,
    Recached,
    Replaced,
    Reindexed,
    Held,
    Already,
    Superseded,
    Refused,
    Failed,
    Undone,
    /// It was announced, and the run was stopped before it.
    NotBegun,
    /// The run was killed, and a later one found the change made.
    FoundDone,
    /// The run was killed, and a later one found nothing of the change.
    FoundNotDone,
}

impl Event {
    /// Returns whether nothing can be left open behind it.
    pub(super) fn settles(&self) -> bool {
        matches!(self, Event::End { .. } | Event::Interrupted { .. })
    }
}

impl RecordedOutcome {
    /// Returns whether the run was killed, and a later one looked this up.
    #[must_use]
    pub const fn is_found(self) -> bool {
        matches!(self, Self::FoundDone | Self::FoundNotDone)
    }

    /// Returns the outcome that a run counts; none where the step was not begun.
    #[must_use]
    pub const fn counted(self) -> Option<Outcome> {
        Some(match self {
            RecordedOutcome::Written => Outcome::Written,
            RecordedOutcome::Linked => Outcome::Linked,
            RecordedOutcome::Recached => Outcome::Recached,
            RecordedOutcome::Replaced => Outcome::Replaced,
            RecordedOutcome::Reindexed => Outcome::Reindexed,
            RecordedOutcome::Held => Outcome::Held,
            RecordedOutcome::Already => Outcome::Already,
            RecordedOutcome::Superseded => Outcome::Superseded,
            RecordedOutcome::Refused => Outcome::Refused,
            RecordedOutcome::Failed => Outcome::Failed,
            RecordedOutcome::Undone => Outcome::Undone,
            RecordedOutcome::NotBegun
            | RecordedOutcome::FoundDone
            | RecordedOutcome::FoundNotDone => return None,
        })
    }
}

impl From<Outcome> for RecordedOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Written => RecordedOutcome::Written,
            Outcome::Linked => RecordedOutcome::Linked,
            Outcome::Recached => RecordedOutcome::Recached,
            Outcome::Replaced => RecordedOutcome::Replaced,
            Outcome::Reindexed => RecordedOutcome::Reindexed,
            Outcome::Held => RecordedOutcome::Held,
            Outcome::Undone => RecordedOutcome::Undone,
            Outcome::Already => RecordedOutcome::Already,
            Outcome::Superseded => RecordedOutcome::Superseded,
            Outcome::Refused => RecordedOutcome::Refused,
            Outcome::Failed => RecordedOutcome::Failed,
        }
    }
}

/// A step as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenEntry", into = "WrittenEntry")]
pub struct Entry {
    pub step: u64,
    /// The finding, with `id`.
    pub code: Code,
    /// Other findings of the same subject that the step mends.
    pub also: Vec<Code>,
    pub remedy: Remedy,
    pub kind: Subject,
    pub id: String,
    pub repo: String,
    /// Of a blob; untrusted text.
    pub path: Option<String>,
    pub key: Option<String>,
    pub bytes: u64,
    pub sha256: Option<String>,
    /// The change that was made, or is about to be; [`StepChange::none`] of a step that changed nothing.
    pub change: StepChange,
}

/// An entry as the file holds it.
#[derive(Serialize, Deserialize)]
struct WrittenEntry {
    step: u64,
    code: Code,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<Code>,
    remedy: Remedy,
    kind: Subject,
    id: String,
    repo: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    key: Option<String>,
    bytes: u64,
    sha256: Option<String>,
    /// Columns as they were; manifests and long lists as size and hash.
    before: Side,
    after: Side,
}

impl From<WrittenEntry> for Entry {
    fn from(written: WrittenEntry) -> Self {
        let (remedy, kind) = (written.remedy, written.kind);
        Self {
            step: written.step,
            code: written.code,
            also: written.also,
            remedy,
            kind,
            id: written.id,
            repo: written.repo,
            path: written.path,
            key: written.key,
            bytes: written.bytes,
            sha256: written.sha256,
            change: StepChange::read_sides(remedy, kind, written.before, written.after),
        }
    }
}

impl From<Entry> for WrittenEntry {
    fn from(entry: Entry) -> Self {
        let (before, after) = entry.change.sides();
        Self {
            step: entry.step,
            code: entry.code,
            also: entry.also,
            remedy: entry.remedy,
            kind: entry.kind,
            id: entry.id,
            repo: entry.repo,
            path: entry.path,
            key: entry.key,
            bytes: entry.bytes,
            sha256: entry.sha256,
            before,
            after,
        }
    }
}

impl From<&Step> for Entry {
    fn from(step: &Step) -> Self {
        Self {
            step: step.number,
            code: step.code,
            also: step.also.clone(),
            remedy: step.remedy,
            kind: step.kind,
            id: step.id.clone(),
            repo: step.repo.clone(),
            path: step.path.clone(),
            key: step.key.clone(),
            bytes: step.bytes,
            sha256: step.sha256.clone(),
            change: step.change.clone(),
        }
    }
}

impl Entry {
    /// Returns the columns before and after, sorted by name, for people.
    #[must_use]
    pub fn columns(&self) -> Vec<RowChange> {
        let mut columns = self.change.written();
        columns.sort_by(|a, b| a.column.cmp(&b.column));
        columns
    }
}
