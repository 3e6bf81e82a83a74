//! Opening a hub's file: what can be wrong with it, in words, and what its catalogue offers.

use super::columns::Columns;
use super::reader::Readers;
use super::{FileId, Sqlite, busy};
use crate::access::Access;
use crate::cause::Cause;
use crate::index::hidden::{CORE, Hidden, is_read};
use crate::index::{Capabilities, HubEra, IndexError};
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest wait of a statement for another program's lock.
const BUSY: Duration = Duration::from_secs(5);

/// Connections that read at the same time.
const READERS: u32 = 4;

/// Connections beside them for lists that a person waits for, however busy an audit keeps the others.
const LISTERS: u32 = 2;

/// SQLite's primary result codes that are told apart.
mod code {
    pub const BUSY: i32 = 5;
    pub const LOCKED: i32 = 6;
    pub const READONLY: i32 = 8;
    pub const IOERR: i32 = 10;
    pub const CORRUPT: i32 = 11;
    pub const FULL: i32 = 13;
    pub const CANTOPEN: i32 = 14;
    pub const NOTADB: i32 = 26;
    /// Extended: an unfinished transaction must be rolled back first.
    pub const READONLY_ROLLBACK: i32 = 776;
}

impl Sqlite {
    /// Opens a hub.
    ///
    /// `Access::Read` never changes a byte of the file; SQLite itself refuses writes. In WAL mode it
    /// may leave `-wal` and `-shm` files beside it. Where the folder does not allow that and no WAL
    /// holds rows, the file is read as immutable.
    ///
    /// # Errors
    /// No such file, no right to read or write it, a file that is no database, is damaged or holds
    /// text in UTF-16, and a database that is no hub.
    pub async fn open(path: &Path, access: Access) -> Result<Self, IndexError> {
        let what = path.display().to_string();
        let path = existing_file(path)?;
        let file = FileId::of(&path).map_err(|e| IndexError::Open {
            what: what.clone(),
            why: Cause::of(e),
        })?;
        let plain = options(&path).read_only(true);
        let (pool, immutable) = match probe(plain.clone()).await {
            Ok(pool) => (pool, false),
            Err(e) if access == Access::Read && may_be_immutable(&e, &path) => {
                match probe(plain.immutable(true)).await {
                    Ok(pool) => (pool, true),
                    Err(_) => return Err(open_error(&what, &path, &e)),
                }
            }
            Err(e) => return Err(open_error(&what, &path, &e)),
        };
        let (columns, hidden) = catalogue(&pool)
            .await
            .map_err(|e| open_error(&what, &path, &e))?;
        check_hub(&what, &path, &columns.capabilities)?;
        let writer = match access {
            Access::Read => None,
            Access::Write => Some(writer(&what, &path).await?),
        };
        let readers = |most| Readers::new(&path, immutable, BUSY, most);
        Ok(Self {
            what,
            pool,
            readers: readers(READERS),
            lists: readers(LISTERS),
            path,
            writer,
            columns,
            hidden,
            file,
            immutable,
        })
    }

    /// Makes a new hub in WAL mode and opens it for writing. An empty file, a hub without rows, and what a run that
    /// failed made of one are taken over; anything else is refused.
    ///
    /// # Errors
    /// Something is there already, or the file cannot be made.
    pub async fn create(path: &Path) -> Result<Self, IndexError> {
        Self::create_of(path, HubEra::default()).await
    }

