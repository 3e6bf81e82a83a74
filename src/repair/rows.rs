//! Rows of any kind, read in batches.

use luthier_hub::index::{BlobRow, CommitRow, IndexError, SnapshotRow};
use luthier_hub::store::Store;
use luthier_object::Kind;
use std::collections::HashMap;

/// A row that a step may change.
pub(super) enum Row {
    Commit(Box<CommitRow>),
    Snapshot(Box<SnapshotRow>),
    Blob(Box<BlobRow>),
}

impl Row {
    /// Returns the row's key, as it is stored.
    pub fn id(&self) -> &str {
        match self {
            Row::Commit(row) => &row.commit_id,
            Row::Snapshot(row) => &row.snapshot_id,
            Row::Blob(row) => &row.object_id,
        }
    }

    /// Returns the repository that the row itself names.
    pub fn repo_id(&self) -> Option<&str> {
        match self {
            Row::Commit(row) => row.repo_id.as_deref(),
            Row::Snapshot(row) => row.repo_id.as_deref(),
            Row::Blob(row) => row.repo_id.as_deref(),
        }
    }

    /// Returns where the row says that its object is.
    pub fn uri(&self) -> Option<&str> {
        match self {
            Row::Commit(row) => row.storage_uri.as_deref(),
            Row::Snapshot(row) => row.storage_uri.as_deref(),
            Row::Blob(row) => row.storage_uri.as_deref(),
        }
    }
}

/// Returns the rows with these ids that exist.
pub(super) async fn read(
    store: &Store,
    kind: Kind,
    ids: &[String],
) -> Result<HashMap<String, Row>, IndexError> {
    let index = store.index();
    Ok(match kind {
        Kind::Commit => index
            .commits_by_id(ids)
            .await?
            .into_iter()
            .map(|row| (row.commit_id.clone(), Row::Commit(Box::new(row))))
            .collect(),
        Kind::Snapshot => index
            .snapshots_by_id(ids)
            .await?
            .into_iter()
            .map(|row| (row.snapshot_id.clone(), Row::Snapshot(Box::new(row))))
            .collect(),
        Kind::Blob => index
            .blobs_by_id(ids)
            .await?
            .into_iter()
            .map(|row| (row.object_id.clone(), Row::Blob(Box::new(row))))
            .collect(),
    })
}
