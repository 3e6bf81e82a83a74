//! The hub's own write sites: init, commit files, sync, push, merge.
//!
//! Each checks everything that it was given before it stores anything, announces what it is about to write, stores blobs before snapshots
//! before commits, and then brings the rows and the branch's head in one transaction. What is refused
//! leaves neither row nor object. A writer that loses a race leaves objects that nothing names, and no row.

mod admit;
mod commit_writes;
mod deletion;
mod files;
mod history;
mod ids;
mod init;
mod ledger;
mod merge;
mod prepared;
mod push;
mod stage;

pub use admit::{MAX_ARRIVALS, Objection};
pub use files::{FileChange, Onto};
pub use ids::Ids;
pub use init::NewRepo;
pub use ledger::{HubLedger, HubWrite, HubWriter, NoHubLedger, Site, WriteEnd};
pub use merge::Merge;
pub use prepared::{Changed, HubReader, Prepared};
pub use push::{Push, PushedSnapshot};

use super::StoreError;
use super::checkpoint::{CheckpointError, Saved};
use super::write::WriteError;
use crate::index::{BranchRow, IndexError, RepoRow};
use bytes::Bytes;
use futures_util::TryStreamExt;
use luthier_object::merge::Conflict;
use luthier_object::time::{Micros, isoformat};
use luthier_object::{CommitRecord, ObjectId, SnapshotRecord, branch, commit};
use std::collections::BTreeSet;

/// A blob that arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    pub id: ObjectId,
    pub path: String,
    /// Raw, without header.
    pub bytes: Bytes,
}

/// Objects that arrive together, each under the id that its sender gave it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrivals {
    pub blobs: Vec<Arrived>,
    pub snapshots: Vec<SnapshotRecord>,
    pub commits: Vec<CommitRecord>,
}

/// The author, message and time of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorship {
    pub author: String,
    pub message: String,
    /// By the hub's clock, in UTC.
    pub at: Micros,
}

/// The result of a hub write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The branch's head now; a sync moves none.
    pub head: Option<ObjectId>,
    /// Objects that were not there before.
    pub stored: u64,
    /// The checkpoint that says so, or why there is none: the write itself is kept either way.
    pub checkpoint: Result<Option<Saved>, String>,
}

