//! Findings to and from the scratch file's rows.

use super::finding::{Finding, Subject};
use luthier_hub::index::audit_scratch::FindingRow;

/// Returns a finding as the scratch file keeps it.
pub(super) fn to_row(finding: &Finding) -> FindingRow {
    FindingRow {
        n: 0,
        code: finding.code as u16,
        grade: finding.grade as u8,
        kind: finding.kind as u8,
        id: finding.id.clone(),
        repo: finding.repo.clone(),
        body: body(finding),
        fix: None,
    }
}

/// Returns a finding's JSON without what the row keeps in columns of its own and may still rename.
pub(super) fn body(finding: &Finding) -> String {
    let mut finding = finding.clone();
    finding.repo = String::new();
    serde_json::to_string(&finding).unwrap_or_default()
}

/// Returns the finding of a row.
pub(super) fn from_row(row: FindingRow) -> Option<Finding> {
    let mut finding: Finding = serde_json::from_str(&row.body).ok()?;
    finding.repo = row.repo;
    Some(finding)
}

/// Returns the subject that a row's number means.
pub(super) fn subject(number: &str) -> Option<Subject> {
    Subject::ALL.get(number.parse::<usize>().ok()?).copied()
}
