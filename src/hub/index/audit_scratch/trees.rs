//! What the trees of snapshots name.

use super::AuditScratch;
use super::facts::Standing;
use super::key::{KEY, Key, Met};
use super::sorted::order;
use super::tables::{self, Holders, Tables};
use crate::index::IndexError;
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
            .tell(move |connection, tables| lay_down(&trees, connection, tables))
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

/// A tree whose ids are keys.
struct Keyed<'t> {
    tree: &'t TreeNames,
    repos: Vec<u32>,
    /// Each with whether it is bad, where it was named not long ago in every repository.
    blobs: Vec<(Key, Option<bool>)>,
}

fn lay_down(
    trees: &[TreeNames],
    connection: &Connection,
    tables: &mut Tables,
) -> Result<(), Trouble> {
    let mut keyed = Vec::with_capacity(trees.len());
    let mut new = Vec::new();
    for tree in trees {
        let repos: Vec<u32> = tree.repos.iter().map(|r| tables.repos.number(r)).collect();
        let mut blobs = Vec::with_capacity(tree.blobs.len());
        for id in &tree.blobs.0 {
            let key = tables::kept(connection, Kind::Blob, id)?;
            let recent = |repo: &u32| tables.recent.find(&tables::numbered(&key, *repo));
            let is_bad = repos.iter().map(recent).reduce(|all, one| all.and(one));
            let is_bad = is_bad.unwrap_or(Some(false));
            if is_bad.is_none() {
                new.push(key);
            }
            blobs.push((key, is_bad));
        }
        keyed.push(Keyed { tree, repos, blobs });
    }
    let doubtful = Doubtful::of(new, tables)?;
    for tree in &keyed {
        tree.lay_down(connection, tables, &doubtful)?;
    }
    Ok(())
}

impl Keyed<'_> {
    fn lay_down(
        &self,
        connection: &Connection,
        tables: &mut Tables,
        doubtful: &Doubtful,
    ) -> Result<(), Trouble> {
        let snapshot_id = &self.tree.snapshot_id;
        let by = tables::label(connection, &Met::new(snapshot_id))?;
        for (key, known) in &self.blobs {
            let mut is_bad = *known;
            let named = if known.is_some() {
                &[]
            } else {
                &self.repos[..]
            };
            for repo in named {
                let name = tables::numbered(key, *repo);
                let recent = tables.recent.find(&name);
                is_bad = match recent.or(is_bad) {
                    None => doubtful.find(key),
                    known => known,
                };
                if recent.is_none() {
                    tables.recent.keep(name, is_bad == Some(true));
                    tables.named.push(tables::pair(key, *repo, &by))?;
                }
            }
            if is_bad == Some(true) {
                connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO bad_entry (snapshot, blob) VALUES (?1, ?2)",
                    )?
                    .execute((snapshot_id, tables::text(connection, key)?))?;
            }
        }
        Ok(())
    }
}

/// Blobs of some trees, in order, each with whether it has no row, or one that is not known to be sound. They are
/// looked up in order, since neighbours lie in one block.
struct Doubtful(Vec<(Key, bool)>);

impl Doubtful {
    fn of(mut blobs: Vec<Key>, tables: &mut Tables) -> Result<Self, Trouble> {
        blobs.sort_unstable_by(|a, b| order(a, b));
        blobs.dedup();
        let mut out = Vec::with_capacity(blobs.len());
        for key in blobs {
            out.push((key, is_doubtful(tables, &key)?));
        }
        Ok(Self(out))
    }

    fn find(&self, key: &Key) -> Option<bool> {
        let at = self.0.binary_search_by(|(other, _)| order(other, key));
        Some(self.0[at.ok()?].1)
    }
}

/// Returns whether a blob has no row, or one that is not known to be sound.
fn is_doubtful(tables: &mut Tables, blob: &[u8]) -> Result<bool, Trouble> {
    let fact = tables.known.first(blob)?;
    Ok(fact.is_none_or(|fact| Standing::numbered(fact[KEY]).is_doubtful()))
}
