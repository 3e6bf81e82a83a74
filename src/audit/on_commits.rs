//! Findings on commits that are known by number.

use super::AuditError;
use super::evidence::Evidence;
use super::finding::{Finding, Subject};
use super::scan::Scan;
use luthier_object::Kind;

/// Makes findings on commits by number; `evidence` is asked with the place among the numbers.
pub(super) async fn numbered(
    scan: &Scan<'_>,
    numbers: &[u32],
    evidence: impl Fn(usize) -> Evidence,
) -> Result<Vec<Finding>, AuditError> {
    let rows = scan.scratch.commits_numbered(numbers).await?;
    let ids: Vec<String> = rows.iter().map(|(_, id, _)| id.clone()).collect();
    let holders = scan.scratch.holders(Kind::Commit, &ids).await?;
    Ok(rows
        .into_iter()
        .enumerate()
        .map(|(at, (_, id, own))| {
            let mut finding = Finding::new(evidence(at), Subject::Commit, &id);
            let held = holders.get(&id).and_then(|h| h.first()).cloned();
            finding.repo = if own.is_empty() {
                held.unwrap_or_default()
            } else {
                own
            };
            finding
        })
        .collect())
}
