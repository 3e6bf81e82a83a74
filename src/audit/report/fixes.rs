//! What can be done about each finding of a report: told by whoever plans, kept beside the findings.

use super::{Filter, Report};
use crate::AuditError;
use crate::fault::Fix;
use std::collections::BTreeMap;

impl Report {
    /// Says what can be done about the findings at some places, and `rest` about all others where it is given.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub async fn set_fixes(
        &self,
        rest: Option<Fix>,
        some: &[(u64, Fix)],
    ) -> Result<(), AuditError> {
        let some: Vec<(u64, u8)> = some.iter().map(|(at, fix)| (*at, *fix as u8)).collect();
        let rest = rest.map(|fix| fix as u8);
        Ok(self.scratch.set_fixes(rest, &some).await?)
    }

    /// Counts the findings of a filter by what can be done about them.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn fixes(&self, filter: &Filter) -> Result<BTreeMap<Fix, u64>, AuditError> {
        let query = self.query(filter);
        let groups = self.scratch.finding_groups(&query, "coalesce(fix, -1)");
        let groups = groups.await?.into_iter();
        Ok(groups
            .filter_map(|(fix, count, _)| Some((read(&fix)?, count)))
            .collect())
    }

    /// Returns how many findings of the filter come before the first that can be repaired.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn first_fixable(&self, filter: &Filter) -> Result<Option<u64>, AuditError> {
        let fixable = Filter {
            fixes: vec![Fix::Auto, Fix::Decide],
            ..filter.clone()
        };
        // Where the filter asks for what cannot be repaired, its first row is as good as any other.
        if !filter.fixes.is_empty() {
            return Ok(None);
        }
        let first = self.page(&fixable, 0, 1).await?;
        match first.first() {
            Some(found) => Ok(Some(self.before(filter, found.ordinal).await?)),
            None => Ok(None),
        }
    }
}

/// Returns the answer that the scratch file holds as this number.
pub(super) fn of(number: u8) -> Option<Fix> {
    Fix::ALL.get(usize::from(number)).copied()
}

/// Returns the answer that is written as this number.
pub(super) fn read(number: &str) -> Option<Fix> {
    of(number.parse().ok()?)
}
