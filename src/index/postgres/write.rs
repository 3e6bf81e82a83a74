//! Changes: compare-and-set.

use super::Postgres;
use super::cell::Ask;
use super::sessions::{Purpose, SILENCE, Session, within};
use crate::access::Access;
use crate::index::rows::id_column;
use crate::index::{Capabilities, IndexError, Link, Recache};
use crate::object::Kind;
use sqlx::Row;

impl Postgres {
    /// Refuses to write in a session that was opened for reading.
    pub(super) fn may_write(&self) -> Result<(), IndexError> {
        match self.access {
            Access::Read => Err(IndexError::ReadOnly),
            Access::Write => Ok(()),
        }
    }

    /// Starts a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Session, IndexError> {
        self.may_write()?;
        self.lock_holds()?;
        self.sessions
            .begin(Purpose::Write)
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
        let rows = within(SILENCE, ask.query().fetch_all(&mut *tx))
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
        let done = within(SILENCE, ask.query().execute(&mut *tx))
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected() > 0)
    }
}
