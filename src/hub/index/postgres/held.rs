//! Reads the rows of one repository; and a few rows of many, for a sample.

use super::Postgres;
use super::cell::Statement;
use crate::index::held::{HeldRows, location};
use crate::index::rows::{Cells, Stored, column_here, id_column};
use crate::index::{Capabilities, PackedRow, Page};
use luthier_object::Kind;

/// Ids in one statement.
const IDS: usize = 1_000;

impl HeldRows for Postgres {
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
        let id = self.columns.key(table, id);
        let mut ask = Statement::new(format!(
            "SELECT DISTINCT {id} FROM {} AS t WHERE {id} IS NOT NULL AND ",
            self.columns.sql(table)
        ));
        let repo = ask.bind(repo_id.to_owned())?;
        let own = self.columns.text("t", table, "repo_id");
        ask.push(&format!("{own} = {repo}"));
        self.id_page(ask, &id, after, limit).await
    }

    async fn beside(
        &self,
        table: &str,
        kind: Kind,
        column: &str,
        ids: &[String],
    ) -> Result<Vec<(String, Option<String>)>, sqlx::Error> {
        let id = self.columns.key(table, id_column(kind));
        let column = self.columns.text("t", table, column);
        let mut out = Vec::new();
        for chunk in askable(ids).chunks(IDS) {
            let mut ask = Statement::new(format!(
                "SELECT DISTINCT {id}, {column} FROM {} AS t WHERE {id} = ANY(",
                self.columns.sql(table)
            ));
            let list = ask.bind(chunk.to_vec())?;
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
        let table = Capabilities::table(kind);
        let id = self.columns.key(table, id_column(kind));
        let mut out = Vec::new();
        for chunk in askable(ids).chunks(IDS) {
            let mut ask = Statement::new(format!(
                "SELECT {id} FROM {} AS t WHERE {} IS NOT NULL AND {id} = ANY(",
                self.columns.sql(table),
                self.columns.cell("t", table, column)
            ));
            let list = ask.bind(chunk.to_vec())?;
            ask.push(&format!("{list})"));
            out.extend(self.rows(ask, 0, |cells| cells.key()).await?.rows);
        }
        Ok(out)
    }

    async fn repo_indexes(&self, table: &str) -> Result<i64, sqlx::Error> {
        let mut ask = Statement::new(
            "SELECT count(*) FROM pg_index AS i JOIN pg_attribute AS a \
             ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
             WHERE i.indisvalid AND i.indpred IS NULL AND lower(a.attname) = 'repo_id' AND i.indrelid = to_regclass(",
        );
        let name = ask.bind(self.columns.sql(table))?;
        ask.push(&format!("{name})"));
        let found = self.rows(ask, 1, |cells| cells.int()).await?.rows.pop();
        Ok(found.flatten().unwrap_or(0))
    }
}

impl Postgres {
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
            let after = ask.bind(after.to_owned())?;
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
        let id = self.columns.key(table, id_column(kind));
        let mut ask = Statement::new(format!(
            "SELECT {id} FROM {} AS t WHERE ",
            self.columns.sql(table)
        ));
        let (repo, list) = (ask.bind(repo_id.to_owned())?, ask.bind(askable(ids))?);
        let own = self.columns.text("t", table, "repo_id");
        ask.push(&format!("{own} = {repo} AND {id} = ANY({list})"));
        Ok(self.rows(ask, 0, |cells| cells.key()).await?.rows)
    }

    /// Of the next `window` rows behind `after`, the first that says where its object is.
    pub(super) async fn next_located(
        &self,
        kind: Kind,
        after: &str,
        window: u32,
    ) -> Result<Option<(String, String)>, sqlx::Error> {
        let table = Capabilities::table(kind);
        let id = self.columns.key(table, id_column(kind));
        let text = |column| self.columns.text("t", table, column);
        let (uri, disk) = (text("storage_uri"), text("disk_path"));
        let Some(uri) = location(self.offered(), kind, uri, &disk) else {
            return Ok(None);
        };
        let mut ask = Statement::new(format!(
            "SELECT s.id, s.uri FROM (SELECT {id} AS id, {uri} AS uri FROM {} AS t WHERE {id} > ",
            self.columns.sql(table)
        ));
        let after = ask.bind(after.to_owned())?;
        ask.push(&format!(
            "{after} ORDER BY {id} LIMIT {window}) AS s WHERE s.uri IS NOT NULL ORDER BY s.id LIMIT 1"
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
        let id = self.columns.key(PackedRow::TABLE, column);
        let ask = Statement::new(format!(
            "SELECT DISTINCT {id} FROM {} AS t WHERE {id} IS NOT NULL",
            self.columns.sql(PackedRow::TABLE)
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
        let id = self.columns.key(table, id_column(kind));
        let ask = Statement::new(format!(
            "SELECT DISTINCT {id} FROM {} AS t WHERE {id} IS NOT NULL AND {} IS NULL",
            self.columns.sql(table),
            self.columns.text("t", table, "storage_uri")
        ));
        self.id_page(ask, &id, after, limit).await
    }
}

/// Returns the ids that can be asked for: Postgres holds no NUL in a text, and refuses one.
fn askable(ids: &[String]) -> Vec<String> {
    let plain = ids.iter().filter(|id| !id.contains('\0'));
    plain.cloned().collect()
}
