//! Lists for people: light columns, by age, from any row in either direction.

use super::Sqlite;
use super::cell::Statement;
use super::columns::Affinity;
use crate::index::listing::{LIGHT, WHAT_CHARS, at_column, count, read_light, two_counts};
use crate::index::rows::id_column;
use crate::index::{Browse, Capabilities, Listed, Page};
use luthier_object::Kind;

/// Memberships up to which a repository's rows are looked up and sorted; above it the whole table is
/// walked in its own order and each row asked whether it belongs.
const FEW: u32 = 50_000;

impl Sqlite {
    /// A page of a list.
    pub(super) async fn browse(&self, ask: &Browse) -> Result<Page<Listed>, sqlx::Error> {
        let kind = ask.kind;
        let limit = ask.limit.max(1);
        let id = self
            .columns
            .text("t", Capabilities::table(kind), id_column(kind));
        let mut sql = Statement::new(format!(
            "SELECT {} FROM {} AS t WHERE ",
            self.light_columns(kind),
            Capabilities::table(kind)
        ));
        let sorts = self.filter(ask, &mut sql, FEW).await?;
        let at = self.at_expression(kind);
        let (order, than) = ask.direction();
        if let Some((seen, last)) = ask.row() {
            let (seen, last) = (self.bind_at(&mut sql, kind, seen), sql.bind_key(last));
            sql.push(&format!(" AND ({at}, {id}) {than} ({seen}, {last})"));
        }
        // The plus keeps SQLite from walking the whole table in the order of its index.
        let plus = if sorts { "+" } else { "" };
        sql.push(&format!(
            " ORDER BY {plus}{at} {order}, {plus}{id} {order} LIMIT {limit}"
        ));
        let read = read_light(kind, &self.columns.capabilities);
        Ok(ask.in_order(self.light_rows(sql, limit, read).await?))
    }

    /// How many rows a list has.
    pub(super) async fn browse_count(&self, ask: &Browse) -> Result<u64, sqlx::Error> {
        let table = Capabilities::table(ask.kind);
        let mut sql = Statement::new(format!("SELECT count(*) FROM {table} AS t WHERE "));
        // Every membership is met anyway, and both sides are in the order of the ids.
        self.filter(ask, &mut sql, u32::MAX - 1).await?;
        self.count(sql).await
    }

    /// Branches and commits of each repository, in the order asked.
    pub(super) async fn repo_counts(
        &self,
        repo_ids: &[String],
    ) -> Result<Vec<(u64, u64)>, sqlx::Error> {
        let table = self.columns.capabilities.holder_table(Kind::Commit);
        let of_repo = |table: &str| {
            format!(
                "(SELECT count(*) FROM {table} AS t WHERE {} = j.value)",
                self.columns.text("t", table, "repo_id")
            )
        };
        let commits = match self.columns.capabilities.has(table, "repo_id") {
            true => of_repo(table),
            false => "0".to_owned(),
        };
        let mut sql = Statement::new(format!(
            "SELECT {}, {commits} FROM json_each(",
            of_repo("musehub_branches")
        ));
        let list = sql.bind(serde_json::Value::from(repo_ids).to_string());
        sql.push(&format!("{list}) AS j ORDER BY j.key"));
        Ok(self.light_rows(sql, 0, two_counts).await?.rows)
    }

