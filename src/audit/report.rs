//! The report of an audit: findings on disk, in their final order, and the summary.

use super::fault::{Code, FAULTS, Grade};
use super::hidden::HiddenTable;
use super::past_audits::PastAudits;
use super::scan::WHOLE_HUB;
use super::unlinked::{Fate, Fates};
use super::{AuditError, Depth, Finding, Subject, spool};
use luthier_hub::index::Counts;
use luthier_hub::index::audit_scratch::{AuditScratch, FindingQuery, FindingRow, LeftQuery};
pub use luthier_hub::index::audit_scratch::{BranchStanding, Stands};
pub use luthier_hub::index::audit_scratch::{FindingOrder, Stretch};
use luthier_hub::store::{Policy, Store};
use luthier_object::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Findings that are looked up in another report at once.
const CARRIED: usize = 1_000;

/// The counts of checked rows and objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    pub repos: u64,
    pub branches: u64,
    pub commits: u64,
    pub snapshots: u64,
    pub blobs: u64,
    pub proposals: u64,
    /// Keys in the listing.
    pub listed: u64,
    /// Objects read to the last byte.
    pub read: u64,
    /// Bytes of these.
    pub bytes: u64,
}

/// The end of an audit, in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The repository that the audit was cut to; every figure is of it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// Every question had an answer: nothing unknown, nothing left out, no row hidden.
    pub complete: bool,
    pub depth: Depth,
    pub checked: Checked,
    pub findings: BTreeMap<Code, u64>,
    pub grades: BTreeMap<Grade, u64>,
    /// Questions to the store without an answer, and the first few reasons.
    pub unknown: u64,
    pub unknown_because: Vec<String>,
    /// Tables whose rows are not all shown to this user, or are not told apart.
    pub hidden: Vec<HiddenTable>,
    /// Younger than the grace window: counted, not judged.
    pub too_new: u64,
    /// Rows that changed or went while the audit ran, so that nothing is said of what rested on them.
    #[serde(skip_serializing_if = "is_none")]
    pub changed: u64,
    /// Rows without `storage_uri` by kind; a kind is absent where the hub has no such column.
    pub null_uris: BTreeMap<String, u64>,
    /// The backfill's results for these rows: the counts add up to `null_uris`.
    pub unlinked: Fates,
    /// Set where the sampled rows and objects say that the two sides do not belong together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_pair: Option<String>,
    /// The number of ids that each scheme reproduced, by `kind scheme`.
    pub schemes: BTreeMap<String, u64>,
    /// Codes that this depth does not pay for, and that were not met.
    pub not_judged: Vec<Code>,
    /// Codes that this depth does not pay for, met where something else spoke against a row: there may be more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub judged_in_part: Vec<Code>,
    /// sha256 over kind, id and sha256 of every object of a row that was read, in the order of rows; hex.
    /// A sign-off bears it: the order is that of one database, so audits of two do not compare by it.
    #[serde(skip)]
    pub digest: String,
    /// Which rows of the hub need a `storage_uri`.
    #[serde(skip)]
    pub policy: Policy,
    /// The hub's missing features, each once.
    pub notes: Vec<String>,
    /// So much missing or wrong together that the hub may be looked at in the wrong way; the first few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mass_faults: Vec<String>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The selected findings. Conditions of one kind are alternatives, conditions of different kinds add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub codes: Vec<Code>,
    pub kinds: Vec<Subject>,
    pub grades: Vec<Grade>,
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
}

/// The grouping of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Code,
    Repo,
    Kind,
}

/// Findings that share a code, a repository or a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The code's name, `owner/slug`, or the kind's word.
    pub name: String,
    pub count: u64,
    pub worst: Grade,
    /// How many are of the worst grade.
    pub of_worst: u64,
}

/// The numbers of branches by standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BranchCounts {
    pub fail: u64,
    /// Nothing that stops them was found.
    pub clear: u64,
    /// Not known.
    pub open: u64,
    /// Without a commit.
    pub empty: u64,
    /// The least deep look that a clear one rests on.
    pub depth: Option<Depth>,
}

impl BranchCounts {
    fn add(&mut self, stands: Stands, depth: u8, count: u64) {
        match stands {
            Stands::Fails => self.fail += count,
            Stands::Open => self.open += count,
            Stands::Empty => self.empty += count,
            Stands::Clear => {
                self.clear += count;
                let depth = Depth::numbered(depth);
                self.depth = Some(self.depth.map_or(depth, |least| least.min(depth)));
            }
        }
    }

