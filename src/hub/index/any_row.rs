//! A row of any kind.

use super::{BlobRow, CommitRow, Index, IndexError, SnapshotRow};
use luthier_object::Kind;

/// A commit's, a snapshot's or a blob's row, as the database has it.
#[derive(Clone, Debug)]
pub enum AnyRow {
    Commit(Box<CommitRow>),
    Snapshot(Box<SnapshotRow>),
    Blob(Box<BlobRow>),
}

impl AnyRow {
    /// Returns the rows with these ids that exist, in no order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn by_id(
        index: &dyn Index,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<Self>, IndexError> {
        Ok(match kind {
            Kind::Commit => {
                let rows = index.commits_by_id(ids).await?.into_iter();
                rows.map(|row| Self::Commit(Box::new(row))).collect()
            }
            Kind::Snapshot => {
                let rows = index.snapshots_by_id(ids).await?.into_iter();
                rows.map(|row| Self::Snapshot(Box::new(row))).collect()
            }
            Kind::Blob => {
                let rows = index.blobs_by_id(ids).await?.into_iter();
                rows.map(|row| Self::Blob(Box::new(row))).collect()
            }
        })
    }

    /// Returns the kind of its object.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Commit(_) => Kind::Commit,
            Self::Snapshot(_) => Kind::Snapshot,
            Self::Blob(_) => Kind::Blob,
        }
    }

    /// Returns the row's key, as it is stored.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Commit(row) => &row.commit_id,
            Self::Snapshot(row) => &row.snapshot_id,
            Self::Blob(row) => &row.object_id,
        }
    }

    /// Returns the repository that the row itself names.
    #[must_use]
    pub fn repo_id(&self) -> Option<&str> {
        match self {
            Self::Commit(row) => row.repo_id.as_deref(),
            Self::Snapshot(row) => row.repo_id.as_deref(),
            Self::Blob(row) => row.repo_id.as_deref(),
        }
    }

    /// Returns where the row says that its object is.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        match self {
            Self::Commit(row) => row.storage_uri.as_deref(),
            Self::Snapshot(row) => row.storage_uri.as_deref(),
            Self::Blob(row) => row.storage_uri.as_deref(),
        }
    }
}
