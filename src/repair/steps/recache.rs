//! A snapshot's cache, rewritten from whatever proves its tree.

use super::{Built, Target, hash, shorten};
use crate::change::{CellChange, StepChange};
use luthier_hub::index::{EditableColumn as Column, Recache, SnapshotRow};
use luthier_hub::store::chain::{self, TreeCache};
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError, reconstruct};
use luthier_object::manifest::Encoding;
use luthier_object::{Manifest, Tree};
use serde_json::Value;
use tokio::sync::Mutex;

/// Rewrites a snapshot's cache from whatever proves its tree, the object first.
pub(super) async fn build(
    store: &Store,
    trees: &Mutex<TreeCache>,
    target: &Target,
    row: &SnapshotRow,
) -> Result<Built, StoreError> {
    if row.oversized {
        let why = "a value in its row is too large";
        return Ok(Built::Refused(why.to_owned()));
    }
    if !store.index().capabilities().manifest_cache() {
        let why = "the hub's snapshots have no column manifest_blob";
        return Ok(Built::Refused(why.to_owned()));
    }
    let (tree, source) = match store.tree_in_object(row).await? {
        Some(tree) => (tree, "its object"),
        None => match chain::from_cache(row) {
            Some(tree) => (tree, "its own manifest"),
            None => match store.tree_by_chain(row, &mut *trees.lock().await).await? {
                Ok(tree) => (tree, "its chain of deltas"),
                Err(why) => return Ok(Built::refused(why)),
            },
        },
    };
    let recache = wanted(row, &tree);
    let changes = cache_changes(store, &recache);
    if changes.is_empty() {
        return Ok(Built::Already);
    }
    let step = target.step(
        format!("Rewrites the cached tree from {source}, which matches the id."),
        "The cached tree still has the value that was seen.".to_owned(),
        StepChange::cells(changes),
    );
    Ok(Built::Step(Box::new(step), Change::Recache(recache)))
}

/// Returns the cache that a proved tree asks for. A cell that says the same already keeps its text.
fn wanted(row: &SnapshotRow, tree: &Tree) -> Recache {
    let kept = row.manifest.clone().filter(|bytes| {
        Manifest::decode(bytes).is_ok_and(|(manifest, encoding)| {
            encoding == Encoding::Json && manifest == **tree.manifest()
        })
    });
    let kept_directories = row.directories.clone().filter(|_| {
        reconstruct::directories(row).is_ok_and(|directories| directories == *tree.directories())
    });
    Recache {
        id: row.snapshot_id.clone(),
        seen_manifest: row.manifest.clone(),
        seen_entry_count: row.entry_count,
        seen_directories: row.directories.clone(),
        manifest: kept.unwrap_or_else(|| tree.manifest().encode()),
        entry_count: tree.manifest().len() as i64,
        directories: kept_directories
            .unwrap_or_else(|| Value::from_iter(tree.directories().iter().cloned()).to_string()),
    }
}

/// Returns the columns that a recache changes, of those that the hub has.
fn cache_changes(store: &Store, recache: &Recache) -> Vec<CellChange> {
    let capabilities = store.index().capabilities();
    let has = |column: Column| capabilities.has("musehub_snapshots", column.name());
    let changes = [
        (
            Column::ManifestBlob,
            recache.seen_manifest.as_deref().map(describe),
            describe(&recache.manifest),
        ),
        (
            Column::EntryCount,
            recache.seen_entry_count.map(|count| count.to_string()),
            recache.entry_count.to_string(),
        ),
        (
            Column::Directories,
            recache.seen_directories.as_deref().map(shorten),
            shorten(&recache.directories),
        ),
    ];
    changes
        .into_iter()
        .filter(|(column, from, to)| has(*column) && from.as_deref() != Some(to))
        .map(|(column, from, to)| CellChange {
            column,
            from,
            to: Some(to),
        })
        .collect()
}

/// Returns a manifest in words that tell one from another.
pub(crate) fn describe(bytes: &[u8]) -> String {
    let encoding = match bytes.first() {
        Some(b'{') => " of JSON",
        Some(0x80..=0x8f | 0xde | 0xdf) => " of msgpack",
        _ => "",
    };
    format!("{} bytes{encoding}, sha256 {}", bytes.len(), hash(bytes))
}
