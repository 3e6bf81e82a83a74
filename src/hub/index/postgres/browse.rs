//! Lists for people: light columns, by age, from any row in either direction.

use super::Postgres;
use super::cell::Statement;
use super::columns::Shape;
use crate::index::listing::{LIGHT, WHAT_CHARS, at_column, count, read_light, two_counts};
use crate::index::rows::id_column;
use crate::index::{Browse, Capabilities, Listed, Page};
use luthier_object::Kind;

impl Postgres {
    /// A page of a list.
    pub(super) async fn browse(&self, ask: &Browse) -> Result<Page<Listed>, sqlx::Error> {
        let kind = ask.kind;
        let limit = ask.limit.max(1);
        let table = Capabilities::table(kind);
        let id = self.columns.key(table, id_column(kind));
        let mut sql = Statement::new(format!(
            "SELECT {} FROM {} AS t WHERE true",
            self.light_columns(kind),
            self.columns.sql(table),
        ));
        self.filter(ask, &mut sql)?;
        let (at, cast) = self.at_expression(kind);
        let (order, than) = ask.direction();
        if let Some((seen, last)) = ask.row() {
            let (seen, last) = (sql.bind(seen.clone())?, sql.bind(last.clone())?);
            sql.push(&format!(
                " AND ({at}, {id}) {than} (CAST({seen} AS {cast}), {last})"
            ));
        }
        sql.push(&format!(
            " ORDER BY {at} {order}, {id} {order} LIMIT {limit}"
        ));
        let read = read_light(kind, &self.columns.capabilities);
        Ok(ask.in_order(self.light_rows(sql, limit, read).await?))
    }

    /// How many rows a list has.
    pub(super) async fn browse_count(&self, ask: &Browse) -> Result<u64, sqlx::Error> {
        let table = Capabilities::table(ask.kind);
        let mut sql = Statement::new(format!(
            "SELECT count(*) FROM {} AS t WHERE true",
            self.columns.sql(table)
        ));
        self.filter(ask, &mut sql)?;
        let page = self.light_rows(sql, 1, count).await?;
        Ok(page.rows.first().copied().unwrap_or_default())
    }

    /// Branches and commits of each repository, in the order asked.
    pub(super) async fn repo_counts(
        &self,
        repo_ids: &[String],
    ) -> Result<Vec<(u64, u64)>, sqlx::Error> {
        let capabilities = &self.columns.capabilities;
        let of_repo = |table: &str| match capabilities.has(table, "repo_id") {
            true => format!(
                "(SELECT count(*) FROM {} AS t WHERE {} = j.id)",
                self.columns.sql(table),
                self.columns.text("t", table, "repo_id")
            ),
            false => "0::bigint".to_owned(),
        };
        let mut sql = Statement::new(format!(
            "SELECT {}, {} FROM unnest(",
            of_repo("musehub_branches"),
            of_repo(capabilities.holder_table(Kind::Commit))
        ));
        let list = sql.bind(repo_ids.to_vec())?;
        sql.push(&format!(
            "{list}) WITH ORDINALITY AS j (id, n) ORDER BY j.n"
        ));
        Ok(self.light_rows(sql, 0, two_counts).await?.rows)
    }

    /// Appends the condition of a list.
    fn filter(&self, ask: &Browse, sql: &mut Statement) -> Result<(), sqlx::Error> {
        if let (Some(branch), Kind::Commit) = (&ask.branch, ask.kind) {
            let branch = sql.bind(branch.clone())?;
            let text = self.columns.text("t", "musehub_commits", "branch");
            sql.push(&format!(" AND {text} = {branch}"));
        }
        let Some(repo) = &ask.repo_id else {
            return Ok(());
        };
        let table = Capabilities::table(ask.kind);
        if self.columns.capabilities.refs(ask.kind) {
            let repo_id = sql.bind(repo.clone())?;
            let (refs, id) = (Capabilities::refs_table(ask.kind), id_column(ask.kind));
            sql.push(&format!(
                " AND EXISTS (SELECT FROM {} AS r WHERE {} = {} AND {} = {repo_id})",
                self.columns.sql(refs),
                self.columns.text("r", refs, id),
                self.columns.text("t", table, id),
                self.columns.text("r", refs, "repo_id")
            ));
        } else if self.columns.capabilities.has(table, "repo_id") {
            let repo_id = sql.bind(repo.clone())?;
            let text = self.columns.text("t", table, "repo_id");
            sql.push(&format!(" AND {text} = {repo_id}"));
        } else {
            // Nothing in this hub says which repository a row belongs to.
            sql.push(" AND false");
        }
        Ok(())
    }

    /// Returns the expression to sort by and its type; never null, because a comparison with null would hide the row.
    fn at_expression(&self, kind: Kind) -> (String, &str) {
        let (table, at) = (Capabilities::table(kind), at_column(kind));
        match self.columns.get(table, at) {
            None => ("''::text".to_owned(), "text"),
            Some(column) => {
                if column.shape() != Shape::Time {
                    return (self.columns.key(table, at), "text");
                }
                let plain = self.columns.cell("t", table, at);
                match column.not_null {
                    true => (plain, column.cast()),
                    false => (format!("coalesce({plain}, '-infinity')"), column.cast()),
                }
            }
        }
    }

    /// Returns the columns of a list, in the order of `read_light`.
    fn light_columns(&self, kind: Kind) -> String {
        let table = Capabilities::table(kind);
        let here = |column: &str| self.columns.plain(table, column);
        let start = |column: &str| match self.columns.get(table, column) {
            None => "NULL".to_owned(),
            Some(_) => format!(
                "left({}, {WHAT_CHARS})",
                self.columns.text("t", table, column)
            ),
        };
        let light = |column: &str| match self.columns.weight(table, column) {
            None => here(column),
            Some(weight) => {
                format!(
                    "CASE WHEN {weight} > {LIGHT} THEN NULL ELSE {} END",
                    here(column)
                )
            }
        };
        let (what, size) = match kind {
            Kind::Commit => (start("message"), "NULL".to_owned()),
            Kind::Snapshot => ("NULL".to_owned(), here("entry_count")),
            Kind::Blob => (start("path"), here("size_bytes")),
        };
        let first_byte = match self.columns.get(table, "manifest_blob") {
            None => "NULL".to_owned(),
            Some(column) if column.shape() == Shape::Bytes => format!(
                "substr({}, 1, 1)",
                self.columns.cell("t", table, "manifest_blob")
            ),
            Some(_) => format!(
                "left({}, 1)",
                self.columns.text("t", table, "manifest_blob")
            ),
        };
        [
            self.columns.key(table, id_column(kind)),
            self.at_expression(kind).0,
            light("author"),
            what,
            light("branch"),
            light("parent_ids"),
            light("snapshot_id"),
            size,
            light("storage_uri"),
            first_byte,
        ]
        .join(", ")
    }
}