    /// Returns all of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.fail + self.clear + self.open + self.empty
    }
}

/// The numbers of each repository's branches by standing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    pub hub: BranchCounts,
    /// By `owner/slug`.
    pub repos: BTreeMap<String, BranchCounts>,
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

    /// Counts the branches by standing, by repository and over all.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn standings(&self) -> Result<Standings, AuditError> {
        let mut out = Standings::default();
        for (repo, stands, depth, count) in self.scratch.standing_counts().await? {
            let of_repo = out.repos.entry(repo).or_default();
            of_repo.add(stands, depth, count);
            out.hub.add(stands, depth, count);
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
        };
        let name = |value: String| match by {
            GroupBy::Repo => value,
            GroupBy::Kind => spool::subject(&value).map_or(value, |s| s.word().to_owned()),
            GroupBy::Code => {
                let fault = value.parse::<usize>().ok().and_then(|n| FAULTS.get(n));
                fault.map_or(value, |f| f.name.to_owned())
            }
        };
        let query = self.query(filter);
        let tallies = self.scratch.finding_tallies(&query, column).await?;
        Ok(tallies
            .into_iter()
            .map(|tally| Group {
                name: name(tally.name),
                count: tally.count,
                worst: GRADES[usize::from(tally.worst).min(3)],
                of_worst: tally.of_worst,
            })
            .collect())
    }
}

const GRADES: [Grade; 4] = [Grade::Info, Grade::Warning, Grade::Error, Grade::Critical];

fn numbered(rows: Vec<FindingRow>) -> Vec<Numbered> {
    rows.into_iter()
        .filter_map(|row| {
            Some(Numbered {
                ordinal: row.n as u64,
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

impl Summary {
    /// Collects what is known before the first row is read.
    pub(super) fn begin(store: &Store, depth: Depth) -> Self {
        Self {
            depth,
            policy: store.hub().policy,
            not_judged: FAULTS
                .iter()
                .map(|fault| fault.code)
                .filter(|code| !depth.judges(*code))
                .collect(),
            notes: store.index().capabilities().notes(),
            ..Self::default()
        }
    }

    /// Collects what is known before the first row of one repository is read.
    pub(super) fn begin_repo(&mut self, path: &str) {
        self.repo = Some(path.to_owned());
        self.not_judged.extend(WHOLE_HUB);
        self.not_judged.sort_unstable();
        self.not_judged.dedup();
    }

    /// Counts a row without `storage_uri`, where it could have one.
    pub(super) fn count_unlinked(&mut self, store: &Store, kind: Kind, fate: Fate) {
        if store.index().capabilities().storage_uri(kind) {
            *self.unlinked.entry(fate).or_default() += 1;
            if self.repo.is_some() {
                *self.null_uris.entry(kind.to_string()).or_default() += 1;
            }
        }
    }

    pub(super) fn count_nulls(&mut self, counts: &Counts) {
        for (kind, count) in Kind::ALL.into_iter().zip(counts.null_uris) {
            if let Some(count) = count {
                self.null_uris.insert(kind.to_string(), count);
            }
        }
    }

    /// Adds up what was found.
    pub(super) fn finish(&mut self, groups: &[(String, u64, u8)]) {
        for (code, count, _) in groups {
            let fault = code.parse::<usize>().ok().and_then(|n| FAULTS.get(n));
            if let Some(fault) = fault {
                self.findings.insert(fault.code, *count);
            }
        }
        // Where something speaks against a row its object is read at any depth.
        let found = |code: &Code| self.findings.contains_key(code);
        (self.judged_in_part, self.not_judged) = std::mem::take(&mut self.not_judged)
            .into_iter()
            .partition(found);
    }

    /// Counts anew what a scratch file holds.
    pub(super) async fn recount(&mut self, scratch: &AuditScratch) -> Result<(), AuditError> {
        (self.findings, self.grades) = (BTreeMap::new(), BTreeMap::new());
        self.not_judged.append(&mut self.judged_in_part);
        self.not_judged.sort_unstable();
        self.finish(&scratch.finding_groups(&Default::default(), "code").await?);
        for (_, count, grade) in scratch.finding_groups(&Default::default(), "grade").await? {
            self.add_grade(grade, count);
        }
        Ok(())
    }

    pub(super) fn add_grade(&mut self, grade: u8, count: u64) {
        *self
            .grades
            .entry(GRADES[usize::from(grade).min(3)])
            .or_default() += count;
    }

    /// Returns the last line of `--json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut line = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(map) = &mut line {
            map.insert("type".into(), "summary".into());
        }
        line
    }
}