    /// Makes a new hub as [`Sqlite::create`] does, with the tables of an era.
    pub(crate) async fn create_of(path: &Path, era: HubEra) -> Result<Self, IndexError> {
        let what = path.display().to_string();
        let taken = std::fs::metadata(path).is_ok_and(|m| m.is_dir() || m.len() > 0);
        if taken && !is_begun(path).await {
            return take_over(path, &what).await;
        }
        let fresh = options(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = pool(fresh, 1)
            .await
            .map_err(|e| open_error(&what, path, &e))?;
        migrator(era)
            .run(&pool)
            .await
            .map_err(|e| IndexError::Open {
                what: what.clone(),
                why: Cause::told(format!("its tables could not be created: {e}"), e),
            })?;
        pool.close().await;
        Self::open(path, Access::Write).await
    }
}

/// Returns the embedded migrations as sqlx takes them.
fn migrator(era: HubEra) -> Migrator {
    Migrator::with_migrations(
        era.sqlite()
            .into_iter()
            .map(|(number, name, sql)| {
                Migration::new(
                    number,
                    name.into(),
                    MigrationType::Simple,
                    sql.into_sql_str(),
                    false,
                )
            })
            .collect(),
    )
}

/// Returns whether a file is what a run left that failed while it made the tables: some of them, and no row.
async fn is_begun(path: &Path) -> bool {
    let begun = async {
        let pool = pool(options(path).read_only(true), 1).await?;
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
                .fetch_all(&pool)
                .await?;
        for table in tables.iter().filter(|table| *table != "_sqlx_migrations") {
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM \"{}\")",
                table.replace('"', "\"\"")
            );
            let has_rows: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .fetch_one(&pool)
                .await?;
            if has_rows || !table.starts_with("musehub_") {
                return Ok(false);
            }
        }
        pool.close().await;
        let whole = CORE
            .iter()
            .all(|(core, _)| tables.iter().any(|table| table == core));
        Ok::<_, sqlx::Error>(!whole)
    };
    begun.await.unwrap_or(false)
}

/// Opens what is where a new hub is wanted, provided that it is a hub without rows.
async fn take_over(path: &Path, what: &str) -> Result<Sqlite, IndexError> {
    let refused = |why: &str| IndexError::Open {
        what: what.to_owned(),
        why: format!("{why}; choose an empty place").into(),
    };
    let found = Sqlite::open(path, Access::Write)
        .await
        .map_err(|_| refused("the file exists and is not an empty hub"))?;
    if let Some(hidden) = found.hidden.first() {
        return Err(refused(&hidden.said));
    }
    let counts = crate::index::Index::counts(&found).await?;
    let rows = counts.repos + counts.branches + counts.commits + counts.snapshots + counts.blobs;
    if rows > 0 {
        return Err(refused("it already contains a hub with rows"));
    }
    Ok(found)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        // A row may weigh hundreds of megabytes; few are read ahead of the consumer.
        .row_buffer_size(8)
        // Keys are digests, so neighbours by key are anywhere: 16 MiB a connection spares most reads.
        .pragma("cache_size", "-16000")
        .foreign_keys(false)
        .pragma("trusted_schema", "OFF")
}

async fn pool(options: SqliteConnectOptions, most: u32) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(most)
        // Files need no ping; an idle connection stays open, since opening one costs a schema read.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
}

/// Opens the readers and reads once, since SQLite looks at a file only when it is asked something.
async fn probe(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let pool = pool(options, READERS).await?;
    sqlx::query("SELECT count(*) FROM sqlite_master")
        .execute(&pool)
        .await?;
    Ok(pool)
}

/// Returns the one connection that writes.
async fn writer(what: &str, path: &Path) -> Result<SqlitePool, IndexError> {
    let options = options(path)
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full);
    let pool = pool(options, 1)
        .await
        .map_err(|e| open_error(what, path, &e))?;
    // SQLite silently opens a write-protected file for reading, and even then grants the write lock;
    // only a statement that may write tells. Another program's lock is no reason to refuse: it will pass.
    let tried = sqlx::raw_sql(
        "BEGIN IMMEDIATE; UPDATE musehub_repos SET repo_id = repo_id WHERE 0; ROLLBACK",
    )
    .execute(&pool)
    .await;
    match tried {
        Err(e) if primary(&e) != Some(code::BUSY) => Err(open_error(what, path, &e)),
        _ => Ok(pool),
    }
}

/// Returns the file's absolute path: the same whatever link leads to it, and never read as a URI by SQLite.
fn existing_file(path: &Path) -> Result<PathBuf, IndexError> {
    let fail = |why: Cause| IndexError::Open {
        what: path.display().to_string(),
        why,
    };
    let full = std::fs::canonicalize(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            fail("there is no such file; check the path, or build a hub with `luthier demo`".into())
        }
        std::io::ErrorKind::PermissionDenied => {
            fail("this user may not look into its folder; give it the right to".into())
        }
        _ => fail(Cause::of(e)),
    })?;
    let meta = std::fs::metadata(&full).map_err(|e| fail(Cause::of(e)))?;
    if meta.is_dir() {
        return Err(fail(
            "it is a folder; give the path of the database file in it".into(),
        ));
    }
    if !meta.is_file() {
        return Err(fail("it is no regular file".into()));
    }
    Ok(full)
}

