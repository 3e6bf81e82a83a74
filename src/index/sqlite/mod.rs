//! The database in an SQLite file.
//!
//! Statements are put together from the hub's [`Capabilities`]: a column that the hub lacks is read as
//! null, a table that it lacks as empty. Reading goes through a few read-only connections, writing
//! through one of its own.

mod browse;
mod cell;
mod columns;
mod commit_writes;
mod edit;
mod held;
mod insert;
mod open;
mod read;
mod rows;
mod schema;
mod visibility;
mod write;

use super::{
    About, BatchOutcome, BlobRow, BranchRow, Browse, Capabilities, CommitRow, Counts, Hidden,
    Index, IndexError, IndexMut, Link, Listed, MembershipRow, Migration, NewRows, Page,
    ProposalRow, Recache, RepoRow, RowEdit, SnapshotRow, Visibility, WriteBatch,
};
use crate::object::Kind;
use crate::object::time::Micros;
use async_trait::async_trait;
use columns::Columns;
use sqlx::sqlite::SqlitePool;
use std::path::PathBuf;

/// A hub in an SQLite file.
pub struct Sqlite {
    /// The path as it was given.
    what: String,
    /// The path with every link resolved.
    path: PathBuf,
    /// Read-only connections.
    pool: SqlitePool,
    /// Read-only connections for lists that a person waits for.
    lists: SqlitePool,
    /// The one connection that writes; absent when opened for reading.
    writer: Option<SqlitePool>,
    columns: Columns,
    /// Tables that are none, as the catalogue told when the file was opened.
    hidden: Vec<Hidden>,
    /// The file is read without locks, since its folder cannot be written to.
    immutable: bool,
}

impl Sqlite {
    fn refuses_null(&self, table: &str, column: &str) -> bool {
        self.columns
            .get(table, column)
            .is_some_and(|column| column.refuses_null)
    }

    /// Returns SQLite's plan for a statement, one step per line.
    #[cfg(test)]
    pub(super) async fn explain(&self, sql: &str) -> String {
        let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let rows: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        let steps: Vec<String> = rows.into_iter().map(|(.., step)| step).collect();
        steps.join("\n")
    }

    /// Tries a statement on a reading connection.
    #[cfg(test)]
    pub(super) async fn try_sql(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&self.pool).await.map(drop)
    }
}

/// Returns a statement's failure, told with what it was for.
fn query_error(what: &'static str) -> impl Fn(sqlx::Error) -> IndexError {
    move |e| {
        let why = match &e {
            // The hub itself writes, or another program: it ends some time.
            sqlx::Error::Database(e) if open::is_busy(e.as_ref()) => {
                return IndexError::BrokenOff {
                    what,
                    reason: e.message().to_owned(),
                    why: format!("{}; another program writes to the file", e.message()),
                };
            }
            sqlx::Error::Database(e) => e.message().to_owned(),
            other => other.to_string(),
        };
        IndexError::Query { what, why }
    }
}

#[async_trait]
impl Index for Sqlite {
    fn describe(&self) -> String {
        let how = if self.immutable { ", immutable" } else { "" };
        format!("sqlite {}{how}", self.what)
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
            .map_err(query_error("which rows are shown"))
    }

    async fn about(&self) -> Result<About, IndexError> {
        self.tell().await.map_err(query_error("the version"))
    }

    async fn migration(&self) -> Result<Migration, IndexError> {
        self.wanted().await.map_err(query_error("the schema"))
    }

    async fn now(&self) -> Result<Micros, IndexError> {
        sqlx::query_scalar("SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000")
            .fetch_one(&self.pool)
            .await
            .map_err(query_error("the time"))
    }

    async fn close(&self) {
        self.lists.close().await;
        self.pool.close().await;
        // The last connection to go folds the write-ahead log into the file; it must be able to write.
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    async fn counts(&self) -> Result<Counts, IndexError> {
        self.count_all().await.map_err(query_error("counts"))
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
            .map_err(query_error("memberships"))
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
            .map_err(query_error("who holds rows"))
    }

    async fn ids_held(
        &self,
        kind: Kind,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, IndexError> {
        let page = self.held_page(kind, repo_id, after, limit).await;
        page.map_err(query_error("a repository's rows"))
    }

    async fn holders_of(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<MembershipRow>, IndexError> {
        let found = self.holding_repos(kind, ids).await;
        found.map_err(query_error("who holds rows"))
    }

    async fn ids_with_row(&self, kind: Kind, ids: &[String]) -> Result<Vec<String>, IndexError> {
        let found = self.that_exist(kind, ids).await;
        found.map_err(query_error("which rows there are"))
    }

    async fn proposals_of(
        &self,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<ProposalRow>, IndexError> {
        let page = self.proposal_page(repo_id, after, limit).await;
        let page = page.map_err(query_error("a repository's proposals"))?;
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
        found.map_err(query_error("a sample of rows"))
    }

    async fn ids_unlinked(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, IndexError> {
        let page = self.unlinked_page(kind, after, limit).await;
        page.map_err(query_error("rows without storage_uri"))
    }

    async fn without_repo_index(&self) -> Result<Vec<String>, IndexError> {
        let found = Self::without_repo_index(self).await;
        found.map_err(query_error("the indexes"))
    }

    async fn repo_by_id(&self, repo_id: &str) -> Result<Option<RepoRow>, IndexError> {
        Ok(self.by_id::<RepoRow>(&[repo_id.to_owned()]).await?.pop())
    }

    async fn repo_by_path(&self, owner: &str, slug: &str) -> Result<Option<RepoRow>, IndexError> {
        self.find_repo(owner, slug)
            .await
            .map_err(query_error("a repository by its path"))
    }

    async fn branches_of(
        &self,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<BranchRow>, IndexError> {
        self.branch_page(repo_id, after, limit)
            .await
            .map_err(query_error("a repository's branches"))
    }

    async fn ids_with_prefix(
        &self,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<(Kind, String)>, IndexError> {
        self.prefixed(prefix, limit)
            .await
            .map_err(query_error("ids by their beginning"))
    }

    async fn browse(&self, ask: &Browse) -> Result<Page<Listed>, IndexError> {
        self.list(ask).await.map_err(query_error("a list of rows"))
    }

    async fn browse_count(&self, ask: &Browse) -> Result<u64, IndexError> {
        self.list_count(ask)
            .await
            .map_err(query_error("the length of a list of rows"))
    }

    async fn repo_counts(&self, repo_ids: &[String]) -> Result<Vec<(u64, u64)>, IndexError> {
        self.counts_by_repo(repo_ids)
            .await
            .map_err(query_error("counts by repository"))
    }
}

#[async_trait]
impl IndexMut for Sqlite {
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
