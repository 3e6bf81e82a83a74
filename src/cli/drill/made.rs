//! Records as a client of March 2026 makes them.

use bytes::Bytes;
use luthier_object::identity::{CommitScheme, SnapshotScheme};
use luthier_object::{CommitRecord, Manifest, ObjectId, SnapshotRecord, commit};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Files by their path.
pub type Files = BTreeMap<String, Bytes>;

pub fn blob_id(bytes: &[u8]) -> ObjectId {
    ObjectId::plain(&Sha256::digest(bytes).into())
}

/// Returns the snapshot of these files.
pub fn snapshot(files: &Files, created_at: &str) -> SnapshotRecord {
    let ids = files
        .iter()
        .map(|(path, bytes)| (path.clone(), blob_id(bytes)));
    let manifest: Manifest = ids.collect();
    let directories = BTreeSet::new();
    SnapshotRecord {
        snapshot_id: SnapshotScheme::V01.id_of(&manifest, &directories),
        manifest: Arc::new(manifest),
        directories,
        created_at: created_at.to_owned(),
        rest: SnapshotRecord::fresh_rest(),
    }
}

/// Returns a commit of a snapshot on a branch.
pub fn commit(
    (repo_id, branch): (&str, &str),
    tree: &SnapshotRecord,
    parent: &ObjectId,
    message: &str,
) -> CommitRecord {
    let mut record = CommitRecord {
        commit_id: ObjectId::new(""),
        repo_id: repo_id.to_owned(),
        branch: branch.to_owned(),
        snapshot_id: Some(tree.snapshot_id.clone()),
        message: message.to_owned(),
        committed_at: tree.created_at.clone(),
        parent_commit_id: Some(parent.clone()),
        parent2_commit_id: None,
        author: "luthier".to_owned(),
        rest: commit::default_rest(),
    };
    record.commit_id = CommitScheme::V01.id_of(&record);
    record
}
