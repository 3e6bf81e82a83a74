//! The database in Postgres.
//!
//! Statements are put together from the hub's catalogue, as for SQLite: what the hub lacks is read as
//! null or empty, and a column is read by whatever type it has. Reading goes through a few connections
//! whose transactions the server keeps read-only, writing through others.

mod browse;
mod cell;
mod columns;
mod edit;
mod insert;
mod land;
mod open;
pub mod place;
mod read;
mod schema;
mod write;

pub use place::Place;

use super::{
    About, BlobRow, BranchRow, Browse, Capabilities, CommitRow, Counts, Index, IndexError,
    IndexMut, Landed, Landing, Link, Listed, MembershipRow, Migration, NewRows, Page, ProposalRow,
    Recache, RepoRow, RowEdit, SnapshotRow,
};
use crate::object::Kind;
use crate::object::time::Micros;
use async_trait::async_trait;
use columns::Columns;
use sqlx::postgres::PgPool;

/// A hub in Postgres.
pub struct Postgres {
    place: Place,
    /// Connections whose transactions are read-only.
    pool: PgPool,
    /// Read-only connections for lists that a person waits for.
    lists: PgPool,
    /// Connections that write; absent when opened for reading.
    writer: Option<PgPool>,
    columns: Columns,
}

impl Postgres {
    fn failed(&self, what: &'static str, error: sqlx::Error) -> IndexError {
        query_error(what, &self.place, error)
    }

    /// Tries a statement on a reading connection.
    #[cfg(test)]
    pub(super) async fn try_sql(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&self.pool).await.map(drop)
    }
}

/// A statement's failure, told with what it was for and what to do.
fn query_error(what: &'static str, place: &Place, error: sqlx::Error) -> IndexError {
    let why = match &error {
        sqlx::Error::Database(e) => {
            let hint = match e.code().as_deref() {
                Some("42501") => "; ask for a role that may do this",
                Some("57014") => {
                    "; it took longer than this session allows, try again when the hub is quieter"
                }
                Some("55P03") => "; another transaction holds the row, try again",
                Some("53100") => "; the database's disk is full",
                Some("40001" | "40P01") => return broken_off(what, e.message()),
                Some(code) if is_lost(code) => return lost(place, e.message()),
                _ => "",
            };
            format!("{}{hint}", e.message())
        }
        sqlx::Error::Io(e) => return lost(place, &e.to_string()),
        sqlx::Error::PoolTimedOut => return lost(place, "no answer in time"),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            return lost(place, "the connection was closed");
        }
        other => other.to_string(),
    };
    IndexError::Query { what, why }
}

/// Whether the server ended the connection or takes none now: it stops, restarts, fails over or has none left.
fn is_lost(code: &str) -> bool {
    code.starts_with("08")
        || matches!(
            code,
            "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04"
        )
}

/// A statement that gave way to another: a standby that had to follow its primary, or a deadlock.
fn broken_off(what: &'static str, told: &str) -> IndexError {
    IndexError::BrokenOff {
        what,
        reason: told
            .trim_start_matches("canceling statement due to ")
            .to_owned(),
        why: format!(
            "{told}; on a standby, set hot_standby_feedback or max_standby_streaming_delay, or read from the primary"
        ),
    }
}

fn lost(place: &Place, why: &str) -> IndexError {
    IndexError::Unreachable {
        what: place.to_string(),
        why: why.to_owned(),
    }
}

#[async_trait]
impl Index for Postgres {
    fn describe(&self) -> String {
        format!("postgres {}", self.place)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.columns.capabilities
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
        sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            .fetch_one(&self.pool)
            .await
            .map_err(|e| self.failed("the time", e))
    }

    async fn close(&self) {
        self.lists.close().await;
        self.pool.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
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

    async fn land(&self, landing: &Landing) -> Result<Landed, IndexError> {
        self.bring(landing).await
    }

    async fn lock_applier(&self) -> Result<Box<dyn Send + Sync>, IndexError> {
        self.lock().await
    }
}
