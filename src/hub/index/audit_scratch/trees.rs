//! What the trees of snapshots name.

use super::AuditScratch;
use super::facts::Standing;
use super::runs::order;
use super::tables::{self, Holders, Tables};
use crate::index::IndexError;
use crate::index::key::{KEY, Key, Met};
use crate::index::scratch_trouble::Trouble;
use luthier_object::Kind;
use rusqlite::Connection;

/// Ids of the blobs of a tree, as the facts keep them.
#[derive(Debug)]
pub struct BlobIds(pub(super) Vec<Met<'static>>);

impl<'i> FromIterator<&'i str> for BlobIds {
    fn from_iter<I: IntoIterator<Item = &'i str>>(ids: I) -> Self {
        Self(ids.into_iter().map(Met::owned).collect())
    }
}

impl BlobIds {
    /// Returns how many files the tree has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether the tree has no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The entries of a tree that count as named, by the repositories that hold its snapshot.
pub struct TreeNames {
    pub snapshot_id: String,
    pub repos: Holders,
    pub blobs: BlobIds,
}

impl AuditScratch {
    /// Lays down which blobs these trees name, and which entries have a blob that cannot be pulled or was not looked at:
    /// every blob's row is known by then.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_trees(&self, trees: Vec<TreeNames>) -> Result<(), IndexError> {
        if trees.is_empty() {
            return Ok(());
        }
        self.file
            .tell(move |connection, tables| {
                let met = trees.iter().map(|tree| tree.keyed(connection, tables));
                let met: Vec<(Key, Vec<u32>, Vec<Key>)> = met.collect::<rusqlite::Result<_>>()?;
                let keyed = met.iter().map(|(by, repos, blobs)| KeyedTree {
                    by: *by,
                    repos,
                    blobs,
                });
                lay_down(&keyed.collect::<Vec<_>>(), connection, tables)
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
    /// Returns what stands for the snapshot, the repositories and the blobs.
    fn keyed(
        &self,
        connection: &Connection,
        tables: &mut Tables,
    ) -> rusqlite::Result<(Key, Vec<u32>, Vec<Key>)> {
        let by = tables::label(connection, &Met::new(&self.snapshot_id))?;
        let repos = self.repos.iter().map(|r| tables.repos.number(r));
        let repos = repos.collect();
        let blobs = self.blobs.0.iter();
        let blobs = blobs.map(|id| tables::kept(connection, Kind::Blob, id));
        Ok((by, repos, blobs.collect::<rusqlite::Result<_>>()?))
    }
}

/// A tree whose ids are keys.
pub(super) struct KeyedTree<'t> {
    /// Stands for its snapshot.
    pub by: Key,
    pub repos: &'t [u32],
    pub blobs: &'t [Key],
}

/// Lays down what trees name. What each repository named not long ago is passed over; the rest is looked up in the order
/// of the blobs, since neighbours lie in one block.
pub(super) fn lay_down(
    trees: &[KeyedTree<'_>],
    connection: &Connection,
    tables: &mut Tables,
) -> Result<(), Trouble> {
    let (mut bad, mut new) = (Vec::new(), Vec::new());
    for tree in trees {
        for blob in tree.blobs {
            let recent = |repo: &u32| {
                let name = tables::numbered(blob, *repo);
                tables.recent.find(&name, &tree.by)
            };
            let known = tree.repos.iter().map(recent);
            match known.reduce(|all, one| all.and(one)) {
                // Nobody names it, or all did, and it is sound.
                None | Some(Some(false)) => {}
                Some(Some(true)) => bad.push((tree.by, *blob)),
                Some(None) => new.push((blob, tree)),
            }
        }
    }
    let blobs = new.iter().map(|(blob, _)| **blob).collect();
    let doubtful = Doubtful::of(blobs, tables)?;
    for (blob, tree) in new {
        let is_bad = doubtful.has(blob);
        for repo in tree.repos {
            let name = tables::numbered(blob, *repo);
            if tables.recent.find(&name, &tree.by).is_none() {
                tables.recent.keep(name, &tree.by, is_bad);
                tables.named.push(tables::pair(blob, *repo, &tree.by))?;
            }
        }
        if is_bad {
            bad.push((tree.by, *blob));
        }
    }
    for (snapshot, blob) in bad {
        let (snapshot, blob) = (
            tables::text(connection, &snapshot)?,
            tables::text(connection, &blob)?,
        );
        connection
            .prepare_cached("INSERT OR IGNORE INTO bad_entry (snapshot, blob) VALUES (?1, ?2)")?
            .execute((snapshot, blob))?;
    }
    Ok(())
}

/// Of the blobs of some trees, those that have no row, or one that is not known to be sound, in order.
struct Doubtful(Vec<Key>);

impl Doubtful {
    fn of(mut blobs: Vec<Key>, tables: &mut Tables) -> Result<Self, Trouble> {
        blobs.sort_unstable_by(|a, b| order(a, b));
        blobs.dedup();
        let mut out = Vec::new();
        for key in blobs {
            if is_doubtful(tables, &key)? {
                out.push(key);
            }
        }
        Ok(Self(out))
    }

    fn has(&self, key: &Key) -> bool {
        self.0.binary_search_by(|other| order(other, key)).is_ok()
    }
}

/// Returns whether a blob has no row, or one that is not known to be sound.
fn is_doubtful(tables: &mut Tables, blob: &[u8]) -> Result<bool, Trouble> {
    let fact = tables.known.first(blob)?;
    Ok(fact.is_none_or(|fact| Standing::numbered(fact[KEY]).is_doubtful()))
}
