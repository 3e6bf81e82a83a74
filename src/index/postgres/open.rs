//! Opening a hub in Postgres: what can be wrong with it, in words, and what its catalogue offers.

use super::columns::{Column, Columns};
use super::errors::open_error;
use super::lock::ApplierState;
use super::sessions::{CONNECT, Purpose, SILENCE, Sessions, start, within};
use super::{Place, Postgres};
use crate::access::Access;
use crate::index::{Index, IndexError};
use sqlx::migrate::{Migration, MigrationType};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr};

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

impl Postgres {
    /// Opens a hub. With `Access::Read` every transaction is read-only by the server's own word.
    ///
    /// # Errors
    /// No such host, port, user or database, a wrong password, a certificate that does not hold, rights
    /// that are missing, and a database that is no hub: each in one line that says what to do.
    pub async fn open(place: &Place, access: Access) -> Result<Self, IndexError> {
        let mut probe = connect(place).await?;
        let columns = read_catalogue(place, &mut probe).await?;
        check_hub(place, &mut probe, &columns).await?;
        let fail = |e| open_error(place, &e);
        finish(&mut probe).await.map_err(fail)?;
        let options = place.options().map_err(fail)?;
        Ok(Self {
            place: place.clone(),
            sessions: Sessions::new(options, probe),
            access,
            applier: ApplierState::default(),
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
        let columns = read_catalogue(place, &mut probe).await?;
        if !CORE.iter().any(|(t, _)| columns.capabilities.has_table(t)) {
            finish(&mut probe)
                .await
                .map_err(|e| open_error(place, &e))?;
            make_tables(&mut probe)
                .await
                .map_err(|e| IndexError::Open {
                    what: place.to_string(),
                    why: format!("its tables could not be made: {e}"),
                })?;
        }
        // The next connection tells what there is to tell.
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

/// Makes the tables in one transaction. sqlx's own migrator would lock for the session and name its statements: both
/// stay behind on what a pooler gives to others.
async fn make_tables(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut sql = "BEGIN; SET LOCAL lock_timeout = '5s'; \
         CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, \
         execution_time BIGINT NOT NULL);\n"
        .to_owned();
    for (number, name, statements) in MIGRATIONS {
        let kind = MigrationType::Simple;
        let text = statements.into_sql_str();
        let checksum = Migration::new(number, name.into(), kind, text, false).checksum;
        sql += &format!(
            "{statements}\n; INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ({number}, '{name}', true, '\\x{}', 0);\n",
            hex::encode(checksum)
        );
    }
    sql += "COMMIT";
    let made = connection.execute(sqlx::raw_sql(AssertSqlSafe(sql)));
    within(SILENCE, made).await.map(drop)
}

/// One connection: what is wrong is told at once.
async fn connect(place: &Place) -> Result<PgConnection, IndexError> {
    let fail = |e| open_error(place, &e);
    let options = place.options().map_err(fail)?;
    match tokio::time::timeout(CONNECT, PgConnection::connect_with(&options)).await {
        Ok(connection) => connection.map_err(fail),
        Err(_) => Err(IndexError::Open {
            what: place.to_string(),
            why: format!(
                "no answer within {} s; check host and port, and that a firewall lets this machine through",
                CONNECT.as_secs()
            ),
        }),
    }
}

/// Starts a transaction, which [`finish`] ends, and reads the catalogue in it.
async fn read_catalogue(
    place: &Place,
    connection: &mut PgConnection,
) -> Result<Columns, IndexError> {
    let read = async {
        start(connection, Purpose::Read).await?;
        within(SILENCE, catalogue(connection)).await
    };
    read.await.map_err(|e| open_error(place, &e))
}

/// Ends a transaction that only read.
async fn finish(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    within(CONNECT, connection.execute("ROLLBACK"))
        .await
        .map(drop)
}

/// Every column of the musehub tables on the search path.
async fn catalogue(connection: &mut PgConnection) -> Result<Columns, sqlx::Error> {
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .persistent(false)
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
    .persistent(false)
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
        .persistent(false)
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
            .persistent(false)
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
