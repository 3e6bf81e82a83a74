//! A temporary SQLite file on a thread of its own: a question goes there once and its answer comes back whole.
//!
//! Handing rows over one by one costs more than reading them: a thread has to wake up for each. It lies in the folder
//! for temporary files, is nobody's truth, and goes when it is dropped.

use super::IndexError;
use crate::cause::Cause;
use crate::{destination, scratch};
use rusqlite::types::{FromSql, Value};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use std::borrow::Cow;
use std::path::PathBuf;
use tokio::sync::{mpsc, oneshot};

/// Nothing in it has to outlive the process; 64 MiB of it stay in memory.
const SETTINGS: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = FILE";

/// Statements that are kept compiled.
const STATEMENTS: usize = 64;

/// Jobs that wait for the thread; whoever has another one waits.
const JOBS: usize = 4;

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

/// The thread's side of the file.
struct Worker {
    connection: Connection,
    /// Why the first write that failed did: facts are missing from then on, so no question is answered any more.
    failed: Option<String>,
}

/// A temporary database. Its thread ends with it.
pub(super) struct ScratchFile {
    jobs: mpsc::Sender<Job>,
    /// What it is called in an error.
    what: &'static str,
    /// Removes the file when this goes.
    folder: scratch::Folder,
}

impl ScratchFile {
    /// Makes a file with these tables.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub async fn new(
        what: &'static str,
        name: &str,
        schema: &'static str,
    ) -> Result<Self, IndexError> {
        let open = |why: Cause| IndexError::Open {
            what: format!("(temporary {name} file)"),
            why,
        };
        let folder =
            scratch::folder(name).map_err(|e| open(Cause::told(scratch::trouble(&e), e)))?;
        let (jobs, mut asked) = mpsc::channel::<Job>(JOBS);
        let file = Self { jobs, what, folder };
        let connection = Connection::open_with_flags(
            file.path(),
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(|e| open(temporary(e)))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        std::thread::Builder::new()
            .name(format!("luthier-{name}"))
            .spawn(move || {
                let mut worker = Worker {
                    connection,
                    failed: None,
                };
                while let Some(job) = asked.blocking_recv() {
                    job(&mut worker);
                }
            })
            .map_err(|e| open(Cause::of(e)))?;
        file.run(SETTINGS).await?;
        file.run(schema).await?;
        Ok(file)
    }

    /// Returns the path of the file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("scratch.db")
    }

    /// Runs a job on the file's thread.
    ///
    /// # Errors
    /// The job's, as one of a temporary file: the disk is full, most likely.
    pub async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, IndexError> {
        let (tell, told) = oneshot::channel::<Result<T, Cause>>();
        let job: Job = Box::new(move |worker| {
            let answer = match &worker.failed {
                Some(why) => Err(destination::temporary_database(why).into()),
                None => job(&mut worker.connection).map_err(temporary),
            };
            // Whoever asked may have gone.
            let _ = tell.send(answer);
        });
        self.jobs.send(job).await.map_err(|_| self.ended())?;
        let answer = told.await.map_err(|_| self.ended())?;
        answer.map_err(|e| IndexError::Query {
            what: self.what,
            why: e,
        })
    }

    /// Waits for every write so far: for whoever opens the file by its path.
    ///
    /// # Errors
    /// One of them failed.
    pub async fn settle(&self) -> Result<(), IndexError> {
        self.call(|_| Ok(())).await
    }

    fn ended(&self) -> IndexError {
        IndexError::Query {
            what: self.what,
            why: "its thread has ended".into(),
        }
    }

    /// Runs statements that give nothing back.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn run(&self, statements: &'static str) -> Result<(), IndexError> {
        self.call(move |c| c.execute_batch(statements)).await
    }

    /// Inserts `rows` by `INSERT INTO t (a, b) ` and what follows the values, one transaction for all.
    ///
    /// # Errors
    /// As [`Self::each`].
    pub async fn add<T>(
        &self,
        (head, tail): (&str, &str),
        rows: &[T],
        bind: impl Fn(&mut Query, &T),
    ) -> Result<(), IndexError> {
        let mut bound = Query::default();
        rows.iter().for_each(|row| bind(&mut bound, row));
        let width = bound.args.len().checked_div(rows.len()).unwrap_or(0);
        let marks = vec!["?"; width].join(", ");
        self.each(format!("{head}VALUES ({marks}){tail}"), width, bound.args)
            .await
    }

    /// Runs a statement for each `width` of these values, one transaction for all. It is not waited for: the next
    /// question comes behind it, and fails where it did, as does every one after that.
    ///
    /// # Errors
    /// The file's thread has ended.
    pub async fn each(
        &self,
        statement: String,
        width: usize,
        values: Vec<Value>,
    ) -> Result<(), IndexError> {
        if width == 0 {
            return Ok(());
        }
        let job: Job = Box::new(move |worker| {
            if worker.failed.is_none() {
                let done = change_each(&mut worker.connection, &statement, values.chunks(width));
                worker.failed = done.err().map(|error| error.to_string());
            }
        });
        self.jobs.send(job).await.map_err(|_| self.ended())
    }
}

