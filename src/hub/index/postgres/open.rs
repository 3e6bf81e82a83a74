//! Opening a hub in Postgres: what can be wrong with it, in words, and what its catalogue offers.

use super::catalogue::{Catalogue, denied, of_table};
use super::columns::quoted;
use super::errors::open_error;
use super::lock::ApplierState;
use super::sessions::{CONNECT, Purpose, SILENCE, Sessions, start, within};
use super::{PgUrl, Postgres};
use crate::access::Access;
use crate::cause::Cause;
use crate::index::hidden::{CORE, columns_read, is_core};
use crate::index::{HubEra, IndexError};
use sqlx::migrate::{Migration, MigrationType};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr};

impl Postgres {
    /// Opens a hub. With `Access::Read` every transaction is read-only by the server's own word.
    ///
    /// # Errors
    /// No such host, port, user or database, a wrong password, a certificate that does not hold, rights
    /// that are missing, and a database that is no hub: each in one line that says what to do.
    pub async fn open(url: &PgUrl, access: Access) -> Result<Self, IndexError> {
        let mut probe = connect(url).await?;
        let catalogue = read_catalogue(url, &mut probe).await?;
        check_hub(url, &mut probe, &catalogue).await?;
        let fail = |e| open_error(url, &e);
        finish(&mut probe).await.map_err(fail)?;
        let options = url.options().map_err(fail)?;
        Ok(Self {
            url: url.clone(),
            sessions: Sessions::new(options, probe),
            access,
            applier: ApplierState::default(),
            columns: catalogue.columns,
            hidden: catalogue.hidden,
        })
    }

    /// Makes the tables of a new hub in an empty database and opens it for writing. A hub without rows
    /// is taken over; anything else is refused.
    ///
    /// # Errors
    /// As [`Postgres::open`], and a database that holds a hub already.
    pub async fn create(url: &PgUrl) -> Result<Self, IndexError> {
        Self::create_of(url, HubEra::default()).await
    }

    /// Makes a new hub as [`Postgres::create`] does, with the tables of an era.
    pub(crate) async fn create_of(url: &PgUrl, era: HubEra) -> Result<Self, IndexError> {
        let mut probe = connect(url).await?;
        let columns = read_catalogue(url, &mut probe).await?.columns;
        if !CORE.iter().any(|(t, _)| columns.capabilities.has_table(t)) {
            finish(&mut probe).await.map_err(|e| open_error(url, &e))?;
            make_tables(&mut probe, era)
                .await
                .map_err(|e| IndexError::Open {
                    what: url.to_string(),
                    why: Cause::told(format!("its tables could not be created: {e}"), e),
                })?;
        }
        // The next connection tells what there is to tell.
        let _ = probe.close().await;
        let hub = Self::open(url, Access::Write).await?;
        if let Some(hidden) = hub.hidden.first() {
            return Err(IndexError::Open {
                what: url.to_string(),
                why: format!("it may already contain rows: {}", hidden.said).into(),
            });
        }
        let counts = hub.counts().await?;
        if counts.repos + counts.branches + counts.commits + counts.snapshots + counts.blobs > 0 {
            return Err(IndexError::Open {
                what: url.to_string(),
                why: "it already contains a hub with rows; choose an empty database".into(),
            });
        }
        Ok(hub)
    }
}

/// Makes the tables in one transaction. sqlx's own migrator would lock for the session and name its statements: both
/// stay behind on what a pooler gives to others.
async fn make_tables(connection: &mut PgConnection, era: HubEra) -> Result<(), sqlx::Error> {
    let mut sql = "BEGIN; SET LOCAL lock_timeout = '5s'; \
         CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, \
         execution_time BIGINT NOT NULL);\n"
        .to_owned();
    for (number, name, statements) in era.postgres() {
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

/// One connection: what is wrong is said at once.
async fn connect(url: &PgUrl) -> Result<PgConnection, IndexError> {
    let fail = |e| open_error(url, &e);
    let options = url.options().map_err(fail)?;
    match tokio::time::timeout(CONNECT, PgConnection::connect_with(&options)).await {
        Ok(connection) => connection.map_err(fail),
        Err(_) => Err(IndexError::Open {
            what: url.to_string(),
            why: format!(
                "no answer within {} s; check host and port, and that a firewall lets this machine through",
                CONNECT.as_secs()
            )
            .into(),
        }),
    }
}

/// Starts a transaction, which [`finish`] ends, and reads the catalogue in it.
async fn read_catalogue(
    url: &PgUrl,
    connection: &mut PgConnection,
) -> Result<Catalogue, IndexError> {
    let read = async {
        start(connection, Purpose::Read).await?;
        // The second is what the first comes to: schemas that are not there leave it.
        let path: (String, String) = within(
            SILENCE,
            sqlx::query_as("SELECT current_setting('search_path'), array_to_string(current_schemas(false), ',')")
                .persistent(false)
                .fetch_one(&mut *connection),
        )
        .await?;
        let catalogue = within(SILENCE, Catalogue::read(connection)).await?;
        Ok((path, catalogue))
    };
    let ((path, schemas), catalogue) = read.await.map_err(|e| open_error(url, &e))?;
    let options = url.options().map_err(|e| open_error(url, &e))?;
    match asked_path(options.get_options().unwrap_or_default()) {
        Some(asked) if !is_same_path(&asked, &path) && !is_same_path(&asked, &schemas) => {
            Err(IndexError::Open {
                what: url.to_string(),
                why: format!(
                    "the URL asks for the schema {asked} and the connection reads {path}: a pooler ignores what the URL \
                 sets. Leave `options` out of the URL and set the path for the role (ALTER ROLE … SET search_path …), \
                 or connect to the server itself"
                )
                .into(),
            })
        }
        _ => Ok(catalogue),
    }
}

/// Returns the search path that a connection's `options` ask for (`-c name=value`, a backslash before a space that
/// belongs to the value); the last one counts, as for the server.
fn asked_path(options: &str) -> Option<String> {
    let mut words = vec![String::new()];
    let mut letters = options.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => words.last_mut()?.extend(letters.next()),
            c if c.is_whitespace() => words.push(String::new()),
            c => words.last_mut()?.push(c),
        }
    }
    let setting = |word: &String| {
        let word = word.strip_prefix("--").or(word.strip_prefix("-c"));
        let (name, value) = word?.split_once('=')?;
        (name == "search_path").then(|| value.to_owned())
    };
    let apart = words.iter().zip(words.iter().skip(1));
    let joined = apart.map(|(flag, word)| match flag.as_str() {
        "-c" => format!("-c{word}"),
        _ => word.clone(),
    });
    let all: Vec<String> = words.first().cloned().into_iter().chain(joined).collect();
    all.iter().filter_map(setting).next_back()
}

