//! What can be done about the findings of a report, in figures.

use luthier_audit::Fix;
use luthier_hub::text;
use std::collections::BTreeMap;

/// The findings counted by what can be done about them, as the plan of everything that needs no decision has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixLine {
    pub counts: BTreeMap<Fix, u64>,
    /// A step was tried for each; otherwise a plan may skip more of them.
    pub tried: bool,
}

impl FixLine {
    /// Counts the findings about which one of these can be done.
    #[must_use]
    pub fn count(&self, fixes: &[Fix]) -> u64 {
        let counts = fixes.iter().filter_map(|fix| self.counts.get(fix));
        counts.sum()
    }

    /// Returns the figures of the hub's screen, each with what its key lists.
    #[must_use]
    pub fn words(&self) -> [String; 4] {
        let count = |fixes: &[Fix]| text::grouped(self.count(fixes));
        let most = if self.tried { "" } else { "up to " };
        let verb = match self.count(&[Fix::Decide]) {
            1 => "needs",
            _ => "need",
        };
        [
            format!("{most}{} fixable now", count(&[Fix::Auto])),
            format!("{} {verb} a decision", count(&[Fix::Decide])),
            format!("{} a copy", count(&[Fix::Copy])),
            format!("{} no fix", count(&[Fix::None])),
        ]
    }
}
