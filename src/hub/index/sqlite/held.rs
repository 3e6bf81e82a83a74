//! Reads the rows of one repository; and a few rows of many, for a sample.

use super::Sqlite;
use super::cell::Statement;
use crate::index::held::{HeldRows, location};
use crate::index::rows::{Cells, Stored, column_here, id_column};
use crate::index::{Capabilities, PackedRow, Page};
use luthier_object::Kind;

/// Ids in one statement.
const IDS: usize = 500;

impl HeldRows for Sqlite {
    fn offered(&self) -> &Capabilities {
        &self.columns.capabilities
    }

    async fn ids_of(
        &self,
        table: &str,
        id: &str,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, sqlx::Error> {
        let text = |column| self.columns.text("t", table, column);
        let (id, own) = (text(id), text("repo_id"));
        let mut ask = Statement::new(format!(
            "SELECT DISTINCT {id} FROM {table} AS t WHERE {id} IS NOT NULL AND {own} = "
        ));
        let repo = ask.bind_key(repo_id);
        ask.push(&repo);
        self.id_page(ask, &id, after, limit).await
    }

    async fn beside(
        &self,
        table: &str,
        kind: Kind,
        column: &str,
        ids: &[String],
    ) -> Result<Vec<(String, Option<String>)>, sqlx::Error> {
        let id = id_column(kind);
        let mut out = Vec::new();
        for chunk in ids.chunks(IDS) {
            let mut ask = Statement::new(format!(
                "SELECT {id}, {column} FROM {table} WHERE {id} IN ("
            ));
            let list = ask.bind_keys(chunk);
            ask.push(&format!("{list})"));
            let read = |cells: &mut dyn Cells<'_>| Ok((cells.key()?, cells.opt_key()?));
            out.extend(self.rows(ask, 0, read).await?.rows);
        }
        Ok(out)
    }

    async fn with_value(
        &self,
        kind: Kind,
        column: &str,
        ids: &[String],
    ) -> Result<Vec<String>, sqlx::Error> {
        let (table, id) = (Capabilities::table(kind), id_column(kind));
        let mut out = Vec::new();
        for chunk in ids.chunks(IDS) {
            let mut ask = Statement::new(format!(
                "SELECT {id} FROM {table} WHERE {column} IS NOT NULL AND {id} IN ("
            ));
            let list = ask.bind_keys(chunk);
            ask.push(&format!("{list})"));
            out.extend(self.rows(ask, 0, |cells| cells.key()).await?.rows);
        }
        Ok(out)
    }

    async fn repo_indexes(&self, table: &str) -> Result<i64, sqlx::Error> {
        let mut ask = Statement::new("SELECT count(*) FROM pragma_index_list(");
        let name = ask.bind(table.to_owned());
        ask.push(&format!(
            "{name}) AS l, pragma_index_info(l.name) AS i \
             WHERE l.partial = 0 AND i.seqno = 0 AND lower(i.name) = 'repo_id'"
        ));
        let found = self.rows(ask, 1, |cells| cells.int()).await?.rows.pop();
        Ok(found.flatten().unwrap_or(0))
    }
}

impl Sqlite {
    /// Runs a statement that gives ids, from `after` on in their order.
    async fn id_page(
        &self,
        mut ask: Statement,
        id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, sqlx::Error> {
        let limit = limit.max(1);
        if let Some(after) = after {
            let after = ask.bind_key(after);
            ask.push(&format!(" AND {id} > {after}"));
        }
        ask.push(&format!(" ORDER BY {id} LIMIT {limit}"));
        self.rows(ask, limit, |cells| cells.key()).await
    }

    /// Of these ids, those that a repository holds.
    pub(super) async fn held_by(
        &self,
        kind: Kind,
        repo_id: &str,
        ids: &[String],
    ) -> Result<Vec<String>, sqlx::Error> {
        let Some(table) = self.columns.capabilities.holding(kind) else {
            return Ok(Vec::new());
        };
        let id = self.columns.text("t", table, id_column(kind));
        let own = self.columns.text("t", table, "repo_id");
        let mut out = Vec::new();
        for chunk in ids.chunks(IDS) {
            let mut ask = Statement::new(format!("SELECT {id} FROM {table} AS t WHERE {own} = "));
            let (repo, list) = (ask.bind_key(repo_id), ask.bind_keys(chunk));
            ask.push(&format!("{repo} AND {id} IN ({list})"));
            out.extend(self.rows(ask, 0, |cells| cells.key()).await?.rows);
        }
        Ok(out)
    }

    /// Of the next `window` rows behind `after`, the first that says where its object is.
    pub(super) async fn next_located(
        &self,
        kind: Kind,
        after: &str,
        window: u32,
    ) -> Result<Option<(String, String)>, sqlx::Error> {
        let table = Capabilities::table(kind);
        let text = |column| self.columns.text("t", table, column);
        let (id, disk) = (text(id_column(kind)), text("disk_path"));
        let Some(uri) = location(self.offered(), kind, text("storage_uri"), &disk) else {
            return Ok(None);
        };
        let mut ask = Statement::new(format!(
            "SELECT id, uri FROM (SELECT {id} AS id, {uri} AS uri FROM {table} AS t WHERE {id} > "
        ));
        let after = ask.bind_key(after);
        ask.push(&format!(
            "{after} ORDER BY {id} LIMIT {window}) WHERE uri IS NOT NULL ORDER BY id LIMIT 1"
        ));
        let read = |cells: &mut dyn Cells<'_>| Ok((cells.key()?, cells.text()?));
        Ok(self.rows(ask, 1, read).await?.rows.pop())
    }

    /// A page of the packs that the index of packs names.
    pub(super) async fn pack_ids(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, sqlx::Error> {
        if !self.columns.capabilities.packs() {
            return Ok(Page::none());
        }
        let column = column_here(self.offered(), PackedRow::TABLE, "mpack_id");
        let id = self.columns.text("t", PackedRow::TABLE, column);
        let ask = Statement::new(format!(
            "SELECT DISTINCT {id} FROM {} AS t WHERE {id} IS NOT NULL",
            PackedRow::TABLE
        ));
        self.id_page(ask, &id, after, limit).await
    }

    /// A page of the ids of rows without `storage_uri`.
    pub(super) async fn ids_unlinked(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, sqlx::Error> {
        if !self.columns.capabilities.storage_uri(kind) {
            return Ok(Page::none());
        }
        let table = Capabilities::table(kind);
        let id = self.columns.text("t", table, id_column(kind));
        let ask = Statement::new(format!(
            "SELECT DISTINCT {id} FROM {table} AS t WHERE {id} IS NOT NULL AND t.storage_uri IS NULL"
        ));
        self.id_page(ask, &id, after, limit).await
    }
}
