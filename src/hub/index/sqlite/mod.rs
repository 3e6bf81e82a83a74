//! The database in an SQLite file.
//!
//! Statements are put together from the hub's [`Capabilities`](crate::index::Capabilities): a column that the hub lacks is read as
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
mod reader;
mod rows;
mod schema;
mod visibility;
mod walk;
mod write;

use super::answers::answers;
use super::{Hidden, IndexError};
use crate::cause::Cause;
use columns::Columns;
use luthier_object::time::Micros;
use reader::Readers;
use sqlx::sqlite::SqlitePool;
use std::path::PathBuf;

/// A hub in an SQLite file.
pub struct Sqlite {
    /// The path as it was given.
    what: String,
    /// The path with every link resolved.
    path: PathBuf,
    /// Read-only connections that are asked for the schema and for single values.
    pool: SqlitePool,
    /// Those that rows come from.
    readers: Readers,
    /// Those of lists that a person waits for.
    lists: Readers,
    /// The one connection that writes; absent when opened for reading.
    writer: Option<SqlitePool>,
    columns: Columns,
    /// Tables that are none, by the catalogue when the file was opened.
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

/// Returns a statement's failure, with what it was for.
fn query_error(what: &'static str) -> impl Fn(sqlx::Error) -> IndexError {
    move |e| {
        let why = match &e {
            // The hub itself writes, or another program: it ends some time.
            sqlx::Error::Database(e) if open::is_busy(e.as_ref()) => {
                return IndexError::BrokenOff {
                    what,
                    reason: e.message().to_owned(),
                    why: format!("{}; another program writes to the file", e.message()).into(),
                };
            }
            sqlx::Error::Database(e) => e.message().to_owned(),
            other => other.to_string(),
        };
        let why = Cause::told(why, e);
        IndexError::Query { what, why }
    }
}

impl Sqlite {
    fn describe(&self) -> String {
        let how = if self.immutable { ", immutable" } else { "" };
        format!("sqlite {}{how}", self.what)
    }

    async fn now(&self) -> Result<Micros, sqlx::Error> {
        sqlx::query_scalar("SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000")
            .fetch_one(&self.pool)
            .await
    }

    async fn close(&self) {
        self.lists.close().await;
        self.readers.close().await;
        self.pool.close().await;
        // The last connection to go folds the write-ahead log into the file; it must be able to write.
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    fn failed(&self, what: &'static str, error: sqlx::Error) -> IndexError {
        query_error(what)(error)
    }
}

answers!(Sqlite);
