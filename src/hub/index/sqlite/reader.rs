//! Reading connections whose answers come whole: handing rows over one by one costs more than reading them.

use super::cell::FileCells;
use super::cell::Statement;
use crate::index::rows::Cells;
use crate::index::{PAGE_BYTES, Page};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use sqlx::error::{DatabaseError, ErrorKind};
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What a connection sets first; keys are digests, so neighbours by key lie anywhere: 16 MiB spare most reads.
const SETTINGS: &str =
    "PRAGMA cache_size = -16000; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = OFF";

/// Statements that a connection keeps compiled.
const STATEMENTS: usize = 32;

/// The bytes of a path that a URI takes as they are.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/');

/// A file's reading connections, opened as they are needed.
pub(super) struct Readers {
    path: PathBuf,
    immutable: bool,
    busy: Duration,
    /// As many may read at once.
    free: Semaphore,
    most: u32,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Returns the readers of a file, `most` at once; `busy` is how long a statement waits for another program's lock.
    pub fn new(path: &Path, immutable: bool, busy: Duration, most: u32) -> Self {
        Self {
            path: path.to_owned(),
            immutable,
            busy,
            free: Semaphore::new(most as usize),
            most,
            idle: Arc::default(),
        }
    }

    /// Runs a statement that gives at most `limit` rows, stopping when the page weighs enough.
    pub async fn page<T: Send + 'static>(
        &self,
        ask: Statement,
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error> + Send + 'static,
    ) -> Result<Page<T>, sqlx::Error> {
        self.with(move |connection| page(connection, &ask, limit, read))
            .await
    }

    /// As [`Self::page`], with the version of the schema of the file that gave it.
    pub async fn page_of_version<T: Send + 'static>(
        &self,
        ask: Statement,
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error> + Send + 'static,
    ) -> Result<(Page<T>, i64), sqlx::Error> {
        self.with(move |connection| {
            // Both are of one moment; it reads, so that there is nothing to commit.
            let moment = connection.unchecked_transaction().map_err(failed)?;
            let version = moment.query_row("PRAGMA schema_version", [], |row| row.get(0));
            let version = version.map_err(failed)?;
            Ok((page(&moment, &ask, limit, read)?, version))
        })
        .await
    }

    /// Runs statements; all rows of their answers.
    pub async fn all<T: Send + 'static>(
        &self,
        asks: Vec<Statement>,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error> + Send + 'static,
    ) -> Result<Vec<T>, sqlx::Error> {
        self.with(move |connection| {
            let mut out = Vec::new();
            for ask in &asks {
                each(connection, ask, |cells| {
                    out.push(read(cells)?);
                    Ok(true)
                })?;
            }
            Ok(out)
        })
        .await
    }

    /// Ends every connection, once what they read has come.
    pub async fn close(&self) {
        let all = self.free.acquire_many(self.most).await;
        self.free.close();
        drop(all);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    async fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, sqlx::Error> + Send + 'static,
    ) -> Result<T, sqlx::Error> {
        let closed = |_| sqlx::Error::PoolClosed;
        let _free = self.free.acquire().await.map_err(closed)?;
        let idle = self.idle.clone();
        let known = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (path, immutable, busy) = (self.path.clone(), self.immutable, self.busy);
        let answer = tokio::task::spawn_blocking(move || {
            let connection = match known {
                Some(known) => known,
                None => open(&path, immutable, busy).map_err(failed)?,
            };
            let answer = job(&connection);
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            answer
        });
        answer.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }
}

fn open(path: &Path, immutable: bool, busy: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match immutable {
        false => Connection::open_with_flags(path, flags)?,
        true => {
            let path = percent_encode(path.as_os_str().as_bytes(), PATH);
            let uri = format!("file:{path}?immutable=1");
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
        }
    };
    connection.busy_timeout(busy)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(SETTINGS)?;
    Ok(connection)
}

/// Reads at most `limit` rows, until they weigh enough.
fn page<T>(
    connection: &Connection,
    ask: &Statement,
    limit: u32,
    read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error>,
) -> Result<Page<T>, sqlx::Error> {
    let (mut rows, mut weight) = (Vec::new(), 0);
    each(connection, ask, |cells| {
        rows.push(read(cells)?);
        weight += cells.weight;
        Ok(weight < PAGE_BYTES)
    })?;
    let end = weight < PAGE_BYTES && rows.len() < limit as usize;
    Ok(Page { rows, end })
}

/// Reads every row of an answer, for as long as `take` wants more.
fn each(
    connection: &Connection,
    ask: &Statement,
    mut take: impl FnMut(&mut FileCells<'_>) -> Result<bool, sqlx::Error>,
) -> Result<(), sqlx::Error> {
    let mut statement = connection.prepare_cached(&ask.sql).map_err(failed)?;
    // A value may be bound that no part of the statement needs on this hub.
    let needed = ask.args.0.iter().take(statement.parameter_count());
    let mut rows = statement.query(params_from_iter(needed)).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if !take(&mut FileCells::new(row))? {
            break;
        }
    }
    Ok(())
}

/// Returns a failure as the other connections tell theirs.
fn failed(error: rusqlite::Error) -> sqlx::Error {
    let code = error.sqlite_error().map(|error| error.extended_code);
    let words = match &error {
        rusqlite::Error::SqliteFailure(_, Some(words)) => words.clone(),
        other => other.to_string(),
    };
    sqlx::Error::Database(Box::new(Failure { code, words }))
}

/// What SQLite said.
#[derive(Debug)]
struct Failure {
    /// Its extended result code.
    code: Option<i32>,
    words: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for Failure {}

impl DatabaseError for Failure {
    fn message(&self) -> &str {
        &self.words
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        self.code.map(|code| code.to_string().into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
