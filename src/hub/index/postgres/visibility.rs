//! Checks whether this user can see all rows of the hub, by the catalogue.

use super::Postgres;
use super::catalogue::Catalogue;
use super::sessions::{Purpose, SILENCE, Session, within};
use crate::index::Visibility;
use crate::index::hidden::{self, Hidden, columns_read};
use sqlx::AssertSqlSafe;

impl Postgres {
    /// Asks the catalogue again, and if wanted each table that its statistics or its lack of a key make doubtful.
    pub(super) async fn visibility(&self, counted: bool) -> Result<Visibility, sqlx::Error> {
        let mut session = self.sessions.begin(Purpose::Read).await?;
        let now = within(SILENCE, Catalogue::read(&mut session)).await?;
        let mut hidden = now.hidden;
        // What was left out when the hub was opened stays out until it is opened again.
        hidden.extend(self.hidden.iter().cloned());
        for (table, read) in columns_read(&self.columns.capabilities) {
            if !counted || self.columns.table(table).is_none() {
                continue;
            }
            hidden.extend(self.of_statistics(&mut session, table).await?);
            let key = read[0];
            let refs = read.len() == 2;
            if !refs && !self.columns.is_unique(table, &[key]) {
                hidden.extend(self.of_ids(&mut session, table, key).await?);
            }
        }
        session.end();
        hidden.sort();
        hidden.dedup();
        Ok(Visibility {
            hidden,
            odd: now.odd,
        })
    }

    /// Compares a table's statistics, over all of its partitions, with the rows that are shown.
    async fn of_statistics(
        &self,
        session: &mut Session,
        table: &str,
    ) -> Result<Option<Hidden>, sqlx::Error> {
        let sql = self.columns.sql(table);
        let estimate: Option<f64> = sqlx::query_scalar(
            "SELECT sum(c.reltuples::float8) FROM pg_class AS c \
             WHERE c.reltuples > 0 AND c.relkind IN ('r', 'm') \
               AND (c.oid = to_regclass($1) OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass($1))))",
        )
        .bind(sql.as_str())
        .persistent(false)
        .fetch_one(&mut **session)
        .await?;
        let Some(estimate) = estimate.filter(|estimate| *estimate >= hidden::FLOOR) else {
            return Ok(None);
        };
        let counted = count(session, format!("SELECT count(*) FROM {sql}")).await?;
        Ok(hidden::of_statistics(table, estimate, counted))
    }

    /// Counts the ids of a table that has no primary key, against its rows.
    async fn of_ids(
        &self,
        session: &mut Session,
        table: &str,
        key: &str,
    ) -> Result<Option<Hidden>, sqlx::Error> {
        let sql = self.columns.sql(table);
        let rows = count(session, format!("SELECT count(*) FROM {sql}")).await?;
        let ids = format!(
            "SELECT count(DISTINCT {}) FROM {sql} AS t",
            self.columns.key(table, key)
        );
        Ok(hidden::of_ids(table, key, rows, count(session, ids).await?))
    }
}

async fn count(session: &mut Session, sql: String) -> Result<u64, sqlx::Error> {
    let asked = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false);
    let count: i64 = within(SILENCE, asked.fetch_one(&mut **session)).await?;
    Ok(count.unsigned_abs())
}