/// Reads the file's tables, if its text is UTF-8.
async fn catalogue(pool: &SqlitePool) -> Result<(Columns, Vec<Hidden>), sqlx::Error> {
    let (columns, mut hidden) = Columns::read(pool).await?;
    let encoding: String = sqlx::query_scalar("PRAGMA encoding")
        .fetch_one(pool)
        .await?;
    if encoding != "UTF-8" {
        return Err(sqlx::Error::Protocol(format!(
            "it holds text as {encoding}; copy it into a database with UTF-8 text"
        )));
    }
    hidden.retain(|hidden| is_read(&hidden.table));
    Ok((columns, hidden))
}

/// Refuses a database without a hub's tables: an audit of half a hub would be nothing but false findings.
fn check_hub(what: &str, path: &Path, capabilities: &Capabilities) -> Result<(), IndexError> {
    let fail = |why: String| {
        Err(IndexError::NotAHub {
            what: what.to_owned(),
            why: why.into(),
        })
    };
    if CORE.iter().all(|(t, _)| !capabilities.has_table(t)) {
        let empty = std::fs::metadata(path).is_ok_and(|m| m.len() == 0);
        return fail(if empty {
            "the file is empty".to_owned()
        } else {
            "it has no musehub tables; check that this is the hub's own database".to_owned()
        });
    }
    for (table, key) in CORE {
        if !capabilities.has_table(table) {
            return fail(format!("it has no table {table}"));
        }
        if !capabilities.has(table, key) {
            return fail(format!("its table {table} has no column {key}"));
        }
    }
    Ok(())
}

/// Returns whether another program holds the file or a table of it.
pub(super) fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    matches!(
        code.map(|code| code & 0xff),
        Some(code::BUSY | code::LOCKED)
    )
}

/// SQLite's extended result code.
fn extended(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// SQLite's primary result code.
fn primary(error: &sqlx::Error) -> Option<i32> {
    extended(error).map(|code| code & 0xff)
}

/// Returns whether a failed opening is what a WAL file in a folder without write permission gives, and reading the file
/// alone would lose nothing.
fn may_be_immutable(error: &sqlx::Error, path: &Path) -> bool {
    let refused = matches!(primary(error), Some(code::CANTOPEN | code::READONLY))
        && extended(error) != Some(code::READONLY_ROLLBACK);
    refused && beside(path, "-wal") == 0 && beside(path, "-journal") == 0
}

/// Bytes of a file that SQLite keeps beside the database.
fn beside(path: &Path, suffix: &str) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    std::fs::metadata(PathBuf::from(name)).map_or(0, |m| m.len())
}

/// Explains why a file could not be opened, and what to do.
fn open_error(what: &str, path: &Path, error: &sqlx::Error) -> IndexError {
    let told = match error {
        sqlx::Error::Database(e) if is_busy(e.as_ref()) => return busy("opening it", e.message()),
        sqlx::Error::Database(e) => e.message().to_owned(),
        sqlx::Error::Protocol(why) => why.clone(),
        other => other.to_string(),
    };
    let why = match (extended(error), primary(error)) {
        (Some(code::READONLY_ROLLBACK), _) => format!(
            "a program was stopped within a transaction ({told}); open it once with MuseHub, which undoes it"
        ),
        (_, Some(code::NOTADB | code::CORRUPT)) => format!(
            "the file is truncated, damaged or not a database ({told}); restore it from a backup"
        ),
        (_, Some(code::CANTOPEN)) if beside(path, "-wal") > 0 => format!(
            "its write-ahead log cannot be read here ({told}); copy the file and its -wal file to a folder that this user may write to"
        ),
        (_, Some(code::CANTOPEN)) => {
            format!("{told}; give this user the right to read the file and its folder")
        }
        (_, Some(code::READONLY)) => {
            format!("{told}; give this user the right to write to the file and its folder")
        }
        (_, Some(code::IOERR | code::FULL)) => {
            format!("{told}; see whether its disk is full or failing, then try again")
        }
        _ => told,
    };
    IndexError::Open {
        what: what.to_owned(),
        why: why.into(),
    }
}
