//! A snapshot's tree from whatever still proves it: its cache, its object, or a chain of deltas.

use super::reconstruct;
use super::{Store, StoreError};
use crate::index::SnapshotRow;
use bytes::Bytes;
use luthier_object::{Delta, Kind, Manifest, ManifestError, ObjectId, Proof, Tree};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

/// The most deltas of a chain.
pub const MAX_CHAIN: usize = 100_000;

/// The most entries of all cached trees together; some 100 bytes each.
const CACHE_ENTRIES: usize = 1_000_000;

/// The reason why a chain of deltas gives no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainBreak {
    #[error("the parent {0} has no row")]
    MissingParent(String),
    #[error("{0} has no usable manifest, object or delta")]
    NoBase(String),
    #[error("the chain contains {0} twice")]
    Cycle(String),
    #[error("the delta of {id} cannot be read: {why}")]
    BadDelta {
        id: String,
        #[source]
        why: ManifestError,
    },
    #[error("the tree made for {0} does not match its id")]
    Unproved(String),
    #[error("more than {MAX_CHAIN} deltas")]
    TooLong,
}

/// Proved trees kept at hand while many chains are resolved; bounded by their entries.
#[derive(Default)]
pub struct TreeCache {
    trees: HashMap<String, Tree>,
    order: VecDeque<String>,
    entries: usize,
}

impl TreeCache {
    fn get(&self, id: &str) -> Option<Tree> {
        self.trees.get(id).cloned()
    }

    fn put(&mut self, id: &str, tree: &Tree) {
        let size = weight(tree);
        if size > CACHE_ENTRIES || self.trees.contains_key(id) {
            return;
        }
        self.entries += size;
        self.trees.insert(id.to_owned(), tree.clone());
        self.order.push_back(id.to_owned());
        while self.entries > CACHE_ENTRIES {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(gone) = self.trees.remove(&oldest) {
                self.entries -= weight(&gone);
            }
        }
    }
}

/// Returns the weight of a tree in the cache.
fn weight(tree: &Tree) -> usize {
    tree.manifest().len() + tree.directories().len() + 1
}

/// Returns the tree in a row's own manifest, if that proves.
#[must_use]
pub fn from_cache(row: &SnapshotRow) -> Option<Tree> {
    let (manifest, _) = Manifest::decode(row.manifest.as_deref()?).ok()?;
    let stored = reconstruct::directories(row).unwrap_or_default();
    Tree::prove(&ObjectId::new(&row.snapshot_id), manifest, &stored)
}

impl Store {
    /// Returns the tree of a row from its manifest, its object or its chain of deltas, in this order; `Err(break)`
    /// inside says why the last of them failed.
    ///
    /// # Errors
    /// A side that could not be asked: then nothing is known about the tree.
    pub async fn tree(
        &self,
        row: &SnapshotRow,
        cache: &mut TreeCache,
    ) -> Result<Result<Tree, ChainBreak>, StoreError> {
        if let Some(tree) = from_cache(row) {
            return Ok(Ok(tree));
        }
        if let Some(tree) = self.tree_in_object(row).await? {
            return Ok(Ok(tree));
        }
        self.tree_by_chain(row, cache).await
    }

    /// Returns the tree in the object that the row names; `None` where it does not prove.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn tree_in_object(&self, row: &SnapshotRow) -> Result<Option<Tree>, StoreError> {
        let Some(key) = row
            .storage_uri
            .as_deref()
            .and_then(|uri| self.backend().locate(uri).ok())
        else {
            return Ok(None);
        };
        let wanted = ObjectId::new(&row.snapshot_id);
        let prove = |bytes: Bytes| Proof::read(Kind::Snapshot, &wanted, &bytes);
        let found = self.read_proved(&key, prove).await?;
        Ok(found.and_then(Result::ok).and_then(|proof| proof.tree()))
    }

    /// Walks up to the nearest ancestor whose manifest, cached or stored, proves, then applies the
    /// deltas downwards, checking each step. A cache that does not prove is skipped, not trusted.
    ///
    /// # Errors
    /// A side that could not be asked.
    pub async fn tree_by_chain(
        &self,
        row: &SnapshotRow,
        cache: &mut TreeCache,
    ) -> Result<Result<Tree, ChainBreak>, StoreError> {
        let mut down = Vec::new();
        let mut seen = HashSet::new();
        let mut current = Cow::Borrowed(row);
        let base = loop {
            if !seen.insert(current.snapshot_id.clone()) {
                return Ok(Err(ChainBreak::Cycle(current.snapshot_id.clone())));
            }
            if down.len() == MAX_CHAIN {
                return Ok(Err(ChainBreak::TooLong));
            }
            if let Some(tree) = self.base(&current, row, cache).await? {
                break tree;
            }
            let (Some(_), Some(parent)) = (
                current.delta.as_ref(),
                reconstruct::non_empty(current.parent_snapshot_id.as_deref()),
            ) else {
                return Ok(Err(ChainBreak::NoBase(current.snapshot_id.clone())));
            };
            let parent = parent.to_owned();
            down.push(current.snapshot_id.clone());
            let mut found = self
                .index()
                .snapshots_by_id(std::slice::from_ref(&parent))
                .await?;
            match found.pop() {
                Some(next) => current = Cow::Owned(next),
                None => return Ok(Err(ChainBreak::MissingParent(parent))),
            }
        };
        self.descend(base, down, cache).await
    }

    /// Returns the tree that `current` brings along, unless it is the row whose own cache failed already.
    async fn base(
        &self,
        current: &SnapshotRow,
        asked: &SnapshotRow,
        cache: &TreeCache,
    ) -> Result<Option<Tree>, StoreError> {
        if let Some(tree) = cache.get(&current.snapshot_id) {
            return Ok(Some(tree));
        }
        if current.snapshot_id == asked.snapshot_id {
            return Ok(None);
        }
        match from_cache(current) {
            Some(tree) => Ok(Some(tree)),
            None => self.tree_in_object(current).await,
        }
    }

    /// Applies the deltas of `down`, whose last is nearest to the base. Rows are read again one by one,
    /// so that a long chain is never held whole.
    async fn descend(
        &self,
        base: Tree,
        mut down: Vec<String>,
        cache: &mut TreeCache,
    ) -> Result<Result<Tree, ChainBreak>, StoreError> {
        let mut tree = base;
        while let Some(id) = down.pop() {
            let Some(row) = self
                .index()
                .snapshots_by_id(std::slice::from_ref(&id))
                .await?
                .pop()
            else {
                return Ok(Err(ChainBreak::MissingParent(id)));
            };
            let delta = match Delta::decode(row.delta.as_deref().unwrap_or_default()) {
                Ok(delta) => delta,
                Err(why) => return Ok(Err(ChainBreak::BadDelta { id, why })),
            };
            let (mut manifest, _) = tree.into_parts();
            manifest.apply(&delta);
            let stored = reconstruct::directories(&row).unwrap_or_default();
            match Tree::prove(&ObjectId::new(&id), manifest, &stored) {
                Some(next) => tree = next,
                None => return Ok(Err(ChainBreak::Unproved(id))),
            }
            cache.put(&id, &tree);
        }
        Ok(Ok(tree))
    }
}
