//! Ref checkpoints: owners, slugs and heads exist only as rows, so they are written to the store as well.
//!
//! A checkpoint says what the rows of one repository say at one moment. Each has a key of its own, a
//! number higher than the last, and the hash of the one before, so that none is ever replaced and a
//! reader sees which of them belong together.

mod codec;
mod read;
mod unsound;
mod write;

pub(in crate::store) use read::newest;
pub use read::{Newest, Passed};
pub use unsound::Unsound;
pub use write::{Next, Saved};

use super::reconstruct::non_empty;
use crate::backend::BackendError;
use crate::index::{BranchRow, Hidden, RepoRow};

/// The largest checkpoint that is read or written, in bytes. 64 MiB hold some 400,000 branches.
pub const MAX_BYTES: u64 = 64 << 20;

/// The refs of one repository's rows: everything that a rebuild needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs {
    pub repo: RepoRow,
    /// In the order of (name, `branch_id`).
    pub branches: Vec<BranchRow>,
}

/// One checkpoint as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// From 1, in the order in which they were made.
    pub sequence: u64,
    /// sha256 in hex of the checkpoint before it; none before the first.
    pub previous: Option<String>,
    /// ISO-8601.
    pub made_at: String,
    pub refs: Refs,
}

/// The reason why a checkpoint was not written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Store(#[from] super::StoreError),
    #[error(transparent)]
    Write(#[from] super::write::WriteError),
    #[error("there is no repository with the id {0}")]
    NoSuchRepo(String),
    #[error("{repo}: its branches need {bytes} bytes, but a checkpoint may have {MAX_BYTES}")]
    TooLarge { repo: String, bytes: usize },
    #[error("{repo}: a checkpoint would leave branches out: {why}")]
    Hidden { repo: String, why: String },
    #[error("{repo}: somebody else keeps writing its checkpoints; try again later")]
    Contended { repo: String },
}

impl From<crate::index::IndexError> for CheckpointError {
    fn from(error: crate::index::IndexError) -> Self {
        CheckpointError::Store(error.into())
    }
}

impl From<BackendError> for CheckpointError {
    fn from(error: BackendError) -> Self {
        CheckpointError::Store(error.into())
    }
}

/// Returns whether rows are hidden without which a checkpoint would say that branches are gone.
#[must_use]
pub fn keeps_refs(hidden: &Hidden) -> bool {
    hidden.why.hides() && ["musehub_repos", "musehub_branches"].contains(&hidden.table.as_str())
}

impl Refs {
    /// Returns what these refs say of a branch row, by its name and id.
    #[must_use]
    pub fn find(&self, branch: &BranchRow) -> Option<&BranchRow> {
        let place =
            |own: &BranchRow| (&own.name, &own.branch_id).cmp(&(&branch.name, &branch.branch_id));
        let at = self.branches.binary_search_by(place).ok()?;
        self.branches.get(at)
    }

    /// Returns whether these refs hold this branch row, under its name and with its head.
    #[must_use]
    pub fn hold(&self, branch: &BranchRow) -> bool {
        let head = |row: &BranchRow| non_empty(row.head_commit_id.as_deref()).map(str::to_owned);
        self.find(branch)
            .is_some_and(|own| head(own) == head(branch))
    }
}

#[cfg(test)]
#[path = "../../../tests/store/checkpoint.rs"]
mod tests;
