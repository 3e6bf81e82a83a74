//! The rows of one repository, and a few rows of many: what is the same for every database.

use super::rows::{column_here, id_column, table_here};
use super::{Capabilities, MembershipRow, Page};
use luthier_object::Kind;
use std::future::Future;

/// A page of one query.
type Found<T> = Result<T, sqlx::Error>;

/// The statements that differ between the databases.
pub(super) trait HeldRows: Sync {
    /// Returns the tables and columns that the hub has.
    fn offered(&self) -> &Capabilities;

    /// Returns a page of a table's ids beside a repository.
    fn ids_of(
        &self,
        table: &str,
        id: &str,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Found<Page<String>>> + Send;

    /// Returns one column beside each of these ids.
    fn beside(
        &self,
        table: &str,
        kind: Kind,
        column: &str,
        ids: &[String],
    ) -> impl Future<Output = Found<Vec<(String, Option<String>)>>> + Send;

    /// Returns those of these ids whose row has a value in a column.
    fn with_value(
        &self,
        kind: Kind,
        column: &str,
        ids: &[String],
    ) -> impl Future<Output = Found<Vec<String>>> + Send;

    /// Counts the indexes of a table that start with `repo_id`.
    fn repo_indexes(&self, table: &str) -> impl Future<Output = Found<i64>> + Send;
}

/// Returns a page of the ids that a repository holds.
pub(super) async fn ids_held(
    hub: &impl HeldRows,
    kind: Kind,
    repo_id: &str,
    after: Option<&str>,
    limit: u32,
) -> Found<Page<String>> {
    match hub.offered().holding(kind) {
        Some(table) => {
            hub.ids_of(table, id_column(kind), repo_id, after, limit)
                .await
        }
        None => Ok(Page::none()),
    }
}

/// Returns who holds each of these ids.
pub(super) async fn holders_of(
    hub: &impl HeldRows,
    kind: Kind,
    ids: &[String],
) -> Found<Vec<MembershipRow>> {
    let Some(table) = hub.offered().holding(kind) else {
        return Ok(Vec::new());
    };
    let found = hub.beside(table, kind, "repo_id", ids).await?;
    let held = found.into_iter().filter_map(|(id, repo_id)| {
        let repo_id = repo_id?;
        Some(MembershipRow { id, repo_id })
    });
    Ok(held.collect())
}

/// Returns those of these ids that have a row.
pub(super) async fn ids_with_row(
    hub: &impl HeldRows,
    kind: Kind,
    ids: &[String],
) -> Found<Vec<String>> {
    let (table, id) = (Capabilities::table(kind), id_column(kind));
    if !hub.offered().has_table(table) {
        return Ok(Vec::new());
    }
    let found = hub.beside(table, kind, id, ids).await?;
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

/// Returns those of these blobs whose row keeps bytes.
pub(super) async fn ids_cached(hub: &impl HeldRows, ids: &[String]) -> Found<Vec<String>> {
    match hub.offered().content_cache() {
        true => hub.with_value(Kind::Blob, "content_cache", ids).await,
        false => Ok(Vec::new()),
    }
}

/// Returns a page of the ids of a repository's proposals.
pub(super) async fn proposal_page(
    hub: &impl HeldRows,
    repo_id: &str,
    after: Option<&str>,
    limit: u32,
) -> Found<Page<String>> {
    let offered = hub.offered();
    let table = table_here(offered, "musehub_proposals");
    if !offered.has_table(table) {
        return Ok(Page::none());
    }
    let id = column_here(offered, table, "proposal_id");
    hub.ids_of(table, id, repo_id, after, limit).await
}

/// Returns the tables that say which repository a row belongs to, and have no index that starts with it.
pub(super) async fn without_repo_index(hub: &impl HeldRows) -> Found<Vec<String>> {
    let mut out = Vec::new();
    for table in Kind::ALL
        .into_iter()
        .filter_map(|kind| hub.offered().holding(kind))
    {
        if hub.repo_indexes(table).await? == 0 {
            out.push(table.to_owned());
        }
    }
    Ok(out)
}

/// Returns the SQL for where a row says its object is, given that of both columns that may say it; `None` where the
/// hub has neither.
pub(super) fn location(
    offered: &Capabilities,
    kind: Kind,
    uri: String,
    disk: &str,
) -> Option<String> {
    let disk_path = kind == Kind::Blob && offered.has(Capabilities::table(kind), "disk_path");
    match (offered.storage_uri(kind), disk_path) {
        (true, true) => Some(format!("coalesce({uri}, 'local://' || nullif({disk}, ''))")),
        (true, false) => Some(uri),
        (false, true) => Some(format!("'local://' || nullif({disk}, '')")),
        (false, false) => None,
    }
}
