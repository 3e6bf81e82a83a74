//! Changes: compare-and-set.

use super::Postgres;
use super::cell::Statement;
use super::sessions::{Purpose, SILENCE, Session, within};
use crate::access::Access;
use crate::index::added::{CACHING, cache_here};
use crate::index::rows::id_column;
use crate::index::{Capabilities, IndexError, Link, Recache};
use luthier_object::Kind;
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

    /// Points rows at their objects where they still say what was seen. Of several, none that somebody else has locked
    /// is waited for: whoever waits with locks of its own can lock others out for ever.
    pub(super) async fn set_storage_uri(
        &self,
        kind: Kind,
        links: &[Link],
    ) -> Result<Vec<String>, IndexError> {
        let failed = |e| self.failed("setting storage_uri", e);
        let mut tx = self.begin().await?;
        let table = Capabilities::table(kind);
        if !self.columns.capabilities.storage_uri(kind) {
            return Err(IndexError::Query {
                what: "setting storage_uri",
                why: format!("{table} has no such column; run `luthier schema --apply --write`")
                    .into(),
            });
        }
        let column =
            |value: fn(&Link) -> Option<String>| links.iter().map(value).collect::<Vec<_>>();
        let id = self.columns.key(table, id_column(kind));
        let mut ask = Statement::new(format!(
            "UPDATE {} AS t SET {} = u.new FROM unnest(",
            self.columns.sql(table),
            self.columns.name(table, "storage_uri")
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
             AND {} IS NOT DISTINCT FROM u.seen",
            self.columns.text("t", table, "storage_uri")
        ));
        if links.len() > 1 {
            ask.push(&format!(
                " AND {id} IN (SELECT {id} FROM {} AS t WHERE {id} = ANY({ids}) FOR UPDATE SKIP LOCKED)",
                self.columns.sql(table)
            ));
        }
        ask.push(&format!(" RETURNING {id}"));
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
    pub(super) async fn set_cache(&self, recache: &Recache) -> Result<bool, IndexError> {
        const TABLE: &str = "musehub_snapshots";
        let failed = |e| self.failed(CACHING, e);
        let mut tx = self.begin().await?;
        let has = |column| self.columns.capabilities.has(TABLE, column);
        cache_here(&self.columns.capabilities)?;
        let cell = |column| self.columns.cell("t", TABLE, column);
        let name = |column| self.columns.name(TABLE, column);
        let mut ask = Statement::new(format!("UPDATE {} AS t SET ", self.columns.sql(TABLE)));
        let new = ask.bind(recache.manifest.clone()).map_err(failed)?;
        let seen = ask.bind(recache.seen_manifest.clone()).map_err(failed)?;
        let mut set = format!("{} = {new}", name("manifest_blob"));
        let mut still = format!("{} IS NOT DISTINCT FROM {seen}", cell("manifest_blob"));
        if has("entry_count") {
            let new = ask.bind(recache.entry_count).map_err(failed)?;
            let seen = ask.bind(recache.seen_entry_count).map_err(failed)?;
            set.push_str(&format!(", {} = {new}", name("entry_count")));
            still.push_str(&format!(
                " AND {} IS NOT DISTINCT FROM {seen}",
                cell("entry_count")
            ));
        }
        if let Some(column) = self.columns.get(TABLE, "directories") {
            let new = ask.bind(recache.directories.clone()).map_err(failed)?;
            let seen = ask.bind(recache.seen_directories.clone()).map_err(failed)?;
            set.push_str(&format!(
                ", {} = {}",
                name("directories"),
                column.take(&new)
            ));
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
