//! Reads the rows of one repository; and a few rows of many, for a sample.

use super::Postgres;
use super::cell::Statement;
use super::read::nothing;
use crate::index::rows::{Cells, column_here, id_column, table_here};
use crate::index::{Capabilities, MembershipRow, Page};
use luthier_object::Kind;

/// Ids in one statement.
const IDS: usize = 1_000;

impl Postgres {
    /// Returns the table that says which repository a row of `kind` belongs to; `None` where none does.
    fn holding(&self, kind: Kind) -> Option<&'static str> {
        let capabilities = &self.columns.capabilities;
        let table = match capabilities.refs(kind) {
            true => Capabilities::refs_table(kind),
            false => Capabilities::table(kind),
        };
        capabilities.has(table, "repo_id").then_some(table)
    }

    /// A page of the ids that a repository holds.
    pub(super) async fn ids_held(
        &self,
        kind: Kind,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, sqlx::Error> {
        let Some(table) = self.holding(kind) else {
            return Ok(nothing());
        };
        self.ids_of(table, id_column(kind), repo_id, after, limit)
            .await
    }

    /// Returns a page of a table's ids beside a repository.
    async fn ids_of(
        &self,
        table: &str,
        id: &str,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, sqlx::Error> {
        let id = self.columns.key(table, id);
        let limit = limit.max(1);
        let mut ask = Statement::new(format!(
            "SELECT DISTINCT {id} FROM {} AS t WHERE {id} IS NOT NULL AND ",
            self.columns.sql(table)
        ));
        let repo = ask.bind(repo_id.to_owned())?;
        let own = self.columns.text("t", table, "repo_id");
        ask.push(&format!("{own} = {repo}"));
        if let Some(after) = after {
            let after = ask.bind(after.to_owned())?;
            ask.push(&format!(" AND {id} > {after}"));
        }
        ask.push(&format!(" ORDER BY {id} LIMIT {limit}"));
        self.rows(ask, limit, |cells| cells.key()).await
    }

    /// Who holds each of these ids.
    pub(super) async fn holders_of(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<MembershipRow>, sqlx::Error> {
        let Some(table) = self.holding(kind) else {
            return Ok(Vec::new());
        };
        let found = self.beside(table, kind, "repo_id", ids).await?;
        let held = found.into_iter().filter_map(|(id, repo_id)| {
            let repo_id = repo_id?;
            Some(MembershipRow { id, repo_id })
        });
        Ok(held.collect())
    }

    /// Of these ids, those that have a row.
    pub(super) async fn ids_with_row(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<String>, sqlx::Error> {
        let (table, id) = (Capabilities::table(kind), id_column(kind));
        if !self.columns.capabilities.has_table(table) {
            return Ok(Vec::new());
        }
        let found = self.beside(table, kind, id, ids).await?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    /// One column beside each of these ids.
    async fn beside(
        &self,
        table: &str,
        kind: Kind,
        column: &str,
        ids: &[String],
    ) -> Result<Vec<(String, Option<String>)>, sqlx::Error> {
        let id = self.columns.key(table, id_column(kind));
        let column = self.columns.text("t", table, column);
        // Postgres holds no NUL in a text, and refuses to be asked for one.
        let ids: Vec<&String> = ids.iter().filter(|id| !id.contains('\0')).collect();
        let mut out = Vec::new();
        for chunk in ids.chunks(IDS) {
            let chunk: Vec<String> = chunk.iter().map(|id| (*id).clone()).collect();
            let mut ask = Statement::new(format!(
                "SELECT DISTINCT {id}, {column} FROM {} AS t WHERE {id} = ANY(",
                self.columns.sql(table)
            ));
            let list = ask.bind(chunk)?;
            ask.push(&format!("{list})"));
            let read = |cells: &mut dyn Cells| Ok((cells.key()?, cells.opt_key()?));
            out.extend(self.rows(ask, 0, read).await?.rows);
        }
        Ok(out)
    }

    /// Returns a page of the ids of a repository's proposals.
    pub(super) async fn proposal_page(
        &self,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, sqlx::Error> {
        let capabilities = &self.columns.capabilities;
        let table = table_here(capabilities, "musehub_proposals");
        if !capabilities.has_table(table) {
            return Ok(nothing());
        }
        let id = column_here(capabilities, table, "proposal_id");
        self.ids_of(table, id, repo_id, after, limit).await
    }

    /// Of the next `window` rows behind `after`, the first that says where its object is.
    pub(super) async fn next_located(
        &self,
        kind: Kind,
        after: &str,
        window: u32,
    ) -> Result<Option<(String, String)>, sqlx::Error> {
        let capabilities = &self.columns.capabilities;
        let table = Capabilities::table(kind);
        let id = self.columns.key(table, id_column(kind));
        let text = |column| self.columns.text("t", table, column);
        let (uri, disk) = (text("storage_uri"), text("disk_path"));
        let disk_path = kind == Kind::Blob && capabilities.has(table, "disk_path");
        let uri = match (capabilities.storage_uri(kind), disk_path) {
            (true, true) => format!("coalesce({uri}, 'local://' || nullif({disk}, ''))"),
            (true, false) => uri,
            (false, true) => format!("'local://' || nullif({disk}, '')"),
            (false, false) => return Ok(None),
        };
        let mut ask = Statement::new(format!(
            "SELECT s.id, s.uri FROM (SELECT {id} AS id, {uri} AS uri FROM {} AS t WHERE {id} > ",
            self.columns.sql(table)
        ));
        let after = ask.bind(after.to_owned())?;
        ask.push(&format!(
            "{after} ORDER BY {id} LIMIT {window}) AS s WHERE s.uri IS NOT NULL ORDER BY s.id LIMIT 1"
        ));
        let read = |cells: &mut dyn Cells| Ok((cells.key()?, cells.text()?));
        Ok(self.rows(ask, 1, read).await?.rows.pop())
    }

    /// A page of the ids of rows without `storage_uri`.
    pub(super) async fn ids_unlinked(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<String>, sqlx::Error> {
        if !self.columns.capabilities.storage_uri(kind) {
            return Ok(nothing());
        }
        let table = Capabilities::table(kind);
        let id = self.columns.key(table, id_column(kind));
        let limit = limit.max(1);
        let mut ask = Statement::new(format!(
            "SELECT DISTINCT {id} FROM {} AS t WHERE {id} IS NOT NULL AND {} IS NULL",
            self.columns.sql(table),
            self.columns.text("t", table, "storage_uri")
        ));
        if let Some(after) = after {
            let after = ask.bind(after.to_owned())?;
            ask.push(&format!(" AND {id} > {after}"));
        }
        ask.push(&format!(" ORDER BY {id} LIMIT {limit}"));
        self.rows(ask, limit, |cells| cells.key()).await
    }

    /// Tables with a `repo_id` that no index starts with.
    pub(super) async fn without_repo_index(&self) -> Result<Vec<String>, sqlx::Error> {
        let mut out = Vec::new();
        for kind in Kind::ALL {
            let Some(table) = self.holding(kind) else {
                continue;
            };
            let mut ask = Statement::new(
                "SELECT count(*) FROM pg_index AS i JOIN pg_attribute AS a \
                 ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
                 WHERE i.indisvalid AND i.indpred IS NULL AND lower(a.attname) = 'repo_id' AND i.indrelid = to_regclass(",
            );
            let name = ask.bind(self.columns.sql(table))?;
            ask.push(&format!("{name})"));
            let found = self.rows(ask, 1, |cells| cells.int()).await?.rows.pop();
            if found.flatten().unwrap_or(0) == 0 {
                out.push(table.to_owned());
            }
        }
        Ok(out)
    }
}
