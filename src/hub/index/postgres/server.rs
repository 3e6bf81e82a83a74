//! The server's state that stops a run, or makes it wait.

use super::lock;
use crate::index::server::{Connections, ServerState};
use sqlx::postgres::PgConnection;

/// Everything but the pooler, which takes connections of its own to be found.
pub(super) async fn state(connection: &mut PgConnection) -> Result<ServerState, sqlx::Error> {
    Ok(ServerState {
        read_only: read_only(connection).await?,
        pooler: None,
        connections: connections(connection).await?,
        applier: lock::held_by(connection).await?,
        locked: locked(connection).await?,
    })
}

/// Returns why no transaction may change anything, and who says so.
async fn read_only(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let (standby, setting, source): (bool, String, String) = sqlx::query_as(
        "SELECT pg_is_in_recovery(), setting, source FROM pg_settings \
         WHERE name = 'default_transaction_read_only'",
    )
    .persistent(false)
    .fetch_one(connection)
    .await?;
    if standby {
        return Ok(Some("it is a standby, which follows another server".into()));
    }
    let by = match source.as_str() {
        _ if setting != "on" => return Ok(None),
        "database" => "for this database (ALTER DATABASE … SET)",
        "user" | "database user" => "for this role (ALTER ROLE … SET)",
        "client" => "by the URL's own options",
        "session" => "on this connection of the pooler, by a program that used it before",
        _ => "for the whole server",
    };
    Ok(Some(format!("default_transaction_read_only is on {by}")))
}

/// Returns how many more connections this user may open: the least of what the role, the database and the server allow.
async fn connections(connection: &mut PgConnection) -> Result<Option<Connections>, sqlx::Error> {
    let limits: Vec<(String, i64, i64)> = sqlx::query_as(
        "WITH taken AS (SELECT usename, datname FROM pg_stat_activity WHERE backend_type = 'client backend'), \
              me AS (SELECT rolname, rolconnlimit::bigint AS most, rolsuper FROM pg_roles WHERE rolname = current_user) \
         SELECT 'this role''s limit', most, (SELECT count(*) FROM taken WHERE usename = rolname) \
           FROM me WHERE most >= 0 AND NOT rolsuper \
         UNION ALL SELECT 'this database''s limit', datconnlimit::bigint, \
               (SELECT count(*) FROM taken WHERE datname = current_database()) \
           FROM pg_database, me WHERE datname = current_database() AND datconnlimit >= 0 AND NOT rolsuper \
         UNION ALL SELECT 'the server''s max_connections', current_setting('max_connections')::bigint \
               - CASE WHEN rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::bigint END, \
               (SELECT count(*) FROM taken) FROM me",
    )
    .persistent(false)
    .fetch_all(connection)
    .await?;
    let least = limits
        .into_iter()
        .min_by_key(|(_, most, taken)| most - taken);
    Ok(least.map(|(what, most, taken)| Connections {
        left: u64::try_from(most - taken).unwrap_or(0),
        limit: format!("{what} of {most}"),
    }))
}

/// Tables of the hub that nobody can read now, since another program changes or rewrites them.
async fn locked(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT format('%s, by server process %s (%s)', c.relname, l.pid, \
                coalesce(nullif(a.application_name, ''), 'a program')) \
         FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation \
         LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid \
         WHERE l.mode = 'AccessExclusiveLock' AND left(c.relname, 8) = 'musehub_' AND c.relkind IN ('r', 'p', 'm') \
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         ORDER BY 1",
    )
    .persistent(false)
    .fetch_all(connection)
    .await
}
