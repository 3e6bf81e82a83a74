//! Rows that a database does not show: an audit sees a consistent part of the hub then, and has to say so.

use super::Capabilities;
use super::rows::{Stored, column_here, id_column, table_here};
use super::{BlobRow, BranchRow, CommitRow, ProposalRow, RepoRow, SnapshotRow};
use luthier_object::Kind;
use serde::{Deserialize, Serialize};

/// The reason why rows of a table may be hidden or not be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Row level security filters what this user reads.
    RowSecurity,
    /// A view, which may leave rows out, where a table is expected.
    View,
    /// The rows are on another server or in a module of its own.
    Foreign,
    /// This user may not read the table or some of its columns.
    NoRight,
    /// A schema that is not on the search path has the table.
    OffPath,
    /// More than one schema on the search path has the table.
    Shadowed,
    /// Rows have no id, or share one.
    Ids,
    /// The statistics tell of far more rows than are shown.
    Statistics,
}

impl Why {
    /// Returns whether rows are known to be kept from this user, or nothing shows that none are: then no finding rests
    /// on the absence of a row.
    #[must_use]
    pub const fn hides(self) -> bool {
        !matches!(self, Why::Ids | Why::Statistics)
    }
}

/// A table whose rows are not all shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    pub table: String,
    pub why: Why,
    /// The database's answer, in one sentence.
    pub said: String,
}

impl Hidden {
    pub(super) fn new(table: &str, why: Why, said: impl Into<String>) -> Self {
        Self {
            table: table.to_owned(),
            why,
            said: said.into(),
        }
    }
}

/// The database's knowledge of hidden rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visibility {
    pub hidden: Vec<Hidden>,
    /// The unusual orders of ids, each in one sentence; pages are right all the same.
    pub odd: Vec<String>,
}

/// Returns whether rows of `table` may be kept from this user.
#[must_use]
pub fn is_hidden(hidden: &[Hidden], table: &str) -> bool {
    hidden
        .iter()
        .any(|hidden| hidden.table == table && hidden.why.hides())
}

/// Statistics of fewer rows than this are no reason to doubt a count: small tables are seldom analysed.
pub(super) const FLOOR: f64 = 1_000.0;

/// Returns the warning for statistics with more than twice the rows that were counted.
pub(super) fn of_statistics(table: &str, estimate: f64, counted: u64) -> Option<Hidden> {
    let doubtful = estimate >= FLOOR && (counted as f64) * 2.0 < estimate;
    doubtful.then(|| {
        Hidden::new(
            table,
            Why::Statistics,
            format!(
                "{table} shows {}, but the statistics say about {}; run ANALYZE, or find out why rows are hidden",
                crate::text::plural(counted, "row"),
                crate::text::grouped(estimate as u64)
            ),
        )
    })
}

/// Returns the warning for rows that have no id or share one.
pub(super) fn of_ids(table: &str, column: &str, rows: u64, ids: u64) -> Option<Hidden> {
    let beyond = rows.saturating_sub(ids);
    (beyond > 0).then(|| {
        Hidden::new(
            table,
            Why::Ids,
            format!(
                "{table} has {} and {} of its own: one row of each {column} is read, the rest is not; the table lacks a primary key",
                crate::text::plural(rows, "row"),
                crate::text::plural(ids, column),
            ),
        )
    })
}

/// Tables without which a database is no hub, and their keys.
pub(super) const CORE: [(&str, &str); 5] = [
    ("musehub_repos", "repo_id"),
    ("musehub_branches", "branch_id"),
    ("musehub_commits", "commit_id"),
    ("musehub_snapshots", "snapshot_id"),
    ("musehub_objects", "object_id"),
];

/// Returns whether a database without this table is no hub.
pub(super) fn is_core(table: &str) -> bool {
    CORE.iter().any(|(core, _)| *core == table)
}

/// Returns whether an audit reads this table.
pub(super) fn is_read(table: &str) -> bool {
    const PROPOSALS: [&str; 2] = ["musehub_proposals", "musehub_pull_requests"];
    let refs = Kind::ALL.map(Capabilities::refs_table);
    is_core(table) || PROPOSALS.contains(&table) || refs.contains(&table)
}

/// Returns a table of the hub, and the columns of it that are read, as this hub calls them. The first is its key.
pub(super) fn columns_read(capabilities: &Capabilities) -> Vec<(&'static str, Vec<&'static str>)> {
    fn of<T: Stored>(capabilities: &Capabilities) -> (&'static str, Vec<&'static str>) {
        let table = table_here(capabilities, T::TABLE);
        let columns = T::COLUMNS.iter();
        let here = columns.map(|column| column_here(capabilities, table, column));
        (table, here.collect())
    }
    let mut out = vec![
        of::<RepoRow>(capabilities),
        of::<BranchRow>(capabilities),
        of::<CommitRow>(capabilities),
        of::<SnapshotRow>(capabilities),
        of::<BlobRow>(capabilities),
        of::<ProposalRow>(capabilities),
    ];
    out.extend(Kind::ALL.map(|kind| {
        (
            Capabilities::refs_table(kind),
            vec![id_column(kind), "repo_id"],
        )
    }));
    out
}
