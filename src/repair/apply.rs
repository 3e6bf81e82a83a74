//! Carries a plan out, one step at a time, in the one way to write.

use super::{Journal, Plan, RepairError};
use crate::progress::Progress;
use crate::store::Writer;
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The object was written and the row points at it.
    Written,
    /// The row now points at an object that was there.
    Linked,
    /// The cache was rewritten.
    Recached,
    /// The hub was as wanted already.
    Already,
    /// The hub is no longer what the plan saw; nothing was changed.
    Superseded,
    /// The bytes did not prove, or other bytes lie there; nothing was changed.
    Refused,
    /// The store or the database did not answer.
    Failed,
}

impl Outcome {
    /// The word as people and JSON write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Written => "written",
            Outcome::Linked => "linked",
            Outcome::Recached => "recached",
            Outcome::Already => "already",
            Outcome::Superseded => "superseded",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// The end of a repair, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The run's name in the journal.
    pub run: String,
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The first hundred that did not end well, each in one line.
    pub trouble: Vec<String>,
    /// Stopped between two steps by the person.
    pub stopped: bool,
}

/// Applies every step of `plan`; outcomes are counted in `progress` by name as they come.
///
/// # Errors
/// A breaker that stops all writing, or a journal that cannot be written.
pub async fn apply(
    _writer: &Writer,
    _plan: &Plan,
    _journal: &mut Journal,
    _progress: &Progress,
) -> Result<Applied, RepairError> {
    todo!()
}
