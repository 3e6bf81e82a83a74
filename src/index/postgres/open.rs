//! Opening a hub in Postgres: what can be wrong with it, in words, and what its catalogue offers.

use super::columns::{Column, Columns};
use super::{Place, Postgres};
use crate::access::Access;
use crate::index::{Index, IndexError};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr};
use std::time::Duration;

/// The embedded schema: (number, name, SQL), forward only.
pub(super) const MIGRATIONS: [(i64, &str, &str); 1] = [(
    1,
    "hub",
    include_str!("../../../migrations/postgres/0001_hub.sql"),
)];

/// Tables without which a database is no hub, and their keys.
const CORE: [(&str, &str); 5] = [
    ("musehub_repos", "repo_id"),
    ("musehub_branches", "branch_id"),
    ("musehub_commits", "commit_id"),
    ("musehub_snapshots", "snapshot_id"),
    ("musehub_objects", "object_id"),
];

/// How long opening a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Connections that read at the same time.
const READERS: u32 = 4;

/// Connections beside them for lists that a person waits for, however busy an audit keeps the others.
const LISTERS: u32 = 2;

/// Connections that write at the same time.
const WRITERS: u32 = 2;

/// What the server is told on every connection: nothing waits for ever, and nothing of ours holds up
/// the hub. Times are compared in UTC.
const SESSION: &str = "SET TIME ZONE 'UTC'; SET statement_timeout = '120s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '60s'";

/// On reading connections the server refuses to write.
const READ_ONLY: &str = "; SET default_transaction_read_only = on";

impl Postgres {
    /// Opens a hub. With `Access::Read` every transaction is read-only by the server's own word.
    ///
    /// # Errors
    /// No such host, port, user or database, a wrong password, a certificate that does not hold, rights
    /// that are missing, and a database that is no hub: each in one line that says what to do.
    pub async fn open(place: &Place, access: Access) -> Result<Self, IndexError> {
        let mut probe = connect(place).await?;
        let columns = catalogue(&mut probe)
            .await
            .map_err(|e| open_error(place, &e))?;
        check_hub(place, &mut probe, &columns).await?;
        // The probe has told what there is to tell; the server ends it on its own if this fails.
        let _ = probe.close().await;
        let options = place.options().map_err(|e| open_error(place, &e))?;
        let writer = match access {
            Access::Read => None,
            Access::Write => Some(pool(options.clone(), WRITERS, SESSION.to_owned())),
        };
        let reading = format!("{SESSION}{READ_ONLY}");
        Ok(Self {
            place: place.clone(),
            pool: pool(options.clone(), READERS, reading.clone()),
            lists: pool(options, LISTERS, reading),
            writer,
            columns,
        })
    }

    /// Makes the tables of a new hub in an empty database and opens it for writing. A hub without rows
    /// is taken over; anything else is refused.
    ///
    /// # Errors
    /// As [`Postgres::open`], and a database that holds a hub already.
    pub async fn create(place: &Place) -> Result<Self, IndexError> {
        let mut probe = connect(place).await?;
        let columns = catalogue(&mut probe)
            .await
            .map_err(|e| open_error(place, &e))?;
        if !CORE.iter().any(|(t, _)| columns.capabilities.has_table(t)) {
            migrator()
                .run_direct(None, &mut probe, false)
                .await
                .map_err(|e| IndexError::Open {
                    what: place.to_string(),
                    why: format!("its tables could not be made: {e}"),
                })?;
        }
        let _ = probe.close().await;
        let hub = Self::open(place, Access::Write).await?;
        let counts = hub.counts().await?;
        if counts.repos + counts.branches + counts.commits + counts.snapshots + counts.blobs > 0 {
            return Err(IndexError::Open {
                what: place.to_string(),
                why: "a hub with rows lies there already; choose an empty database".to_owned(),
            });
        }
        Ok(hub)
    }
}

/// The embedded migrations as sqlx takes them.
fn migrator() -> Migrator {
    Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|(number, name, sql)| {
                Migration::new(
                    *number,
                    (*name).into(),
                    MigrationType::Simple,
                    sql.into_sql_str(),
                    false,
                )
            })
            .collect(),
    )
}

/// One connection, without the pool's patience: what is wrong is told at once.
async fn connect(place: &Place) -> Result<PgConnection, IndexError> {
    let options = place.options().map_err(|e| open_error(place, &e))?;
    match tokio::time::timeout(CONNECT, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(open_error(place, &error)),
        Err(_) => Err(IndexError::Open {
            what: place.to_string(),
            why: format!(
                "no answer within {} s; check host and port, and that a firewall lets this machine through",
                CONNECT.as_secs()
            ),
        }),
    }
}

