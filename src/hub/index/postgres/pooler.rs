//! Finds out whether a pooler is in front of the server; only messages depend on it. Nothing rests on the answer but
//! what is told.

use super::sessions::{CONNECT, Purpose, SILENCE, start, within};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};

/// Connections that are made to find out: a busy pooler may have a fresh server process for one or the other.
const ROUNDS: usize = 4;

/// A server process: when its server and it itself began, and what time it is there. Microseconds.
type Process = (i64, i64, i64);

/// Makes a few connections, one after the other. A server process that is older than the connection which it serves
/// has served another before: only a pooler does that, whatever its name and mode.
pub(super) async fn stands_between(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut first: Option<Process> = None;
    for _ in 0..ROUNDS {
        let (server, began, now) = process(options).await?;
        match first {
            // Another server's clock says nothing.
            Some((same, _, then)) if same == server && began < then => return Ok(true),
            Some(_) => {}
            None => first = Some((server, began, now)),
        }
    }
    Ok(false)
}

async fn process(options: &PgConnectOptions) -> Result<Process, sqlx::Error> {
    let mut own = within(CONNECT, PgConnection::connect_with(options)).await?;
    start(&mut own, Purpose::Read).await?;
    let found = sqlx::query_as(
        "SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint, \
                (extract(epoch FROM backend_start) * 1000000)::bigint, \
                (extract(epoch FROM clock_timestamp()) * 1000000)::bigint \
         FROM pg_stat_activity WHERE pid = pg_backend_pid()",
    )
    .persistent(false)
    .fetch_one(&mut own);
    let found = within(SILENCE, found).await?;
    within(CONNECT, own.execute("ROLLBACK")).await?;
    within(CONNECT, own.close()).await?;
    Ok(found)
}
