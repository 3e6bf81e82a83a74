//! Checks whether all rows of the file can be read: which names are tables, and whether ids tell rows apart.

use super::Sqlite;
use super::columns::Columns;
use crate::index::Visibility;
use crate::index::hidden::{self, columns_read};
use sqlx::AssertSqlSafe;

impl Sqlite {
    /// Asks the catalogue again, and if wanted each table whose ids are not known to be unique.
    pub(super) async fn visibility(&self, counted: bool) -> Result<Visibility, sqlx::Error> {
        let (_, mut hidden) = Columns::read(&self.pool).await?;
        hidden.extend(self.hidden.iter().cloned());
        for (table, read) in columns_read(&self.columns.capabilities) {
            let (key, refs) = (read[0], read.len() == 2);
            let here = self.columns.get(table, key).is_some();
            if !counted || refs || !here || self.columns.is_unique(table, &[key]) {
                continue;
            }
            let text = self.columns.text("t", table, key);
            let (rows, ids): (i64, i64) = sqlx::query_as(AssertSqlSafe(format!(
                "SELECT count(*), count(DISTINCT {text}) FROM \"{table}\" AS t"
            )))
            .fetch_one(&self.pool)
            .await?;
            hidden.extend(hidden::of_ids(
                table,
                key,
                rows.unsigned_abs(),
                ids.unsigned_abs(),
            ));
        }
        hidden.retain(|hidden| crate::index::hidden::is_read(&hidden.table));
        hidden.sort();
        hidden.dedup();
        Ok(Visibility {
            hidden,
            odd: Vec::new(),
        })
    }
}
