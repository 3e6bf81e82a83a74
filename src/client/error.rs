//! The errors of a pull.

use super::folder::FolderError;
use luthier_hub::cause::Cause;
use luthier_hub::store::StoreError;
use luthier_hub::store::fetch::FetchError;

/// The reason why there was no pull at all.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    #[error("there is no repository `{0}`")]
    NoSuchRepo(String),
    #[error("{repo} has no branch `{branch}`")]
    NoSuchBranch { repo: String, branch: String },
    /// A client would refuse this before it asks for an object.
    #[error("{0}")]
    Refused(String),
    #[error("{folder}: {why}")]
    Unfit {
        folder: String,
        #[source]
        why: Cause,
    },
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
