//! Findings that become one step.

use luthier_audit::Code;

/// Findings of one subject with one remedy.
pub(super) struct Group {
    /// Of the finding that stands first in the report.
    pub ordinal: u64,
    /// The codes of the others.
    pub also: Vec<Code>,
    /// Their places in the report.
    pub others: Vec<u64>,
}

impl Group {
    /// Returns the places of all of its findings.
    pub fn places(&self) -> impl Iterator<Item = u64> + '_ {
        std::iter::once(self.ordinal).chain(self.others.iter().copied())
    }
}
