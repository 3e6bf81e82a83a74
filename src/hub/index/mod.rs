//! The database behind one trait.
//!
//! [`Index`] reads rows as the hub has them: text stays text, JSON stays unparsed, and what a column
//! holds is judged in `store/` and `audit/`. The crate-private `IndexMut` changes rows, always naming
//! the value that was seen; `store/` alone uses it.

mod added;
mod answers;
mod any_row;
pub mod audit_scratch;
mod browse;
pub mod capabilities;
pub mod changes;
mod editable;
mod embedded;
mod error;
mod held;
pub mod hidden;
mod key;
mod listing;
pub mod pages;
pub mod plain;
pub mod postgres;
pub(crate) mod reads;
pub mod rebuild_scratch;
mod row_types;
mod rows;
pub mod schema;
mod scratch_file;
mod scratch_trouble;
pub mod server;
pub mod sqlite;
mod statement;

pub use any_row::AnyRow;
pub use browse::{Browse, Edge, Listed};
pub use capabilities::Capabilities;
pub use changes::{
    BatchOutcome, CellEdit, HeadMove, Link, Merged, NewRows, PackedEdit, Recache, RowEdit,
    WriteBatch,
};
pub use editable::EditableColumn;
pub use embedded::HubEra;
pub use error::IndexError;
pub use hidden::{Hidden, Visibility};
pub use pages::Pages;
pub use postgres::Postgres;
pub use row_types::{
    About, BlobRow, BranchRow, CommitRow, Counts, FetchPackRow, JobRow, MembershipRow, PackedRow,
    Page, ProposalRow, RepoRow, SnapshotRow,
};
pub use schema::Migration;
pub use server::ServerState;
pub use sqlite::Sqlite;

use async_trait::async_trait;
use luthier_object::Kind;
use luthier_object::time::Micros;
use plain::Place;

/// The largest cell that is read: a longer one is reported as oversized, never loaded. 256 MiB.
pub const MAX_CELL: u64 = 256 << 20;

/// The most bytes of cells on a page. 16 MiB.
pub const PAGE_BYTES: usize = 16 << 20;

/// Reads rows. Pages are in the order of the primary key, behind `after`: of its bytes, or in a Postgres hub whose
/// texts are sorted by a language, of that language.
#[async_trait]
pub trait Index: Send + Sync {
    /// Returns the database in a few words for a person, without secrets.
    fn describe(&self) -> String;
    /// Returns what this hub's tables and columns offer, read at connect.
    fn capabilities(&self) -> &Capabilities;
    /// Returns which rows this user cannot see, as the catalogue said at connect.
    fn hidden(&self) -> &[Hidden];
    /// Refuses a database that is no longer where it was opened: nothing that was read from it or written to it counts.
    ///
    /// # Errors
    /// [`IndexError::Gone`].
    fn in_place(&self) -> Result<(), IndexError> {
        Ok(())
    }
    /// Asks the catalogue again what is not shown. With `counted`, the rows of each table that its statistics
    /// or its lack of a key make doubtful are counted as well, which takes as long as the table is large.
    async fn visibility(&self, counted: bool) -> Result<Visibility, IndexError>;
    /// Describes the server and the rights of this user, for the doctor.
    async fn about(&self) -> Result<About, IndexError>;
    /// Returns the additive migration that this hub still needs; empty where it needs none.
    async fn migration(&self) -> Result<Migration, IndexError>;
    /// Returns the database's clock.
    async fn now(&self) -> Result<Micros, IndexError>;
    /// Ends every connection, so that a file that is copied afterwards is whole.
    async fn close(&self);
    /// Counts of every table.
    async fn counts(&self) -> Result<Counts, IndexError>;

