//! What an audit found: findings spooled on disk, in their final order, and the summary.

use super::fault::{Code, Grade};
use super::{AuditError, Depth, Finding, Subject};
use serde::Serialize;
use std::collections::BTreeMap;

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
    /// Every question had an answer: nothing unknown, nothing left out.
    pub complete: bool,
    pub depth: Depth,
    pub checked: Checked,
    pub findings: BTreeMap<Code, u64>,
    pub grades: BTreeMap<Grade, u64>,
    /// Questions to the store without an answer, and the first few reasons.
    pub unknown: u64,
    pub unknown_because: Vec<String>,
    /// Younger than the grace window: counted, not judged.
    pub too_new: u64,
    /// Rows without `storage_uri` by kind; a kind is absent where the hub has no such column.
    pub null_uris: BTreeMap<String, u64>,
    /// How many ids each scheme reproduced, by `kind scheme`.
    pub schemes: BTreeMap<String, u64>,
    /// Codes that this depth does not pay for.
    pub not_judged: Vec<Code>,
    /// What the hub lacks, each said once.
    pub notes: Vec<String>,
}

/// Which findings are meant. Conditions of one kind are alternatives, conditions of different kinds add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub codes: Vec<Code>,
    pub kinds: Vec<Subject>,
    pub grades: Vec<Grade>,
    pub repo: Option<String>,
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

/// How findings are counted together.
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
}

/// An audit's result.
pub struct Report {
    summary: Summary,
}

impl Report {
    /// The figures.
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
        _filter: &Filter,
        _skip: u64,
        _limit: u32,
    ) -> Result<Vec<Numbered>, AuditError> {
        todo!()
    }

    /// How many findings pass `filter`.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn count(&self, _filter: &Filter) -> Result<u64, AuditError> {
        todo!()
    }

    /// Counts of what passes `filter`, worst first.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn groups(&self, _filter: &Filter, _by: GroupBy) -> Result<Vec<Group>, AuditError> {
        todo!()
    }
}
