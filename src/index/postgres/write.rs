//! Changes: compare-and-set, and the lock of whoever applies a repair.

use super::cell::Ask;
use super::{Place, Postgres, query_error};
use crate::index::rows::id_column;
use crate::index::{Capabilities, IndexError, Link, Recache};
use crate::object::Kind;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection, Postgres as Driver, Row, Transaction};
use std::sync::Mutex;

/// The advisory lock of appliers: `Luthier` in ASCII. One for each database, as such locks are.
const LOCK: i64 = 0x4c75_7468_6965_7200;

/// How long an applier waits for another to end: long enough for the server to notice one that died.
const PATIENCE: &str = "3s";

impl Postgres {
    pub(super) fn writer(&self) -> Result<&PgPool, IndexError> {
        self.writer.as_ref().ok_or(IndexError::ReadOnly)
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'static, Driver>, IndexError> {
        self.writer()?
            .begin()
            .await
            .map_err(|e| self.failed("starting a transaction", e))
    }

    /// Points rows at their objects where they still say what was seen.
    pub(super) async fn link(&self, kind: Kind, links: &[Link]) -> Result<Vec<String>, IndexError> {
        let failed = |e| self.failed("setting storage_uri", e);
        let mut tx = self.begin().await?;
        let table = Capabilities::table(kind);
        if !self.columns.capabilities.storage_uri(kind) {
            return Err(IndexError::Query {
                what: "setting storage_uri",
                why: format!("{table} has no such column; run `luthier schema --apply --write`"),
            });
        }
        let column =
            |value: fn(&Link) -> Option<String>| links.iter().map(value).collect::<Vec<_>>();
        let id = self.columns.key(table, id_column(kind));
        let mut ask = Ask::new(format!(
            "UPDATE {table} AS t SET storage_uri = u.new FROM unnest("
        ));
        let ids = ask
            .bind(column(|link| Some(link.id.clone())))
            .map_err(failed)?;
        let seen = ask.bind(column(|link| link.seen.clone())).map_err(failed)?;
        let new = ask
            .bind(column(|link| Some(link.new.clone())))
            .map_err(failed)?;
        ask.push(&format!(
            "{ids}, {seen}, {new}) AS u (id, seen, new) WHERE {id} = u.id \
             AND t.storage_uri IS NOT DISTINCT FROM u.seen RETURNING {id}"
        ));
        let rows = sqlx::query_with(AssertSqlSafe(ask.sql), ask.args)
            .fetch_all(&mut *tx)
            .await
            .map_err(failed)?;
        let changed = rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>();
        let changed = changed.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(changed)
    }

    /// Rewrites a snapshot's cache where it still is what was seen.
    pub(super) async fn recache(&self, recache: &Recache) -> Result<bool, IndexError> {
        const TABLE: &str = "musehub_snapshots";
        let failed = |e| self.failed("rewriting a snapshot's cache", e);
        let mut tx = self.begin().await?;
        let has = |column| self.columns.capabilities.has(TABLE, column);
        if !has("manifest_blob") {
            return Err(IndexError::Query {
                what: "rewriting a snapshot's cache",
                why: "musehub_snapshots has no column manifest_blob".to_owned(),
            });
        }
        let mut ask = Ask::new("UPDATE musehub_snapshots AS t SET ");
        let new = ask.bind(recache.manifest.clone()).map_err(failed)?;
        let seen = ask.bind(recache.seen_manifest.clone()).map_err(failed)?;
        let mut set = format!("manifest_blob = {new}");
        let mut still = format!("t.manifest_blob IS NOT DISTINCT FROM {seen}");
        if has("entry_count") {
            let new = ask.bind(recache.entry_count).map_err(failed)?;
            let seen = ask.bind(recache.seen_entry_count).map_err(failed)?;
            set.push_str(&format!(", entry_count = {new}"));
            still.push_str(&format!(" AND t.entry_count IS NOT DISTINCT FROM {seen}"));
        }
        if let Some(column) = self.columns.get(TABLE, "directories") {
            let new = ask.bind(recache.directories.clone()).map_err(failed)?;
            let seen = ask.bind(recache.seen_directories.clone()).map_err(failed)?;
            set.push_str(&format!(", directories = CAST({new} AS {})", column.cast()));
            still.push_str(&format!(
                " AND {}::text IS NOT DISTINCT FROM {seen}",
                self.columns.plain(TABLE, "directories")
            ));
        }
        let id = ask.bind(recache.id.clone()).map_err(failed)?;
        let key = self.columns.key(TABLE, "snapshot_id");
        ask.push(&format!("{set} WHERE {key} = {id} AND {still}"));
        let done = sqlx::query_with(AssertSqlSafe(ask.sql), ask.args)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes the hub's advisory lock on a connection of its own; the lock goes with the guard.
    pub(super) async fn lock(&self) -> Result<Box<dyn Send + Sync>, IndexError> {
        const WHAT: &str = "locking the hub";
        self.writer()?;
        let failed = |e| self.failed(WHAT, e);
        let options = self.place.options().map_err(failed)?;
        let mut own = PgConnection::connect_with(&options).await.map_err(failed)?;
        let patience = format!("SET lock_timeout = '{PATIENCE}'");
        sqlx::raw_sql(AssertSqlSafe(patience))
            .execute(&mut own)
            .await
            .map_err(failed)?;
        let taken = sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(LOCK)
            .execute(&mut own)
            .await;
        match taken {
            Ok(_) => Ok(Box::new(Mutex::new(own))),
            Err(error) if is_lock_timeout(&error) => {
                Err(IndexError::Locked(holder(&mut own, &self.place).await?))
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    code.as_deref() == Some("55P03")
}

/// Who holds the lock, as far as the server tells.
async fn holder(own: &mut PgConnection, place: &Place) -> Result<String, IndexError> {
    let found: Option<(i32, String, String)> = sqlx::query_as(
        "SELECT l.pid, coalesce(nullif(a.application_name, ''), 'a program'), \
                coalesce(host(a.client_addr), 'this machine') \
         FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
           AND (l.classid::bigint << 32 | l.objid::bigint) = $1 \
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind(LOCK)
    .fetch_optional(own)
    .await
    .map_err(|e| query_error("asking who holds the lock", place, e))?;
    Ok(match found {
        Some((pid, name, host)) => format!("{name} on {host}, server process {pid}"),
        None => "it has just ended; try again".to_owned(),
    })
}