/// The reason why a hub write did nothing.
#[derive(Debug, thiserror::Error)]
pub enum HubWriteError {
    #[error("refused: {}", told(.0))]
    Refused(Vec<Objection>),
    #[error("{} conflicting paths: {}", .0.len(), conflicting(.0))]
    Conflicts(Vec<Conflict>),
    #[error("refused: {branch}: not a fast-forward: {head} does not contain {old}; pull first")]
    NotFastForward {
        branch: String,
        head: ObjectId,
        old: String,
    },
    #[error("the branch {0} was moved by somebody else at the same moment; fetch it and try again")]
    HeadMoved(String),
    #[error("the proposal {0} was closed by somebody else at the same moment")]
    ProposalMoved(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<IndexError> for HubWriteError {
    fn from(error: IndexError) -> Self {
        HubWriteError::Store(error.into())
    }
}

/// Returns the first few objections, and how many there are.
fn told(objections: &[Objection]) -> String {
    let mut out: Vec<String> = objections
        .iter()
        .take(3)
        .map(Objection::to_string)
        .collect();
    if objections.len() > 3 {
        out.push(format!("and {} more", objections.len() - 3));
    }
    out.join("; ")
}

fn conflicting(conflicts: &[Conflict]) -> String {
    let paths: Vec<&str> = conflicts.iter().take(5).map(|c| c.path.as_str()).collect();
    paths.join(", ")
}

fn refused(subject: &str, why: impl Into<String>) -> HubWriteError {
    HubWriteError::Refused(vec![Objection::new(subject, why)])
}

/// Returns a new id for a row, as the hub makes them: a random UUID of version 4.
#[must_use]
pub fn new_id() -> String {
    let bytes = std::array::from_fn(|_| fastrand::u8(..));
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

impl Authorship {
    /// Returns the time as ids hash it.
    fn time(&self) -> Result<String, HubWriteError> {
        isoformat(self.at, 0).ok_or_else(|| refused("the time", "it is not a date"))
    }

    /// Returns a commit with its id.
    fn commit(
        &self,
        ids: Ids,
        (repo, branch): (&RepoRow, &str),
        snapshot: &ObjectId,
        parents: &[ObjectId],
    ) -> Result<CommitRecord, HubWriteError> {
        let mut record = CommitRecord {
            commit_id: ObjectId::new(""),
            repo_id: repo.repo_id.clone(),
            branch: branch.to_owned(),
            snapshot_id: Some(snapshot.clone()),
            message: self.message.clone(),
            committed_at: self.time()?,
            parent_commit_id: parents.first().cloned(),
            parent2_commit_id: parents.get(1).cloned(),
            author: self.author.clone(),
            rest: commit::default_rest(),
        };
        ids.name_commit(&mut record);
        Ok(record)
    }
}

impl HubReader {
    /// Returns the commit that a branch points at; `None` where there is no such branch, or it has none.
    ///
    /// # Errors
    /// No such repository, two rows with the branch's name, or a side that did not answer.
    pub async fn head(
        &self,
        repo_id: &str,
        branch: &str,
    ) -> Result<Option<ObjectId>, HubWriteError> {
        let repo = self.repo(repo_id).await?;
        let row = self.branch(&repo, branch).await?;
        let head = row.and_then(|row| row.head_commit_id);
        Ok(head.filter(|id| !id.is_empty()).map(ObjectId::new))
    }

    /// Returns the paths of a commit's tree.
    ///
    /// # Errors
    /// A tree that nothing proves, or a side that did not answer.
    pub async fn paths(&self, commit: &ObjectId) -> Result<Vec<String>, HubWriteError> {
        let tree = self.tree_of(commit).await?;
        Ok(tree
            .manifest()
            .iter()
            .map(|(path, _)| path.clone())
            .collect())
    }

    /// Returns the repository of this id.
    async fn repo(&self, repo_id: &str) -> Result<RepoRow, HubWriteError> {
        let found = self.store().index().repo_by_id(repo_id).await?;
        let repo = found.ok_or_else(|| refused(repo_id, "there is no such repository"))?;
        match repo.deleted_at {
            Some(_) => Err(refused(&repo.path(), "the repository was deleted")),
            None => Ok(repo),
        }
    }

    /// Returns the branch of this name; `None` where there is none.
    ///
    /// Two rows that disagree are refused: nobody can say which of them a writer means.
    async fn branch(&self, repo: &RepoRow, name: &str) -> Result<Option<BranchRow>, HubWriteError> {
        let mut pages = self.store().index().branch_pages_of(&repo.repo_id, 500);
        while let Some(rows) = pages.try_next().await? {
            let mut found = rows.iter().filter(|row| row.name == name);
            if let Some(row) = found.next() {
                return match found.next() {
                    Some(_) => Err(refused(
                        name,
                        "two rows have this branch's name; see `luthier audit`",
                    )),
                    None => Ok(Some(row.clone())),
                };
            }
        }
        Ok(None)
    }

    /// Refuses a new branch that no client could keep beside those that are there. Names that were there before do
    /// not stand in its way.
    async fn admit_branch(&self, repo: &RepoRow, name: &str) -> Result<(), HubWriteError> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut pages = self.store().index().branch_pages_of(&repo.repo_id, 500);
        while let Some(rows) = pages.try_next().await? {
            names.extend(rows.into_iter().map(|row| row.name));
        }
        let before = branch::check_all(names.iter().map(String::as_str));
        let all = names.iter().map(String::as_str).chain([name]);
        let new = branch::check_all(all)
            .into_iter()
            .find(|(other, why)| before.get(other) != Some(why));
        match new {
            None => Ok(()),
            Some((other, why)) if other == name => Err(refused(
                name,
                format!("no client can store the branch's name as a file: {why}"),
            )),
            Some((other, why)) => Err(refused(
                name,
                format!("no client can store the branch {other} beside it: {why}"),
            )),
        }
    }
}

impl HubWriter {
    /// Brings where branches point into the store; the write that moved them is kept even if this fails.
    async fn checkpoint_after(&self, repo_id: &str) -> Result<Option<Saved>, String> {
        let saved = async {
            let Some(refs) = self.store().refs_of(repo_id).await? else {
                return Ok(None);
            };
            let now = self.store().index().now().await?;
            let made_at = isoformat(now, 0).unwrap_or_default();
            self.writer.save_refs(&refs, &made_at).await.map(Some)
        };
        saved
            .await
            .map_err(|error: CheckpointError| error.to_string())
    }
}