    /// Appends the condition of a list. True when its rows, being at most `few`, are best looked up and
    /// then sorted, rather than met in the order of the table's own index.
    async fn filter(
        &self,
        ask: &Browse,
        sql: &mut Statement,
        few: u32,
    ) -> Result<bool, sqlx::Error> {
        sql.push("1");
        if let (Some(branch), Kind::Commit) = (&ask.branch, ask.kind) {
            let branch = sql.bind_key(branch);
            let text = self.columns.text("t", "musehub_commits", "branch");
            sql.push(&format!(" AND {text} = {branch}"));
        }
        let Some(repo) = &ask.repo_id else {
            return Ok(false);
        };
        let repo_id = sql.bind_key(repo);
        if !self.columns.capabilities.refs(ask.kind) {
            let table = Capabilities::table(ask.kind);
            match self.columns.capabilities.has(table, "repo_id") {
                true => {
                    let text = self.columns.text("t", table, "repo_id");
                    sql.push(&format!(" AND {text} = {repo_id}"))
                }
                // Nothing in this hub says which repository a row belongs to.
                false => sql.push(" AND 0"),
            };
            return Ok(false);
        }
        let (refs, id) = (Capabilities::refs_table(ask.kind), id_column(ask.kind));
        let own = self.columns.text("t", Capabilities::table(ask.kind), id);
        let member = self.columns.text("r", refs, id);
        let of = self.columns.text("r", refs, "repo_id");
        if self.members_up_to(refs, repo, few + 1).await? <= u64::from(few) {
            sql.push(&format!(
                " AND {own} IN (SELECT {member} FROM {refs} AS r WHERE {of} = {repo_id})"
            ));
            return Ok(true);
        }
        // A scalar subquery, since SQLite would turn EXISTS into a join and drive it from the wrong side.
        sql.push(&format!(
            " AND (SELECT 1 FROM {refs} AS r WHERE {member} = {own} AND {of} = {repo_id} LIMIT 1) IS NOT NULL"
        ));
        Ok(false)
    }

    /// Counts the memberships of a repository, up to `most`.
    async fn members_up_to(&self, refs: &str, repo: &str, most: u32) -> Result<u64, sqlx::Error> {
        let mut ask = Statement::new(format!(
            "SELECT count(*) FROM (SELECT 1 FROM {refs} AS r WHERE {} = ",
            self.columns.text("r", refs, "repo_id")
        ));
        let repo = ask.bind_key(repo);
        ask.push(&format!("{repo} LIMIT {most})"));
        self.count(ask).await
    }

    async fn count(&self, ask: Statement) -> Result<u64, sqlx::Error> {
        let page = self.light_rows(ask, 1, count).await?;
        Ok(page.rows.first().copied().unwrap_or_default())
    }

    /// Returns the column to sort by, never null: a comparison with null would hide the row.
    fn at_expression(&self, kind: Kind) -> String {
        let (table, at) = (Capabilities::table(kind), at_column(kind));
        if let Some(column) = self.columns.get(table, at)
            && column.affinity == Affinity::None
        {
            return format!("coalesce({}, '')", self.columns.text("t", table, at));
        }
        match (
            self.columns.capabilities.has(table, at),
            self.refuses_null(table, at),
        ) {
            (true, true) => format!("t.\"{at}\""),
            (true, false) => format!("coalesce(t.\"{at}\", '')"),
            (false, _) => "''".to_owned(),
        }
    }

    /// Binds what a list is sorted by as the file holds it: a column that makes numbers of texts has numbers.
    fn bind_at(&self, sql: &mut Statement, kind: Kind, seen: &str) -> String {
        let of = self.columns.get(Capabilities::table(kind), at_column(kind));
        if of.is_some_and(|column| column.affinity == Affinity::Numeric) {
            if let Ok(number) = seen.parse::<i64>() {
                return sql.bind(number);
            }
            if let Ok(number) = seen.parse::<f64>() {
                return sql.bind(number);
            }
        }
        sql.bind_key(seen)
    }

    /// Returns the columns of a list, in the order of `read_light`.
    fn light_columns(&self, kind: Kind) -> String {
        let table = Capabilities::table(kind);
        let here = |column: &str| self.columns.plain(table, column);
        let start = |column: &str| {
            // As bytes, since SQLite ends a text at its first NUL; four bytes a character at most.
            format!(
                "substr(CAST({} AS BLOB), 1, {})",
                here(column),
                4 * WHAT_CHARS
            )
        };
        let light = |column: &str| {
            let column = here(column);
            format!("iif(octet_length({column}) > {LIGHT}, NULL, {column})")
        };
        let (what, size) = match kind {
            Kind::Commit => (start("message"), "NULL".to_owned()),
            Kind::Snapshot => ("NULL".to_owned(), here("entry_count")),
            Kind::Blob => (start("path"), here("size_bytes")),
        };
        [
            self.columns.text("t", table, id_column(kind)),
            self.at_expression(kind),
            light("author"),
            what,
            light("branch"),
            light("parent_ids"),
            light("snapshot_id"),
            size,
            light("storage_uri"),
            format!("substr(CAST({} AS BLOB), 1, 1)", here("manifest_blob")),
        ]
        .join(", ")
    }
}