    async fn repos(&self, after: Option<&str>, limit: u32) -> Result<Page<RepoRow>, IndexError>;
    async fn branches(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<BranchRow>, IndexError>;
    async fn commits(&self, after: Option<&str>, limit: u32)
    -> Result<Page<CommitRow>, IndexError>;
    async fn snapshots(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<SnapshotRow>, IndexError>;
    async fn blobs(&self, after: Option<&str>, limit: u32) -> Result<Page<BlobRow>, IndexError>;
    /// Returns the next rows of a walk over all commits; a walk ends with an error where the database cannot go on.
    async fn walk_commits(
        &self,
        from: Option<&Place>,
        limit: u32,
    ) -> Result<plain::Commits, IndexError>;
    async fn walk_snapshots(
        &self,
        from: Option<&Place>,
        limit: u32,
    ) -> Result<plain::Snapshots, IndexError>;
    async fn walk_blobs(
        &self,
        from: Option<&Place>,
        limit: u32,
    ) -> Result<plain::Blobs, IndexError>;
    async fn proposals(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<ProposalRow>, IndexError>;
    /// Memberships of one kind, behind (`id`, `repo_id`); empty where the hub has no such table.
    async fn memberships(
        &self,
        kind: Kind,
        after: Option<&MembershipRow>,
        limit: u32,
    ) -> Result<Page<MembershipRow>, IndexError>;

    /// Returns the rows with these ids that exist, in no order.
    async fn commits_by_id(&self, ids: &[String]) -> Result<Vec<CommitRow>, IndexError>;
    async fn snapshots_by_id(&self, ids: &[String]) -> Result<Vec<SnapshotRow>, IndexError>;
    async fn blobs_by_id(&self, ids: &[String]) -> Result<Vec<BlobRow>, IndexError>;
    /// Returns every row of the index of packs with one of these object ids, in no order; none where the hub has no
    /// such table.
    async fn packed_by_id(&self, ids: &[String]) -> Result<Vec<PackedRow>, IndexError>;
    /// Returns the pack ids that the index of packs names, in their order, as they are spelled.
    async fn pack_ids(&self, after: Option<&str>, limit: u32) -> Result<Page<String>, IndexError>;
    /// Returns the hub's background jobs; none where it has no such table.
    async fn jobs(&self, after: Option<&str>, limit: u32) -> Result<Page<JobRow>, IndexError>;
    /// Returns the packs that were prepared for a fetch; none where the hub has no such table.
    async fn fetch_packs(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<FetchPackRow>, IndexError>;
    /// Returns the bytes that a blob's row keeps in `content_cache`; `None` where it keeps none.
    async fn cached_content(&self, id: &str) -> Result<Option<Vec<u8>>, IndexError>;
    /// Of these blobs, those whose row keeps bytes in `content_cache`, in no order.
    async fn ids_cached(&self, ids: &[String]) -> Result<Vec<String>, IndexError>;
    /// Returns a proposal by its id; `None` where it has no row.
    async fn proposal_by_id(&self, id: &str) -> Result<Option<ProposalRow>, IndexError>;
    /// Of these ids, those that the repository holds: by membership where the hub keeps it, by the row's
    /// own `repo_id` else. In no order.
    async fn held_by(
        &self,
        kind: Kind,
        repo_id: &str,
        ids: &[String],
    ) -> Result<Vec<String>, IndexError>;
    /// Ids that a repository holds, in their order; who holds a row is said as in [`Index::held_by`].
    async fn ids_held(
        &self,
        kind: Kind,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, IndexError>;
    /// Returns the repositories that hold each of these ids, in no order.
    async fn holders_of(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<MembershipRow>, IndexError>;
    /// Of these ids, those that have a row; in no order.
    async fn ids_with_row(&self, kind: Kind, ids: &[String]) -> Result<Vec<String>, IndexError>;
    /// Returns a repository's proposals, in the order of their ids.
    async fn proposals_of(
        &self,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<ProposalRow>, IndexError>;
    /// Of the next `window` rows behind the id `after`, the first that says where its object is, with what it
    /// says: its `storage_uri`, or `local://` and the `disk_path` of an old hub.
    async fn next_located(
        &self,
        kind: Kind,
        after: &str,
        window: u32,
    ) -> Result<Option<(String, String)>, IndexError>;
    /// Ids of rows without `storage_uri`, in their order; none where the hub has no such column.
    async fn ids_unlinked(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, IndexError>;
    /// Returns the tables that say which repository a row belongs to, and have no index for it.
    async fn without_repo_index(&self) -> Result<Vec<String>, IndexError>;
    /// Returns a repository by its id; `None` where it has no row.
    async fn repo_by_id(&self, repo_id: &str) -> Result<Option<RepoRow>, IndexError>;
    /// Returns a repository by its path; one that lives before one that was deleted.
    async fn repo_by_path(&self, owner: &str, slug: &str) -> Result<Option<RepoRow>, IndexError>;
    /// Returns the branches of a repository by name, behind the name `after`. Branches that share a name are never
    /// parted, so that a page may hold more rows than `limit`.
    async fn branches_of(
        &self,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<BranchRow>, IndexError>;
    /// Commits, snapshots and blobs whose id starts with `prefix` or with `sha256:` + `prefix`.
    async fn ids_with_prefix(
        &self,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<(Kind, String)>, IndexError>;
    /// Returns a page of a browsing list; `end` says that none follow in the asked direction.
    async fn browse(&self, ask: &Browse) -> Result<Page<Listed>, IndexError>;
    /// Counts the rows of a browsing list.
    async fn browse_count(&self, ask: &Browse) -> Result<u64, IndexError>;
    /// Branches and commits of each repository asked for, in the order asked.
    async fn repo_counts(&self, repo_ids: &[String]) -> Result<Vec<(u64, u64)>, IndexError>;
}

/// Changes rows; can be reached from `store/` only.
#[async_trait]
pub(crate) trait IndexMut: Index {
    /// Compare-and-set of `storage_uri` in one transaction; gives back the ids that were changed.
    async fn set_storage_uri(&self, kind: Kind, links: &[Link]) -> Result<Vec<String>, IndexError>;
    /// Compare-and-set of a snapshot's cache; `false` where the row is no longer what was seen.
    async fn set_cache(&self, recache: &Recache) -> Result<bool, IndexError>;
    /// Compare-and-set of a row's cells; `false` where the row is no longer what was seen, or is gone.
    async fn set_cells(&self, edit: &RowEdit) -> Result<bool, IndexError>;
    /// Compare-and-set of a range in the index of packs; `false` where the row is no longer what was seen.
    async fn set_packed(&self, edit: &PackedEdit) -> Result<bool, IndexError>;
    /// Adds rows; all of them or none.
    async fn insert(&self, rows: &NewRows) -> Result<(), IndexError>;
    /// Runs the statements of a migration, one by one. What has been added stays if a later one fails.
    async fn migrate(&self, migration: &Migration) -> Result<(), IndexError>;
    /// Lands what a write site brings in one transaction, which excludes others of the same repository.
    async fn commit_writes(&self, batch: &WriteBatch) -> Result<BatchOutcome, IndexError>;
    /// Marks a repository as deleted; `false` where it is marked already, or has no row.
    async fn mark_deleted(&self, repo_id: &str, at: &str) -> Result<bool, IndexError>;
    /// Takes the hub's one lock for appliers, held until the guard is dropped.
    async fn lock_applier(&self) -> Result<Box<dyn Send + Sync>, IndexError>;
}

#[cfg(test)]
#[path = "../../../tests/index/cells.rs"]
mod cells_tests;
#[cfg(test)]
#[path = "../../../tests/index/postgres.rs"]
mod postgres_tests;
#[cfg(test)]
#[path = "../../../tests/index/schemas.rs"]
mod schemas_tests;
#[cfg(test)]
#[path = "../../../tests/index/shown.rs"]
mod shown_tests;
#[cfg(test)]
#[path = "../../../tests/index/sqlite_schemas.rs"]
mod sqlite_schemas_tests;
#[cfg(test)]
#[path = "../../../tests/index/sqlite.rs"]
mod sqlite_tests;
#[cfg(test)]
#[path = "../../../tests/index/suite.rs"]
pub(crate) mod suite;
