//! Collects the objects that the client has: all that its commits reach, as far as that can be checked.

use super::FetchError;
use crate::index::{CommitRow, SnapshotRow};
use crate::progress::Progress;
use crate::store::chain::TreeCache;
use crate::store::{Store, StoreError, reconstruct};
use luthier_object::identity;
use luthier_object::{CommitRecord, Kind, ObjectId, Proof, Record};
use sha2::{Digest, Sha256};
use std::collections::{HashSet, VecDeque};

/// Commits asked for at once.
const COMMITS: usize = 100;

/// Snapshots read at once: their rows contain whole manifests.
const SNAPSHOTS: usize = 16;

/// The digests of ids that were met, by kind.
#[derive(Default)]
pub(super) struct Seen([HashSet<[u8; 32]>; 3]);

impl Seen {
    /// Returns whether `id` is met for the first time. An id without digest counts by its text.
    pub(super) fn insert(&mut self, kind: Kind, id: &ObjectId) -> bool {
        self.0[kind as usize].insert(digest(id))
    }

    /// Returns whether `id` was met.
    pub(super) fn contains(&self, kind: Kind, id: &ObjectId) -> bool {
        self.0[kind as usize].contains(&digest(id))
    }
}

fn digest(id: &ObjectId) -> [u8; 32] {
    let digest = id.digest();
    digest.unwrap_or_else(|| Sha256::digest(id.as_str()).into())
}

/// Collects what `have` reaches, and the ids of `have` of which the hub has no commit. Only records that match their id
/// are followed: with a wrong parent or tree in a row, an object that the client lacks would not be sent.
pub(super) async fn reached(
    store: &Store,
    have: &[ObjectId],
    trees: &mut TreeCache,
    progress: &Progress,
) -> Result<(Seen, Vec<ObjectId>), FetchError> {
    let mut seen = Seen::default();
    let mut unknown = Vec::new();
    let mut commits: VecDeque<ObjectId> = VecDeque::new();
    commits.extend(
        have.iter()
            .filter(|id| seen.insert(Kind::Commit, id))
            .cloned(),
    );
    progress.phase("have", None);
    while !commits.is_empty() {
        progress.checkpoint().await?;
        let ids: Vec<ObjectId> = commits.drain(..commits.len().min(COMMITS)).collect();
        let texts: Vec<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
        let rows = store.index().commits_by_id(&texts).await;
        let rows = rows.map_err(StoreError::from)?;
        let found: HashSet<&str> = rows.iter().map(|row| row.commit_id.as_str()).collect();
        let missing = ids.iter().filter(|id| !found.contains(id.as_str()));
        unknown.extend(missing.filter(|id| have.contains(id)).cloned());
        let mut snapshots = Vec::new();
        for row in &rows {
            progress.update(|f| f.done += 1);
            let Some(record) = proved_commit(store, row).await? else {
                continue;
            };
            let parents = record.parents().cloned();
            commits.extend(parents.filter(|id| seen.insert(Kind::Commit, id)));
            let snapshot = record.snapshot_id;
            snapshots.extend(snapshot.filter(|id| seen.insert(Kind::Snapshot, id)));
        }
        for page in snapshots.chunks(SNAPSHOTS) {
            progress.checkpoint().await?;
            add_blobs(store, page, trees, &mut seen).await?;
        }
    }
    Ok((seen, unknown))
}

/// Returns the record of a row that matches its id, else the record of its object.
async fn proved_commit(store: &Store, row: &CommitRow) -> Result<Option<CommitRecord>, StoreError> {
    if let Ok(record) = reconstruct::commit_record(row)
        && identity::ambiguous_commit(&record).is_none()
        && let Some(recovered) = identity::recover_commit(&record)
    {
        return Ok(Some(recovered.record));
    }
    let uri = row.storage_uri.as_deref();
    let Some(key) = uri.and_then(|uri| store.backend().locate(uri).ok()) else {
        return Ok(None);
    };
    let Some(bytes) = store.read_object(&key).await? else {
        return Ok(None);
    };
    let id = ObjectId::new(&row.commit_id);
    let proof = Proof::read(Kind::Commit, &id, &bytes);
    Ok(match proof.map(Proof::into_record) {
        Ok(Record::Commit(record, _)) => Some(*record),
        _ => None,
    })
}

/// Adds the blobs of snapshots, from the row's cache if it matches the id, else from the object, else from the deltas.
async fn add_blobs(
    store: &Store,
    ids: &[ObjectId],
    trees: &mut TreeCache,
    seen: &mut Seen,
) -> Result<(), StoreError> {
    let texts: Vec<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
    let rows: Vec<SnapshotRow> = store.index().snapshots_by_id(&texts).await?;
    for row in &rows {
        if let Ok(tree) = store.tree(row, trees).await? {
            for (_, id) in tree.manifest().iter() {
                seen.insert(Kind::Blob, id);
            }
        }
    }
    Ok(())
}
