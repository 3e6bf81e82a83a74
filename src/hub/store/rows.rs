//! Rows from records: what `reconstruct` reads, written.

use crate::index::rebuild_scratch::BlobLine;
use crate::index::{BlobRow, CommitRow, SnapshotRow};
use luthier_object::{CommitRecord, ObjectId, SnapshotRecord, json, time};
use serde_json::{Value, json};

/// Returns the row of a commit. Rows keep the instant, not the offset: the object has the text.
#[must_use]
pub fn commit(record: &CommitRecord, repo_id: &str, uri: String) -> CommitRow {
    let at = instant(&record.committed_at);
    let parents: Vec<&ObjectId> = record.parents().collect();
    CommitRow {
        commit_id: record.commit_id.as_str().to_owned(),
        repo_id: Some(repo_id.to_owned()),
        branch: record.branch.clone(),
        parent_ids: json::canonical(&json!(parents)),
        message: record.message.clone(),
        author: record.author.clone(),
        timestamp: at.clone(),
        snapshot_id: record.snapshot_id.as_ref().map(|id| id.as_str().to_owned()),
        commit_meta: json::canonical(&Value::Object(record.rest.clone())),
        created_at: at,
        storage_uri: Some(uri),
        oversized: false,
    }
}

/// Returns the row of a snapshot, its tree cached as canonical JSON.
#[must_use]
pub fn snapshot(record: &SnapshotRecord, repo_id: &str, uri: String) -> SnapshotRow {
    SnapshotRow {
        snapshot_id: record.snapshot_id.as_str().to_owned(),
        repo_id: Some(repo_id.to_owned()),
        manifest: Some(record.manifest.encode()),
        entry_count: Some(record.manifest.len() as i64),
        directories: Some(json::canonical(&json!(record.directories))),
        created_at: instant(&record.created_at),
        storage_uri: Some(uri),
        ..SnapshotRow::default()
    }
}

/// Returns the row of a blob. Only rows know when a blob came: its date is that of the snapshot that names it first, or
/// the store's own.
pub(super) fn blob(line: &BlobLine, uri: String) -> BlobRow {
    let modified = line.modified.and_then(|at| time::isoformat(at, 0));
    BlobRow {
        object_id: line.id.clone(),
        repo_id: Some(line.repo_id.clone()),
        path: line.path.clone(),
        size_bytes: line.size as i64,
        storage_uri: Some(uri),
        disk_path: None,
        created_at: match line.created_at.as_str() {
            "" => modified.unwrap_or_default(),
            said => said.to_owned(),
        },
    }
}

/// Returns a record's time in UTC, as rows keep it; text that is no time stays as it is.
pub(in crate::store) fn instant(text: &str) -> String {
    let at = time::parse(text).and_then(|at| time::isoformat(at, 0));
    at.unwrap_or_else(|| text.to_owned())
}