/// Returns whether two search paths name the same schemas; spaces around the commas do not count.
fn is_same_path(one: &str, other: &str) -> bool {
    let schemas = |path: &str| {
        path.split(',')
            .map(|s| s.trim().to_owned())
            .collect::<Vec<_>>()
    };
    schemas(one) == schemas(other)
}

/// Ends a transaction that only read.
async fn finish(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    within(CONNECT, connection.execute("ROLLBACK"))
        .await
        .map(drop)
}

/// Refuses a database without a hub's tables, or one whose tables this user may not read: an audit of
/// half a hub would be nothing but false findings.
async fn check_hub(
    url: &PgUrl,
    connection: &mut PgConnection,
    catalogue: &Catalogue,
) -> Result<(), IndexError> {
    let fail = |why: String| {
        Err(IndexError::NotAHub {
            what: url.to_string(),
            why: why.into(),
        })
    };
    let columns = &catalogue.columns;
    let has = |table: &str| columns.capabilities.has_table(table);
    if CORE.iter().all(|(table, _)| !has(table)) {
        let elsewhere = elsewhere(connection)
            .await
            .map_err(|e| open_error(url, &e))?;
        return fail(elsewhere.unwrap_or_else(|| {
            "it has no musehub tables; check that this is the hub's own database".to_owned()
        }));
    }
    for (table, key) in CORE {
        if !has(table) {
            return fail(format!("it has no table {table}"));
        }
        if !columns.capabilities.has(table, key) {
            return fail(format!("its table {table} has no column {key}"));
        }
    }
    for (table, read) in columns_read(&columns.capabilities) {
        let denied = denied(columns, &catalogue.unreadable, table, &read);
        let here = read.iter().filter(|c| columns.get(table, c).is_some());
        if is_core(table) && !denied.is_empty() {
            let all: Vec<&str> = here.copied().collect();
            return Err(IndexError::Open {
                what: url.to_string(),
                why: format!(
                    "this user may not read {}; GRANT SELECT on the musehub tables to it",
                    of_table(table, &all, &denied)
                )
                .into(),
            });
        }
    }
    Ok(())
}

/// Describes where a hub's tables are if they are not on the search path; `None` if there are none.
async fn elsewhere(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let found: Option<(String, bool)> = sqlx::query_as(
        "SELECT n.nspname::text, has_schema_privilege(n.oid, 'USAGE') FROM pg_class AS c \
         JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE lower(c.relname) = 'musehub_commits' \
         ORDER BY 2 DESC, 1 LIMIT 1",
    )
    .persistent(false)
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|(schema, may_use)| match may_use {
        false => format!(
            "its tables lie in the schema {schema}, which this user may not use; GRANT USAGE ON SCHEMA {} to it",
            quoted(&schema)
        ),
        true => format!(
            "its tables lie in the schema {schema}, which is not on this user's search path; add ?options[search_path]={} to the URL",
            on_path(&schema)
        ),
    }))
}

/// Returns a schema as a search path in a URL takes it: in quotes unless it reads the same without them, and without
/// what a URL takes for its own.
fn on_path(schema: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    if schema.chars().all(plain) && !schema.starts_with(|c: char| c.is_ascii_digit()) {
        return schema.to_owned();
    }
    let mut out = String::new();
    for c in quoted(schema).chars() {
        match c {
            ' ' | '\\' | '%' | '&' | '#' | '+' => out.push_str(&format!("%{:02X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{asked_path, is_same_path};

    #[test]
    fn the_search_path_that_options_ask_for_is_found_however_it_is_written() {
        let found = |options| asked_path(options);
        assert_eq!(found("-c search_path=hub").as_deref(), Some("hub"));
        assert_eq!(found("-csearch_path=hub").as_deref(), Some("hub"));
        assert_eq!(found("--search_path=hub").as_deref(), Some("hub"));
        let twice = "-c search_path=a -c work_mem=64MB -c search_path=b,\\ \"C\\ d\"";
        assert_eq!(found(twice).as_deref(), Some("b, \"C d\""));
        assert_eq!(found("-c work_mem=64MB"), None);
        assert_eq!(found(""), None);
        assert!(is_same_path("b, \"C d\"", "b,\"C d\""));
        assert!(!is_same_path("hub", "\"$user\", public"));
    }
}