fn change_each<'v>(
    connection: &mut Connection,
    statement: &str,
    rows: impl Iterator<Item = &'v [Value]>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let mut prepared = transaction.prepare_cached(statement)?;
    for row in rows {
        prepared.execute(params_from_iter(row))?;
    }
    drop(prepared);
    transaction.commit()
}

/// A statement being put together: its text and its values.
#[derive(Default)]
pub(super) struct Query {
    sql: Cow<'static, str>,
    args: Vec<Value>,
}

/// Begins a statement.
pub(super) fn ask(sql: impl Into<Cow<'static, str>>) -> Query {
    Query {
        sql: sql.into(),
        args: Vec::new(),
    }
}

impl Query {
    /// Gives the next numbered placeholder its value.
    pub fn bind(mut self, value: impl Bound) -> Self {
        self.args.push(value.value());
        self
    }

    /// Appends to the statement's text.
    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// Appends a placeholder with its value.
    pub fn push_bind(&mut self, value: impl Bound) -> &mut Self {
        self.args.push(value.value());
        self.sql.to_mut().push('?');
        self
    }

    /// Adds the next value of a row that is inserted.
    pub fn cell(&mut self, value: impl Bound) -> &mut Self {
        self.args.push(value.value());
        self
    }

    /// Returns the values alone.
    pub fn values(self) -> Vec<Value> {
        self.args
    }

    /// Returns every row of the answer.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn rows(self, file: &ScratchFile) -> Result<Vec<Row>, IndexError> {
        file.call(move |c| {
            let mut prepared = c.prepare_cached(&self.sql)?;
            let columns = prepared.column_count();
            let mut answer = prepared.query(params_from_iter(&self.args))?;
            let mut rows = Vec::new();
            while let Some(row) = answer.next()? {
                let cells: rusqlite::Result<Vec<Value>> =
                    (0..columns).map(|n| row.get(n)).collect();
                rows.push(Row(cells?));
            }
            Ok(rows)
        })
        .await
    }

    /// Returns the first row of the answer, where there is one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn first(self, file: &ScratchFile) -> Result<Option<Row>, IndexError> {
        Ok(self.rows(file).await?.into_iter().next())
    }

    /// Returns pairs of numbers, which are not held a second time.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn pairs(self, file: &ScratchFile) -> Result<Vec<(u32, u32)>, IndexError> {
        file.call(move |c| {
            let mut prepared = c.prepare_cached(&self.sql)?;
            let rows = prepared.query_map(params_from_iter(&self.args), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            rows.collect()
        })
        .await
    }

    /// Runs the statement; how many rows it changed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn execute(self, file: &ScratchFile) -> Result<u64, IndexError> {
        let changed = file
            .call(move |c| {
                c.prepare_cached(&self.sql)?
                    .execute(params_from_iter(&self.args))
            })
            .await?;
        Ok(changed as u64)
    }
}

/// The cells of a row.
pub(super) struct Row(Vec<Value>);

impl Row {
    /// Returns a cell as what it was written as.
    pub fn get<T: FromSql>(&self, at: usize) -> T {
        let cell = self.0.get(at).unwrap_or(&Value::Null);
        T::column_result(cell.into()).expect("a cell of a scratch file is read as it was written")
    }

    /// Returns a cell's text where it lies; an empty one for what is no text.
    pub fn text(&self, at: usize) -> &str {
        match self.0.get(at) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }
}

/// A value that a statement can be given.
pub(super) trait Bound {
    /// Returns it as SQLite takes it.
    fn value(self) -> Value;
}

impl Bound for i64 {
    fn value(self) -> Value {
        Value::Integer(self)
    }
}

impl Bound for u32 {
    fn value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl Bound for String {
    fn value(self) -> Value {
        Value::Text(self)
    }
}

impl Bound for &str {
    fn value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl Bound for &String {
    fn value(self) -> Value {
        Value::Text(self.clone())
    }
}

impl<T: Bound> Bound for Option<T> {
    fn value(self) -> Value {
        self.map_or(Value::Null, Bound::value)
    }
}

fn temporary(error: rusqlite::Error) -> Cause {
    Cause::told(destination::temporary_database(&error.to_string()), error)
}

#[cfg(test)]
mod tests {
    use super::{Query, ScratchFile, ask};

    #[tokio::test]
    async fn behind_a_write_that_failed_no_question_is_answered() {
        let schema = "CREATE TABLE known (id TEXT PRIMARY KEY)";
        let file = ScratchFile::new("the test's file", "test", schema)
            .await
            .unwrap();
        let insert = ("INSERT INTO known (id) ", "");
        let bind = |q: &mut Query, id: &&str| {
            q.cell(*id);
        };
        file.add(insert, &["a"], bind).await.unwrap();
        assert_eq!(
            ask("SELECT id FROM known").rows(&file).await.unwrap().len(),
            1
        );
        // It is not waited for, so it does not fail itself.
        file.add(insert, &["a"], bind).await.unwrap();
        for _ in 0..2 {
            let error = ask("SELECT id FROM known").rows(&file).await.err().unwrap();
            assert!(error.to_string().contains("the test's file"), "{error}");
        }
        assert!(file.settle().await.is_err());
    }
}