fn pool(options: PgConnectOptions, most: u32, session: String) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(CONNECT)
        .after_connect(move |connection, _| {
            let session = session.clone();
            Box::pin(async move {
                connection
                    .execute(sqlx::raw_sql(AssertSqlSafe(session)))
                    .await
                    .map(drop)
            })
        })
        .connect_lazy_with(options)
}

/// Every column of the musehub tables on the search path.
async fn catalogue(connection: &mut PgConnection) -> Result<Columns, sqlx::Error> {
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .fetch_one(&mut *connection)
        .await?;
    if encoding == "SQL_ASCII" {
        return Err(sqlx::Error::Protocol(
            "it holds text of no known encoding (SQL_ASCII); restore it into a database with UTF8"
                .to_owned(),
        ));
    }
    let rows: Vec<(String, String, String, bool, bool, bool)> = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text, coalesce(b.typname, t.typname)::text, \
                a.attnotnull, a.atthasdef, \
                coalesce(CASE WHEN l.collname = 'default' THEN d.datcollate ELSE l.collname END, 'C') IN ('C', 'POSIX') \
         FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid \
         JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_type AS b ON b.oid = nullif(t.typbasetype, 0) \
         LEFT JOIN pg_collation AS l ON l.oid = a.attcollation \
         JOIN pg_database AS d ON d.datname = current_database() \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND left(c.relname, 8) = 'musehub_' \
           AND a.attnum > 0 AND NOT a.attisdropped AND pg_table_is_visible(c.oid)",
    )
    .fetch_all(connection)
    .await?;
    Ok(Columns::new(
        rows.into_iter()
            .map(|(table, column, of, not_null, has_default, by_bytes)| {
                let column_is = Column {
                    of,
                    not_null,
                    has_default,
                    by_bytes,
                };
                (table, column, column_is)
            })
            .collect(),
    ))
}

/// Refuses a database without a hub's tables, or one whose tables this user may not read: an audit of
/// half a hub would be nothing but false findings.
async fn check_hub(
    place: &Place,
    connection: &mut PgConnection,
    columns: &Columns,
) -> Result<(), IndexError> {
    let fail = |why: String| {
        Err(IndexError::NotAHub {
            what: place.to_string(),
            why,
        })
    };
    let has = |table: &str| columns.capabilities.has_table(table);
    if CORE.iter().all(|(table, _)| !has(table)) {
        let elsewhere: Option<String> = sqlx::query_scalar(
            "SELECT n.nspname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE c.relname = 'musehub_commits' LIMIT 1",
        )
        .fetch_optional(connection)
        .await
        .map_err(|e| open_error(place, &e))?;
        return fail(match elsewhere {
            Some(schema) => format!(
                "its tables lie in the schema {schema}, which is not on this user's search path; add ?options[search_path]={schema} to the URL"
            ),
            None => {
                "it has no musehub tables; check that this is the hub's own database".to_owned()
            }
        });
    }
    for (table, key) in CORE {
        if !has(table) {
            return fail(format!("it has no table {table}"));
        }
        if !columns.capabilities.has(table, key) {
            return fail(format!("its table {table} has no column {key}"));
        }
    }
    for (table, _) in CORE {
        let may: bool = sqlx::query_scalar("SELECT has_table_privilege($1, 'SELECT')")
            .bind(table)
            .fetch_one(&mut *connection)
            .await
            .map_err(|e| open_error(place, &e))?;
        if !may {
            return Err(IndexError::Open {
                what: place.to_string(),
                why: format!(
                    "this user may not read {table}; GRANT SELECT on the musehub tables to it"
                ),
            });
        }
    }
    Ok(())
}

/// Why a database could not be opened, and what to do.
fn open_error(place: &Place, error: &sqlx::Error) -> IndexError {
    let why = match error {
        sqlx::Error::Database(e) => {
            let told = e.message();
            match e.code().as_deref() {
                Some("28P01" | "28000") => format!(
                    "{told}; check user and password in DATABASE_URL, --database or PGPASSWORD"
                ),
                Some("3D000") => format!("{told}; check the name at the end of the URL"),
                Some("53300") => format!("{told}; try again when others have left"),
                Some("57P03") => format!("{told}; try again in a moment"),
                Some("42501") => format!("{told}; ask for a role that may do this"),
                _ => told.to_owned(),
            }
        }
        sqlx::Error::Io(e) => {
            format!("{e}; check that the server runs and that host and port are right")
        }
        sqlx::Error::Tls(e) => format!(
            "{e}; give the server's CA with sslrootcert=FILE in the URL, or add it to the system's"
        ),
        sqlx::Error::Protocol(why) => why.clone(),
        other => other.to_string(),
    };
    IndexError::Open {
        what: place.to_string(),
        why,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_of_the_migrations_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed: Vec<String> = super::MIGRATIONS
            .iter()
            .map(|(number, name, _)| format!("{number:04}_{name}.sql"))
            .collect();
        assert_eq!(files, listed);
    }
}
