//! Two databases over one store, row by row and column by column.
//!
//! Both are walked by key at once, so that memory holds a page of each whatever their size.

use super::AuditError;
use futures_util::{StreamExt, TryStreamExt};
use luthier_hub::index::{
    BlobRow, BranchRow, Capabilities, CommitRow, Index, IndexError, MembershipRow, Pages, RepoRow,
    SnapshotRow,
};
use luthier_hub::progress::Progress;
use luthier_hub::store::columns::{Column, Columns};
use luthier_object::Kind;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

const PAGE: u32 = 500;

/// Longer values are given by their size and hash. 4 KiB.
const TOLD: usize = 4 << 10;

/// A column that two databases disagree on, as text that can be compared: JSON canonical, times in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnDiff {
    pub column: &'static str,
    pub left: Option<String>,
    pub right: Option<String>,
    /// The store alone could say which is right.
    pub carried: bool,
}

/// The difference of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    OnlyLeft,
    OnlyRight,
    Columns(Vec<ColumnDiff>),
}

/// A row that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `repository`, `branch`, `commit`, `snapshot`, `blob`, or a membership of one of the last three.
    pub kind: &'static str,
    /// Of a membership, the id and the repository.
    pub id: String,
    pub change: Change,
}

/// The end of a comparison, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Rows met on either side, by kind.
    pub compared: BTreeMap<&'static str, u64>,
    /// Rows that differ, by kind.
    pub differences: BTreeMap<&'static str, u64>,
    /// Columns that differ and that no object carries, by `kind.column`; no differences unless asked for.
    pub not_carried: BTreeMap<String, u64>,
    /// Columns and tables that one side lacks, so that they were not compared.
    pub not_compared: Vec<String>,
    /// The reasons why a side may not show all of its rows: then nothing is known to be equal.
    pub hidden: Vec<String>,
}

impl Totals {
    /// Counts the rows that differ.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.differences.values().sum()
    }
}

/// A kind of row with its place in the walk.
trait Compared: Columns + Default + Send + Sync {
    const KIND: &'static str;
    const TABLE: &'static str;

    /// Returns the id by which it is found, in the order of the pages.
    fn id(&self) -> String;

    /// Returns the id as it is shown.
    fn told(&self) -> String {
        self.id()
    }

    fn pages(index: &dyn Index) -> Pages<'_, Self>;
}

macro_rules! compared {
    ($($row:ident $kind:literal $table:literal $key:ident $pages:ident)*) => {$(
        impl Compared for $row {
            const KIND: &'static str = $kind;
            const TABLE: &'static str = $table;

            fn id(&self) -> String {
                self.$key.clone()
            }

            fn pages(index: &dyn Index) -> Pages<'_, Self> {
                index.$pages(PAGE)
            }
        }
    )*};
}

compared! {
    RepoRow "repository" "musehub_repos" repo_id repo_pages
    BranchRow "branch" "musehub_branches" branch_id branch_pages
    CommitRow "commit" "musehub_commits" commit_id commit_pages
    SnapshotRow "snapshot" "musehub_snapshots" snapshot_id snapshot_pages
    BlobRow "blob" "musehub_objects" object_id blob_pages
}

/// A membership of one kind: `KIND` is a number, since the row itself does not say.
#[derive(Default)]
struct Member<const KIND: usize>(MembershipRow);

impl<const KIND: usize> Columns for Member<KIND> {
    fn columns(&self) -> Vec<Column> {
        self.0.columns()
    }
}

impl<const KIND: usize> Compared for Member<KIND> {
    const KIND: &'static str = [
        "commit membership",
        "snapshot membership",
        "blob membership",
    ][KIND];
    const TABLE: &'static str = Capabilities::refs_table(Kind::ALL[KIND]);

    fn id(&self) -> String {
        // A NUL sorts before everything, so that the order is that of the two columns.
        format!("{}\0{}", self.0.id, self.0.repo_id)
    }

    fn told(&self) -> String {
        format!("{} in {}", self.0.id, self.0.repo_id)
    }

    fn pages(index: &dyn Index) -> Pages<'_, Self> {
        let pages = index.membership_pages(Kind::ALL[KIND], PAGE);
        let members = |rows: Vec<_>| rows.into_iter().map(Self).collect();
        pages.map_ok(members).boxed()
    }
}

/// Rows of one side, a page at a time.
struct Walk<'a, R> {
    pages: Pages<'a, R>,
    rows: VecDeque<R>,
}

impl<'a, R: Compared> Walk<'a, R> {
    fn new(index: &'a dyn Index) -> Self {
        Self {
            pages: R::pages(index),
            rows: VecDeque::new(),
        }
    }

    /// Makes sure that the next row is at hand, if there is one.
    async fn fill(&mut self) -> Result<(), IndexError> {
        while self.rows.is_empty()
            && let Some(rows) = self.pages.try_next().await?
        {
            self.rows.extend(rows);
        }
        Ok(())
    }
}

/// A comparison under way.
struct Comparison<'a, T> {
    left: &'a dyn Index,
    right: &'a dyn Index,
    /// Columns that no object carries are differences too.
    all: bool,
    progress: &'a Progress,
    totals: Totals,
    tell: T,
}

