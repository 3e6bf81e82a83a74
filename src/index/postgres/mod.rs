//! The database in Postgres.
//!
//! Statements are put together from the hub's catalogue, as for SQLite: what the hub lacks is read as
//! null or empty, and a column is read by whatever type it has. Every statement runs in a transaction of its own
//! (see `sessions`), which the server keeps read-only unless it is there to write.

mod browse;
mod catalogue;
mod cell;
mod columns;
mod commit_writes;
mod edit;
mod errors;
mod held;
mod insert;
mod lock;
mod open;
pub mod pg_url;
mod pooler;
mod read;
mod schema;
mod server;
mod sessions;
mod spelling;
mod visibility;
mod write;

pub use pg_url::PgUrl;

use super::{
    About, BatchOutcome, BlobRow, BranchRow, Browse, Capabilities, CommitRow, Counts, Hidden,
    Index, IndexError, IndexMut, Link, Listed, MembershipRow, Migration, NewRows, Page,
    ProposalRow, Recache, RepoRow, RowEdit, SnapshotRow, Visibility, WriteBatch,
};
use crate::access::Access;
use crate::object::Kind;
use crate::object::time::Micros;
use async_trait::async_trait;
use cell::Statement;
use columns::Columns;
use errors::query_error;
use lock::ApplierState;
use sessions::Sessions;

/// A hub in Postgres.
pub struct Postgres {
    url: PgUrl,
    sessions: Sessions,
    access: Access,
    /// The state of this applier's lock.
    applier: ApplierState,
    columns: Columns,
    /// The rows that this user cannot see, as the catalogue said at connect.
    hidden: Vec<Hidden>,
}

impl Postgres {
    fn failed(&self, what: &'static str, error: sqlx::Error) -> IndexError {
        query_error(what, &self.url, error)
    }

    /// Tries a statement on a reading connection.
    #[cfg(test)]
    pub(super) async fn try_sql(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        let mut session = self.sessions.begin(sessions::Purpose::Read).await?;
        Statement::new(sql)
            .query()
            .execute(&mut *session)
            .await
            .map(drop)
    }
}

#[async_trait]
impl Index for Postgres {
    fn describe(&self) -> String {
        format!("postgres {}", self.url)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.columns.capabilities
    }

    fn hidden(&self) -> &[Hidden] {
        &self.hidden
    }

    async fn visibility(&self, counted: bool) -> Result<Visibility, IndexError> {
        self.look(counted)
            .await
            .map_err(|e| self.failed("which rows are shown", e))
    }

    async fn about(&self) -> Result<About, IndexError> {
        self.tell().await.map_err(|e| self.failed("the version", e))
    }

    async fn migration(&self) -> Result<Migration, IndexError> {
        self.wanted()
            .await
            .map_err(|e| self.failed("the schema", e))
    }

