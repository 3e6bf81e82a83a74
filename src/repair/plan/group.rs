//! Findings that become one step.

use luthier_audit::Code;

/// Findings of one subject with one remedy.
pub(super) struct Group {
    /// Of the finding that is first in the report.
    pub ordinal: u64,
    pub code: Code,
    /// Places and codes of the others.
    pub others: Vec<(u64, Code)>,
}

impl Group {
    /// Returns the place and the code of each of its findings.
    pub fn findings(&self) -> impl Iterator<Item = (u64, Code)> + '_ {
        std::iter::once((self.ordinal, self.code)).chain(self.others.iter().copied())
    }

    /// Returns the codes of all but the first finding.
    pub fn also(&self) -> Vec<Code> {
        self.others.iter().map(|(_, code)| *code).collect()
    }
}
