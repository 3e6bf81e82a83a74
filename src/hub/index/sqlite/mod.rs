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
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

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
    /// The file itself, whatever lies at its path by now.
    file: FileId,
    /// The file is read without locks, since its folder cannot be written to.
    immutable: bool,
}

/// A file, told from every other one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> std::io::Result<Self> {
        let meta = std::fs::metadata(path)?;
        Ok(Self {
            device: meta.dev(),
            inode: meta.ino(),
        })
    }
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
                return busy(what, e.message());
            }
            sqlx::Error::Database(e) => e.message().to_owned(),
            other => other.to_string(),
        };
        let why = Cause::told(why, e);
        IndexError::Query { what, why }
    }
}

/// Returns a statement that another program's lock kept from the file.
fn busy(what: &'static str, told: &str) -> IndexError {
    IndexError::BrokenOff {
        what,
        reason: told.to_owned(),
        why: format!("{told}; another program writes to the file").into(),
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

    /// Refuses what a file answers that is no longer at its path: what is read there nobody has any more, and what is
    /// written there is lost.
    fn trusted<T>(&self, answer: Result<T, IndexError>) -> Result<T, IndexError> {
        let answer = answer?;
        match FileId::of(&self.path) {
            Ok(file) if file == self.file => Ok(answer),
            Ok(_) => Err(self.gone("another file was put in its place")),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                Err(self.gone("its file was removed"))
            }
            Err(_) => Err(self.gone("its path cannot be followed any more")),
        }
    }

    fn gone(&self, how: &'static str) -> IndexError {
        IndexError::Gone {
            what: self.what.clone(),
            how,
        }
    }

    fn failed(&self, what: &'static str, error: sqlx::Error) -> IndexError {
        query_error(what)(error)
    }
}

answers!(Sqlite);