    async fn now(&self) -> Result<Micros, IndexError> {
        let ask =
            Statement::new("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
        let found = self.rows(ask, 1, |cells| cells.int()).await;
        let found = found.map_err(|e| self.failed("the time", e))?;
        Ok(found.rows.first().copied().flatten().unwrap_or_default())
    }

    async fn close(&self) {
        self.sessions.close().await;
    }

    async fn counts(&self) -> Result<Counts, IndexError> {
        self.count_all().await
    }

    async fn repos(&self, after: Option<&str>, limit: u32) -> Result<Page<RepoRow>, IndexError> {
        self.page(after, limit).await
    }

    async fn branches(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<BranchRow>, IndexError> {
        self.page(after, limit).await
    }

    async fn commits(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<CommitRow>, IndexError> {
        self.page(after, limit).await
    }

    async fn snapshots(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<SnapshotRow>, IndexError> {
        self.page(after, limit).await
    }

    async fn blobs(&self, after: Option<&str>, limit: u32) -> Result<Page<BlobRow>, IndexError> {
        self.page(after, limit).await
    }

    async fn proposals(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<ProposalRow>, IndexError> {
        self.page(after, limit).await
    }

    async fn memberships(
        &self,
        kind: Kind,
        after: Option<&MembershipRow>,
        limit: u32,
    ) -> Result<Page<MembershipRow>, IndexError> {
        self.membership_page(kind, after, limit)
            .await
            .map_err(|e| self.failed("memberships", e))
    }

    async fn commits_by_id(&self, ids: &[String]) -> Result<Vec<CommitRow>, IndexError> {
        self.by_id(ids).await
    }

    async fn snapshots_by_id(&self, ids: &[String]) -> Result<Vec<SnapshotRow>, IndexError> {
        self.by_id(ids).await
    }

    async fn blobs_by_id(&self, ids: &[String]) -> Result<Vec<BlobRow>, IndexError> {
        self.by_id(ids).await
    }

    async fn proposal_by_id(&self, id: &str) -> Result<Option<ProposalRow>, IndexError> {
        Ok(self.by_id::<ProposalRow>(&[id.to_owned()]).await?.pop())
    }

    async fn held_by(
        &self,
        kind: Kind,
        repo_id: &str,
        ids: &[String],
    ) -> Result<Vec<String>, IndexError> {
        self.held(kind, repo_id, ids)
            .await
            .map_err(|e| self.failed("who holds rows", e))
    }

    async fn ids_held(
        &self,
        kind: Kind,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, IndexError> {
        let page = self.held_page(kind, repo_id, after, limit).await;
        page.map_err(|e| self.failed("a repository's rows", e))
    }

    async fn holders_of(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<MembershipRow>, IndexError> {
        let found = self.holding_repos(kind, ids).await;
        found.map_err(|e| self.failed("who holds rows", e))
    }

    async fn ids_with_row(&self, kind: Kind, ids: &[String]) -> Result<Vec<String>, IndexError> {
        let found = self.that_exist(kind, ids).await;
        found.map_err(|e| self.failed("which rows there are", e))
    }

    async fn proposals_of(
        &self,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<ProposalRow>, IndexError> {
        let page = self.proposal_page(repo_id, after, limit).await;
        let page = page.map_err(|e| self.failed("a repository's proposals", e))?;
        let mut rows = self.by_id::<ProposalRow>(&page.rows).await?;
        rows.sort_by(|a, b| a.proposal_id.cmp(&b.proposal_id));
        Ok(Page {
            rows,
            end: page.end,
        })
    }

    async fn next_located(
        &self,
        kind: Kind,
        after: &str,
        window: u32,
    ) -> Result<Option<(String, String)>, IndexError> {
        let found = Self::next_located(self, kind, after, window).await;
        found.map_err(|e| self.failed("a sample of rows", e))
    }

    async fn ids_unlinked(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, IndexError> {
        let page = self.unlinked_page(kind, after, limit).await;
        page.map_err(|e| self.failed("rows without storage_uri", e))
    }

    async fn without_repo_index(&self) -> Result<Vec<String>, IndexError> {
        let found = Self::without_repo_index(self).await;
        found.map_err(|e| self.failed("the indexes", e))
    }

    async fn repo_by_id(&self, repo_id: &str) -> Result<Option<RepoRow>, IndexError> {
        Ok(self.by_id::<RepoRow>(&[repo_id.to_owned()]).await?.pop())
    }

    async fn repo_by_path(&self, owner: &str, slug: &str) -> Result<Option<RepoRow>, IndexError> {
        self.find_repo(owner, slug)
            .await
            .map_err(|e| self.failed("a repository by its path", e))
    }

    async fn branches_of(
        &self,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<BranchRow>, IndexError> {
        self.branch_page(repo_id, after, limit)
            .await
            .map_err(|e| self.failed("a repository's branches", e))
    }

    async fn ids_with_prefix(
        &self,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<(Kind, String)>, IndexError> {
        self.prefixed(prefix, limit)
            .await
            .map_err(|e| self.failed("ids by their beginning", e))
    }

    async fn browse(&self, ask: &Browse) -> Result<Page<Listed>, IndexError> {
        self.list(ask)
            .await
            .map_err(|e| self.failed("a list of rows", e))
    }

    async fn browse_count(&self, ask: &Browse) -> Result<u64, IndexError> {
        self.list_count(ask)
            .await
            .map_err(|e| self.failed("the length of a list of rows", e))
    }

    async fn repo_counts(&self, repo_ids: &[String]) -> Result<Vec<(u64, u64)>, IndexError> {
        self.counts_by_repo(repo_ids)
            .await
            .map_err(|e| self.failed("counts by repository", e))
    }
}

#[async_trait]
impl IndexMut for Postgres {
    async fn set_storage_uri(&self, kind: Kind, links: &[Link]) -> Result<Vec<String>, IndexError> {
        self.link(kind, links).await
    }

    async fn set_cache(&self, recache: &Recache) -> Result<bool, IndexError> {
        self.recache(recache).await
    }

    async fn set_cells(&self, edit: &RowEdit) -> Result<bool, IndexError> {
        self.edit(edit).await
    }

    async fn insert(&self, rows: &NewRows) -> Result<(), IndexError> {
        self.add(rows).await
    }

    async fn migrate(&self, migration: &Migration) -> Result<(), IndexError> {
        self.run_migration(migration).await
    }

    async fn commit_writes(&self, batch: &WriteBatch) -> Result<BatchOutcome, IndexError> {
        self.bring(batch).await
    }

    async fn lock_applier(&self) -> Result<Box<dyn Send + Sync>, IndexError> {
        self.lock().await
    }
}
