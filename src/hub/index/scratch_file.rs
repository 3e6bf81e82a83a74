//! A temporary SQLite file on a thread of its own: a question goes there once and its answer comes back whole.
//!
//! Handing rows over one by one costs more than reading them: a thread has to wake up for each. It lies in the folder
//! for temporary files, is nobody's truth, and goes when it is dropped.

use super::IndexError;
use super::scratch_trouble::Trouble;
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

type Job<S> = Box<dyn FnOnce(&mut Worker<S>) + Send>;

/// The thread's side of the file.
struct Worker<S> {
    connection: Connection,
    /// What is kept beside the file.
    state: S,
    /// Why the first write that failed did: facts are missing from then on, so no question is answered any more.
    failed: Option<String>,
}

/// A temporary database. Its thread ends with it, and with it what is kept beside.
pub(super) struct ScratchFile<S = ()> {
    jobs: mpsc::Sender<Job<S>>,
    /// What it is called in an error.
    what: &'static str,
    /// Removes the file when this goes.
    folder: scratch::Folder,
}

impl<S: Default + 'static> ScratchFile<S> {
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
        let (jobs, mut asked) = mpsc::channel::<Job<S>>(JOBS);
        let file = Self { jobs, what, folder };
        let connection = Connection::open_with_flags(
            file.path(),
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(|e| open(Trouble::from(e).cause()))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        std::thread::Builder::new()
            .name(format!("luthier-{name}"))
            .spawn(move || {
                let mut worker = Worker {
                    connection,
                    state: S::default(),
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
        self.with(move |connection, _| Ok(job(connection)?)).await
    }

    /// As [`Self::call`], with what is kept beside the file.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection, &mut S) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, IndexError> {
        let (tell, told) = oneshot::channel::<Result<T, Cause>>();
        let job: Job<S> = Box::new(move |worker| {
            let answer = match &worker.failed {
                Some(why) => Err(destination::temporary_database(why).into()),
                None => job(&mut worker.connection, &mut worker.state).map_err(Trouble::cause),
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

    /// Runs a job that writes, in one transaction. It is not waited for: the next question comes behind it, and fails
    /// where it did, as does every one after that.
    ///
    /// # Errors
    /// The file's thread has ended.
    pub async fn tell(
        &self,
        job: impl FnOnce(&Connection, &mut S) -> Result<(), Trouble> + Send + 'static,
    ) -> Result<(), IndexError> {
        let job: Job<S> = Box::new(move |worker| {
            if worker.failed.is_none() {
                let done = change(worker, job);
                worker.failed = done.err().map(|error| error.words());
            }
        });
        self.jobs.send(job).await.map_err(|_| self.ended())
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

    /// Runs a statement for each `width` of these values, as [`Self::tell`].
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
        self.tell(move |connection, _| {
            let mut prepared = connection.prepare_cached(&statement)?;
            for row in values.chunks(width) {
                prepared.execute(params_from_iter(row))?;
            }
            Ok(())
        })
        .await
    }
}

fn change<S>(
    worker: &mut Worker<S>,
    job: impl FnOnce(&Connection, &mut S) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let transaction = worker.connection.transaction()?;
    job(&transaction, &mut worker.state)?;
    Ok(transaction.commit()?)
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
    pub async fn rows<S: Default + 'static>(
        self,
        file: &ScratchFile<S>,
    ) -> Result<Vec<Row>, IndexError> {
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
    pub async fn first<S: Default + 'static>(
        self,
        file: &ScratchFile<S>,
    ) -> Result<Option<Row>, IndexError> {
        Ok(self.rows(file).await?.into_iter().next())
    }

    /// Runs the statement; how many rows it changed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn execute<S: Default + 'static>(
        self,
        file: &ScratchFile<S>,
    ) -> Result<u64, IndexError> {
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

#[cfg(test)]
mod tests {
    use super::{Query, ScratchFile, ask};

    #[tokio::test]
    async fn behind_a_write_that_failed_no_question_is_answered() {
        let schema = "CREATE TABLE known (id TEXT PRIMARY KEY)";
        let file: ScratchFile = ScratchFile::new("the test's file", "test", schema)
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
