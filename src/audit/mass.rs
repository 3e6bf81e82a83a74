//! So much missing or wrong together that it is hardly damage: the wrong bucket, another prefix, a restore
//! that is under way.
//!
//! The rule: in one page of 1,000 rows of a kind that name an object, in the order of their keys, more than
//! 20 rows (2 %) are absent or wrong; the last page of a kind may be shorter, and more than 20 of it is
//! still too many. Or a repository with five objects or more has none left that is there.

use super::{Code, Finding};
use luthier_object::Kind;
use std::collections::HashMap;

/// Rows of a page.
const PAGE: u64 = 1_000;

/// Rows of a page that may be absent or wrong.
const BORNE: u64 = 20;

/// A repository with fewer objects says nothing by losing all of them.
const FEW: u64 = 5;

/// Repositories that are followed. Beyond, pages alone are counted: some 10 MB.
const FOLLOWED: usize = 100_000;

/// Alarms that are kept.
const KEPT: usize = 10;

/// Returns whether a finding with this code speaks of an object that is absent or wrong.
#[must_use]
pub fn counts(code: Code) -> bool {
    matches!(
        code,
        Code::ObjectMissing
            | Code::ObjectCorrupt
            | Code::ObjectEncoded
            | Code::ObjectKind
            | Code::SizeWrong
    )
}

/// Counts while rows are judged.
#[derive(Default)]
pub(super) struct Mass {
    asked: u64,
    bad: u64,
    repos: HashMap<String, RepoCounts>,
    alarms: Vec<String>,
}

/// The objects of one repository.
#[derive(Default)]
struct RepoCounts {
    asked: u64,
    absent: u64,
}

impl Mass {
    /// Takes what was found on one row that names an object.
    pub fn take(&mut self, kind: Kind, repo: &str, findings: &[Finding]) {
        self.asked += 1;
        self.bad += u64::from(findings.iter().any(|finding| counts(finding.code)));
        let absent = findings.iter().any(|f| f.code == Code::ObjectMissing);
        if !repo.is_empty() && (self.repos.len() < FOLLOWED || self.repos.contains_key(repo)) {
            let held = self.repos.entry(repo.to_owned()).or_default();
            held.asked += 1;
            held.absent += u64::from(absent);
        }
        if self.asked == PAGE {
            self.end_page(kind);
        }
    }

    /// Ends a page: of its rows, or with the last row of a kind.
    pub fn end_page(&mut self, kind: Kind) {
        if self.bad > BORNE && self.alarms.len() < KEPT {
            self.alarms.push(format!(
                "mass fault: of {} {kind} rows, {} have an object that is missing or corrupt",
                self.asked, self.bad
            ));
        }
        (self.asked, self.bad) = (0, 0);
    }

    /// Lists what has to be confirmed, one line each.
    pub fn alarms(mut self) -> Vec<String> {
        let mut gone: Vec<(&String, &RepoCounts)> = self
            .repos
            .iter()
            .filter(|(_, held)| held.asked >= FEW && held.absent == held.asked)
            .collect();
        gone.sort_unstable_by_key(|(repo, _)| *repo);
        self.alarms
            .extend(gone.into_iter().take(KEPT).map(|(repo, held)| {
                format!(
                    "mass fault: all {} objects of the repository {repo} are missing",
                    held.asked
                )
            }));
        self.alarms
    }
}

#[cfg(test)]
#[path = "../../tests/audit/mass.rs"]
mod tests;