/// Compares two databases; `tell` hears of each row that differs, in the order of kinds and keys.
/// Unless `all` is set, columns that no object carries are counted and are no differences.
///
/// # Errors
/// A database that cannot be read, cancellation, or whatever `tell` ends with.
pub async fn compare<E: From<AuditError>>(
    left: &dyn Index,
    right: &dyn Index,
    all: bool,
    progress: &Progress,
    tell: impl FnMut(Difference) -> Result<(), E>,
) -> Result<Totals, E> {
    let mut comparison = Comparison {
        left,
        right,
        all,
        progress,
        totals: Totals::default(),
        tell,
    };
    for (side, index) in [("this database", left), ("the other", right)] {
        let seen = index.visibility(true).await.map_err(AuditError::from)?;
        let said = seen.hidden.iter().map(|hidden| &hidden.said);
        let told = said.map(|said| format!("{side}: {said}"));
        comparison.totals.hidden.extend(told);
    }
    comparison.walk::<RepoRow, E>().await?;
    comparison.walk::<BranchRow, E>().await?;
    comparison.walk::<CommitRow, E>().await?;
    comparison.walk::<SnapshotRow, E>().await?;
    comparison.walk::<BlobRow, E>().await?;
    comparison.walk::<Member<0>, E>().await?;
    comparison.walk::<Member<1>, E>().await?;
    comparison.walk::<Member<2>, E>().await?;
    Ok(comparison.totals)
}

impl<T> Comparison<'_, T> {
    async fn walk<R: Compared, E: From<AuditError>>(&mut self) -> Result<(), E>
    where
        T: FnMut(Difference) -> Result<(), E>,
    {
        self.progress.phase(R::KIND, None);
        if [self.left, self.right]
            .iter()
            .any(|index| !index.capabilities().has_table(R::TABLE))
        {
            self.totals.not_compared.push(R::TABLE.to_owned());
            return Ok(());
        }
        let (mut left, mut right) = (Walk::<R>::new(self.left), Walk::<R>::new(self.right));
        let lacking = self.lacking::<R>();
        loop {
            left.fill().await.map_err(AuditError::from)?;
            right.fill().await.map_err(AuditError::from)?;
            let order = match (left.rows.front(), right.rows.front()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => left.id().cmp(&right.id()),
            };
            let one = (order != Ordering::Greater)
                .then(|| left.rows.pop_front())
                .flatten();
            let two = (order != Ordering::Less)
                .then(|| right.rows.pop_front())
                .flatten();
            if let Some(difference) = self.pair(one.as_ref(), two.as_ref(), &lacking) {
                *self.totals.differences.entry(R::KIND).or_default() += 1;
                (self.tell)(difference)?;
            }
            *self.totals.compared.entry(R::KIND).or_default() += 1;
            self.progress.update(|f| f.done += 1);
            self.progress.checkpoint().await.map_err(AuditError::from)?;
        }
    }

    /// Columns that one side does not have.
    fn lacking<R: Compared>(&mut self) -> Vec<String> {
        let has = |index: &dyn Index, column: &str| {
            let older = if column == "manifest_blob" {
                "manifest"
            } else {
                column
            };
            let capabilities = index.capabilities();
            capabilities.has(R::TABLE, column) || capabilities.has(R::TABLE, older)
        };
        let mut out = Vec::new();
        for column in R::names() {
            // Neither hub of today has it, and nobody misses it.
            let sides = [has(self.left, column), has(self.right, column)];
            if sides.contains(&false) {
                out.push(column.to_owned());
            }
            if sides[0] != sides[1] {
                let name = format!("{}.{column}", R::TABLE);
                self.totals.not_compared.push(name);
            }
        }
        out
    }

    /// Compares a row with its counterpart; `None` if nothing differs, or if it does not count.
    fn pair<R: Compared>(
        &mut self,
        left: Option<&R>,
        right: Option<&R>,
        lacking: &[String],
    ) -> Option<Difference> {
        let (id, change) = match (left, right) {
            (Some(left), None) => (left.told(), Change::OnlyLeft),
            (None, Some(right)) => (right.told(), Change::OnlyRight),
            (Some(left), Some(right)) => {
                let columns = self.columns(left, right, lacking);
                (left.told(), Change::Columns(columns))
            }
            (None, None) => return None,
        };
        match &change {
            Change::Columns(columns) if columns.is_empty() => None,
            _ => Some(Difference {
                kind: R::KIND,
                id,
                change,
            }),
        }
    }

    fn columns<R: Compared>(&mut self, left: &R, right: &R, lacking: &[String]) -> Vec<ColumnDiff> {
        let pairs = left.columns().into_iter().zip(right.columns());
        let mut out = Vec::new();
        for (left, right) in pairs {
            if left.value == right.value || lacking.iter().any(|name| name == left.name) {
                continue;
            }
            if !left.carried {
                let name = format!("{}.{}", R::KIND, left.name);
                *self.totals.not_carried.entry(name).or_default() += 1;
            }
            if left.carried || self.all {
                out.push(ColumnDiff {
                    column: left.name,
                    left: left.value.map(shorten),
                    right: right.value.map(shorten),
                    carried: left.carried,
                });
            }
        }
        out
    }
}

fn shorten(text: String) -> String {
    if text.len() <= TOLD {
        return text;
    }
    let hash = hex::encode(Sha256::digest(&text));
    format!("{} bytes, sha256 {hash}", text.len())
}
