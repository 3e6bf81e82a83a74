//! What the trees of snapshots name.

use super::AuditScratch;
use super::facts::Standing;
use super::key::{KEY, Met};
use super::tables::{self, Tables};
use crate::index::IndexError;
use crate::index::scratch_trouble::Trouble;
use luthier_object::{Kind, Manifest};
use rusqlite::Connection;
use std::sync::Arc;

/// The entries of a tree that count as named, by the repositories that hold its snapshot.
pub struct TreeNames {
    pub snapshot_id: String,
    pub repos: Vec<String>,
    pub manifest: Arc<Manifest>,
}

impl AuditScratch {
    /// Lays down which blobs these trees name, and which entries have a blob that cannot be pulled or was not looked at:
    /// every blob's row is known by then.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_trees(&self, trees: Vec<TreeNames>) -> Result<(), IndexError> {
        self.lay_down(trees.into_iter(), |connection, tables, tree| {
            tree.lay_down(connection, tables)
        })
        .await
    }

    /// Waits for all that was laid down.
    ///
    /// # Errors
    /// The scratch file could not be written.
    pub async fn settle(&self) -> Result<(), IndexError> {
        self.file.settle().await
    }
}

impl TreeNames {
    fn lay_down(&self, connection: &Connection, tables: &mut Tables) -> Result<(), Trouble> {
        let by = tables::label(connection, &Met::new(&self.snapshot_id))?;
        let mut repos = Vec::with_capacity(self.repos.len());
        for repo in &self.repos {
            repos.push(tables.repos.number(repo));
        }
        for (_, id) in self.manifest.iter() {
            let key = tables::kept(connection, Kind::Blob, &Met::new(id.as_str()))?;
            let mut is_bad = None;
            for repo in &repos {
                let name = tables::numbered(&key, *repo);
                let recent = tables.recent.find(&name);
                is_bad = match recent.or(is_bad) {
                    None => Some(is_doubtful(tables, &key)?),
                    known => known,
                };
                if recent.is_none() {
                    tables.recent.keep(name, is_bad == Some(true));
                    tables.named.push(tables::pair(&key, *repo, &by))?;
                }
            }
            if is_bad == Some(true) {
                connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO bad_entry (snapshot, blob) VALUES (?1, ?2)",
                    )?
                    .execute((&self.snapshot_id, id.as_str()))?;
            }
        }
        Ok(())
    }
}

/// Returns whether a blob has no row, or one that is not known to be sound.
fn is_doubtful(tables: &mut Tables, blob: &[u8]) -> Result<bool, Trouble> {
    let fact = tables.known.first(blob)?;
    Ok(fact.is_none_or(|fact| Standing::numbered(fact[KEY]).is_doubtful()))
}
