//! Changes: compare-and-set, added rows, and the lock of whoever applies a repair.

use super::cell::{SqliteCells, Statement};
use super::{Sqlite, query_error};
use crate::cause::Cause;
use crate::index::added::{CACHING, Value, cache_here};
use crate::index::rows::{Cells, id_column};
use crate::index::{Capabilities, IndexError, Link, Recache};
use luthier_object::Kind;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Sqlite as Driver, Transaction};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The table of the caches.
const TABLE: &str = "musehub_snapshots";

impl Sqlite {
    fn writer(&self) -> Result<&SqlitePool, IndexError> {
        self.writer.as_ref().ok_or(IndexError::ReadOnly)
    }

    /// Takes the write lock at once: a transaction that upgrades later can fail halfway.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Driver>, IndexError> {
        self.writer()?
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(query_error("starting a transaction"))
    }

    /// Points rows at their objects where they still say what was seen.
    pub(super) async fn set_storage_uri(
        &self,
        kind: Kind,
        links: &[Link],
    ) -> Result<Vec<String>, IndexError> {
        let failed = query_error("setting storage_uri");
        let mut tx = self.begin().await?;
        if !self.columns.capabilities.storage_uri(kind) {
            return Err(IndexError::Query {
                what: "setting storage_uri",
                why: format!(
                    "{} has no such column; run the hub's additive migration",
                    Capabilities::table(kind)
                )
                .into(),
            });
        }
        let mut changed = Vec::new();
        for link in links {
            let table = Capabilities::table(kind);
            let mut ask = Statement::new(format!("UPDATE {table} AS t SET"));
            let new = ask.bind(link.new.clone());
            let id = ask.bind_key(&link.id);
            let seen = ask.bind(link.seen.clone());
            ask.push(&format!(
                " storage_uri = {new} WHERE {} = {id} AND {} IS {seen}",
                self.columns.text("t", table, id_column(kind)),
                self.columns.text("t", table, "storage_uri")
            ));
            if run(&mut tx, ask).await.map_err(&failed)? > 0 {
                changed.push(link.id.clone());
            }
        }
        tx.commit().await.map_err(&failed)?;
        Ok(changed)
    }

    /// Rewrites a snapshot's cache where it still is what was seen.
    pub(super) async fn set_cache(&self, recache: &Recache) -> Result<bool, IndexError> {
        let failed = query_error(CACHING);
        let mut tx = self.begin().await?;
        let has = |column| self.columns.capabilities.has(TABLE, column);
        cache_here(&self.columns.capabilities)?;
        if !self.is_cached(&mut tx, recache).await.map_err(&failed)? {
            return Ok(false);
        }
        let mut ask = Statement::new("UPDATE musehub_snapshots AS t SET ");
        let new = self.bind_value(
            &mut ask,
            TABLE,
            "manifest_blob",
            Value::Bytes(Some(recache.manifest.clone())),
        );
        let mut set = format!("manifest_blob = {}", new);
        if has("entry_count") {
            let new = ask.bind(recache.entry_count);
            set.push_str(&format!(", entry_count = {new}"));
        }
        if has("directories") {
            let new = ask.bind(recache.directories.clone());
            set.push_str(&format!(", directories = {new}"));
        }
        let id = ask.bind_key(&recache.id);
        let key = self.columns.text("t", TABLE, "snapshot_id");
        ask.push(&format!("{set} WHERE {key} = {id}"));
        let changed = run(&mut tx, ask).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        Ok(changed > 0)
    }

    /// Returns whether a snapshot's cache still is what was seen, read as rows are: a manifest may be text there, a
    /// count as anything.
    async fn is_cached(
        &self,
        tx: &mut SqliteConnection,
        recache: &Recache,
    ) -> Result<bool, sqlx::Error> {
        let plain = |column| self.columns.plain(TABLE, column);
        let mut ask = Statement::new(format!(
            "SELECT {}, {}, {} FROM {TABLE} AS t WHERE {} = ",
            plain("manifest_blob"),
            plain("entry_count"),
            plain("directories"),
            self.columns.text("t", TABLE, "snapshot_id")
        ));
        let id = ask.bind_key(&recache.id);
        ask.push(&id);
        let Some(row) = ask.query()?.fetch_optional(tx).await? else {
            return Ok(false);
        };
        let mut cells = SqliteCells::new(&row);
        Ok(cells.bytes()? == recache.seen_manifest
            && cells.int()? == recache.seen_entry_count
            && cells.bytes()?.as_deref() == recache.seen_directories.as_deref().map(str::as_bytes))
    }

    /// Takes the lock file beside the database; the lock goes with the guard, the file stays.
    pub(super) async fn lock_applier(&self) -> Result<Box<dyn Send + Sync>, IndexError> {
        self.writer()?;
        let mut name = self.path.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let taken = tokio::task::spawn_blocking(move || take_lock(&path));
        let guard = taken.await.map_err(|e| IndexError::Query {
            what: "locking the hub",
            why: Cause::of(e),
        })??;
        Ok(Box::new(guard))
    }
}

/// Locks a file and writes this process's number into it, so that others can say who holds it.
fn take_lock(path: &Path) -> Result<File, IndexError> {
    let failed = |e: std::io::Error| IndexError::Query {
        what: "locking the hub",
        why: Cause::told(format!("{}: {e}", path.display()), e),
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Only to tell who it is: what cannot be read is left out.
            let _ = (&file).take(20).read_to_string(&mut pid);
            let pid: String = pid.chars().filter(char::is_ascii_digit).collect();
            return Err(IndexError::Locked(format!(
                "process {pid} holds {}",
                path.display()
            )));
        }
        Err(TryLockError::Error(e)) => return Err(failed(e)),
    }
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    writeln!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

/// Runs a statement and gives the number of rows that it changed.
pub(super) async fn run(tx: &mut SqliteConnection, ask: Statement) -> Result<u64, sqlx::Error> {
    let done = ask.query()?.execute(tx).await?;
    Ok(done.rows_affected())
}
