//! The report of an audit: findings on disk, in their final order, and the summary.

mod branches;
mod fixes;
mod summary;
mod unread;

pub use branches::{BranchCounts, Standings};
pub use luthier_hub::index::audit_scratch::{BranchStanding, FindingOrder, Stands, Stretch};
pub use summary::{Checked, Summary};
pub use unread::{Unread, UnreadRows};

use super::fault::{Code, FAULTS, Fix, Grade};
use super::past_audits::PastAudits;
use super::{AuditError, Finding, Subject, spool};
use luthier_hub::index::audit_scratch::{AuditScratch, FindingQuery, FindingRow, LeftQuery};
use luthier_hub::store::Policy;
use luthier_object::Kind;
use std::sync::Arc;
pub(crate) use summary::grade;

/// Findings that are looked up in another report at once.
const CARRIED: usize = 1_000;

/// The selected findings. Conditions of one kind are alternatives, conditions of different kinds add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub codes: Vec<Code>,
    pub kinds: Vec<Subject>,
    pub grades: Vec<Grade>,
    /// Only where this can be done; nothing passes before [`Report::set_fixes`].
    pub fixes: Vec<Fix>,
    /// Only what keeps a hub from being signed off: grade error or critical, or on a row that needs a `storage_uri`
    /// and has none.
    pub left: bool,
    pub repo: Option<String>,
    /// `owner/slug`: only what stops the pull of a branch of this repository, whichever repository holds it.
    pub stops: Option<String>,
    /// Start of an id, with or without `sha256:`.
    pub id: Option<String>,
    /// Each must occur in code, id, repository or evidence; case does not matter.
    pub words: Vec<String>,
}

/// A finding with its place in the report, from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    pub ordinal: u64,
    pub finding: Finding,
    /// `None` until [`Report::set_fixes`].
    pub fix: Option<Fix>,
}

/// The grouping of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Code,
    Repo,
    Kind,
    Fix,
}

/// Findings that share a code, a repository, a kind or what can be done about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The code's name, `owner/slug`, the kind's word, or the word of a [`Fix`].
    pub name: String,
    pub count: u64,
    pub worst: Grade,
    /// How many are of the worst grade.
    pub of_worst: u64,
}

/// An audit's result, or what several looks together have found.
pub struct Report {
    pub(super) summary: Summary,
    pub(super) scratch: Arc<AuditScratch>,
    pub(super) past_audits: PastAudits,
    /// The commit graph of the last audit that walked it.
    pub(super) facts: Arc<AuditScratch>,
}

impl Report {
    pub(super) fn new(
        summary: Summary,
        scratch: Arc<AuditScratch>,
        past_audits: PastAudits,
    ) -> Self {
        Self {
            summary,
            facts: scratch.clone(),
            scratch,
            past_audits,
        }
    }

    /// Returns the audits that it rests on.
    #[must_use]
    pub fn past_audits(&self) -> &PastAudits {
        &self.past_audits
    }

    /// Returns what is known of the pulls of these branches of a repository.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn branches(
        &self,
        repo: &str,
        names: &[String],
    ) -> Result<Vec<BranchStanding>, AuditError> {
        Ok(self.scratch.standings(repo, names).await?)
    }

    /// Returns ids of a kind that a repository's branches need and that it does not hold, behind `after`.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn unheld(
        &self,
        repo_id: &str,
        kind: Kind,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, AuditError> {
        Ok(self.scratch.unheld(repo_id, kind, after, limit).await?)
    }

    /// Counts the branches by standing, by repository and over all.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn standings(&self) -> Result<Standings, AuditError> {
        let mut out = Standings::default();
        for some in self.scratch.standing_counts(&branches::APART).await? {
            out.hub.add(&some);
            out.repos.entry(some.repo.clone()).or_default().add(&some);
        }
        Ok(out)
    }

    /// Returns the figures.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Findings that pass `filter`, from the `skip`th of them on; one indexed lookup, whatever `skip` is
    /// for the empty filter.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn page(
        &self,
        filter: &Filter,
        skip: u64,
        limit: u32,
    ) -> Result<Vec<Numbered>, AuditError> {
        let stretch = Stretch {
            skip,
            limit,
            ..Stretch::default()
        };
        self.list(filter, stretch).await
    }

    /// Findings that pass `filter`, a stretch of them in an order of their own.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn list(
        &self,
        filter: &Filter,
        stretch: Stretch,
    ) -> Result<Vec<Numbered>, AuditError> {
        let rows = self.scratch.findings(&self.query(filter), stretch).await?;
        Ok(numbered(rows))
    }

    /// Returns the ordinals of such a stretch.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn ordinals(
        &self,
        filter: &Filter,
        stretch: Stretch,
    ) -> Result<Vec<u64>, AuditError> {
        let query = self.query(filter);
        Ok(self.scratch.finding_places(&query, stretch).await?)
    }

    /// Finds the findings that another report has at `ordinals` in this one: of the same code, kind, id and repository.
    /// What is not found any more is left out.
    ///
    /// # Errors
    /// A spool cannot be read.
    pub async fn carried(&self, from: &Report, ordinals: &[u64]) -> Result<Vec<u64>, AuditError> {
        let mut out = Vec::new();
        for some in ordinals.chunks(CARRIED) {
            for row in from.scratch.findings_at(some).await? {
                out.extend(self.scratch.places_of(&row).await?);
            }
        }
        Ok(out)
    }

    /// Counts the findings before an ordinal that match `filter`.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn before(&self, filter: &Filter, ordinal: u64) -> Result<u64, AuditError> {
        let query = self.query(filter);
        Ok(self.scratch.findings_before(&query, ordinal).await?)
    }

    /// Returns the code of the worst finding on each of these ids, where there is one.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn worst_on(&self, ids: &[String]) -> Result<Vec<(String, Code)>, AuditError> {
        let found = self.scratch.worst_on(ids).await?;
        let code = |n: u16| FAULTS.get(usize::from(n)).map(|fault| fault.code);
        Ok(found
            .into_iter()
            .filter_map(|(id, n)| Some((id, code(n)?)))
            .collect())
    }

    /// Returns the findings at these places, in the order of the report.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn at(&self, ordinals: &[u64]) -> Result<Vec<Numbered>, AuditError> {
        Ok(numbered(self.scratch.findings_at(ordinals).await?))
    }

    /// Counts the findings that match `filter`.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn count(&self, filter: &Filter) -> Result<u64, AuditError> {
        let groups = self
            .scratch
            .finding_groups(&self.query(filter), "kind")
            .await?;
        Ok(groups.iter().map(|(_, count, _)| count).sum())
    }

    /// Counts of what passes `filter`, worst first.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn groups(&self, filter: &Filter, by: GroupBy) -> Result<Vec<Group>, AuditError> {
        let column = match by {
            GroupBy::Code => "code",
            GroupBy::Repo => "repo_id",
            GroupBy::Kind => "kind",
            // None of them is known before all of them are.
            GroupBy::Fix => "coalesce(fix, -1)",
        };
        let name = |value: String| match by {
            GroupBy::Repo => value,
            GroupBy::Kind => spool::subject(&value).map_or(value, |s| s.word().to_owned()),
            GroupBy::Fix => fixes::read(&value).map_or(value, |fix| fix.word().to_owned()),
            GroupBy::Code => {
                let fault = value.parse::<usize>().ok().and_then(|n| FAULTS.get(n));
                fault.map_or(value, |f| f.name.to_owned())
            }
        };
        let query = self.query(filter);
        let mut tallies = self.scratch.finding_tallies(&query, column).await?;
        if by == GroupBy::Fix {
            tallies.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(tallies
            .into_iter()
            .map(|tally| Group {
                name: name(tally.name),
                count: tally.count,
                worst: grade(tally.worst),
                of_worst: tally.of_worst,
            })
            .collect())
    }
}

fn numbered(rows: Vec<FindingRow>) -> Vec<Numbered> {
    rows.into_iter()
        .filter_map(|row| {
            Some(Numbered {
                ordinal: row.n as u64,
                fix: row.fix.and_then(fixes::of),
                finding: spool::from_row(row)?,
            })
        })
        .collect()
}

impl Report {
    fn query(&self, filter: &Filter) -> FindingQuery {
        FindingQuery {
            codes: filter.codes.iter().map(|code| *code as u16).collect(),
            grades: filter.grades.iter().map(|grade| *grade as u8).collect(),
            kinds: filter.kinds.iter().map(|kind| *kind as u8).collect(),
            fixes: filter.fixes.iter().map(|fix| *fix as u8).collect(),
            left: filter.left.then(|| self.left()),
            repo: filter.repo.clone(),
            stops: filter.stops.clone(),
            id_prefix: filter.id.clone(),
            words: filter.words.clone(),
        }
    }

    /// What keeps the hub from being signed off, beside what a grade says.
    fn left(&self) -> LeftQuery {
        let kinds = Kind::ALL
            .iter()
            .filter(|kind| self.summary.policy != Policy::DbCanonical || **kind == Kind::Blob);
        LeftQuery {
            grade: Grade::Error as u8,
            codes: OF_UNLINKED_ROWS.map(|code| code as u16),
            kinds: kinds.map(|kind| Subject::from(*kind) as u8).collect(),
        }
    }
}

/// Findings of a low grade on rows without `storage_uri`.
const OF_UNLINKED_ROWS: [Code; 2] = [Code::UriUnlinked, Code::SpellingLost];
