//! Files that are changed on the hub itself: blobs, a snapshot and a commit on a branch.

use super::commit_writes::Around;
use super::prepared::{Changed, Prepared};
use super::{
    Arrivals, Arrived, Authorship, HubReader, HubWriteError, HubWriter, Ids, Site, Written, refused,
};
use crate::index::{BranchRow, HeadMove, RepoRow};
use crate::store::ServeError;
use crate::store::chain::TreeCache;
use bytes::Bytes;
use luthier_object::{Kind, Manifest, ObjectId, SnapshotRecord, Tree};

/// A file that is to be another, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    Put { path: String, bytes: Bytes },
    Remove { path: String },
}

/// The branch that a commit moves.
#[derive(Clone, Copy, Debug)]
pub struct Onto<'a> {
    pub branch: &'a str,
    /// The id of its row, should it be made.
    pub branch_id: &'a str,
    /// The head that was seen; none of a branch that is made.
    pub seen: Option<&'a ObjectId>,
    /// The commit at which a branch that is made begins; without one it gets a first commit without a parent.
    pub start: Option<&'a ObjectId>,
}

impl HubWriter {
    /// Commits changed files on a branch whose head is still `seen`; without one, on a branch that is
    /// made.
    ///
    /// # Errors
    /// As [`HubReader::prepare_files`].
    pub async fn commit_files(
        &self,
        repo_id: &str,
        (branch, branch_id): (&str, &str),
        seen: Option<&ObjectId>,
        changes: Vec<FileChange>,
        said: &Authorship,
    ) -> Result<Written, HubWriteError> {
        let onto = Onto {
            branch,
            branch_id,
            seen,
            start: None,
        };
        let prepared = self.prepare_files(repo_id, onto, changes, said).await?;
        self.write(prepared).await
    }
}

impl HubReader {
    /// Prepares a commit of changed files on a branch.
    ///
    /// # Errors
    /// Another head than the one that was seen, paths that no checkout may follow, a head without a
    /// tree that proves, nothing that changes, or a side that did not answer.
    pub async fn prepare_files(
        &self,
        repo_id: &str,
        onto: Onto<'_>,
        changes: Vec<FileChange>,
        said: &Authorship,
    ) -> Result<Prepared, HubWriteError> {
        let repo = self.repo(repo_id).await?;
        let (name, parent) = (onto.branch, onto.seen.or(onto.start));
        let row = self.branch_as_seen(&repo, onto).await?;
        let (before, mut directories) = match parent {
            Some(head) => self.tree_of(head).await?.into_parts(),
            None => Default::default(),
        };
        let mut manifest = before.clone();
        let ids = self.ids_behind(&repo, parent).await?;
        let blobs = apply(ids, &mut manifest, changes)?;
        directories.extend(manifest.derived_directories());
        if manifest == before {
            return Err(refused(name, "these files exist already; nothing changes"));
        }
        let changed = Changed::between(&before, &manifest);
        let snapshot = ids.snapshot(manifest, directories, said.time()?);
        let parents: Vec<ObjectId> = parent.cloned().into_iter().collect();
        let commit = said.commit(ids, (&repo, name), &snapshot.snapshot_id, &parents)?;
        let around = Around {
            head: Some(HeadMove {
                repo_id: repo.repo_id.clone(),
                name: name.to_owned(),
                seen: row,
                branch_id: onto.branch_id.to_owned(),
                new: commit.commit_id.as_str().to_owned(),
                at: said.time()?,
            }),
            ..Around::nothing(Site::Commit)
        };
        let arrivals = Arrivals {
            blobs,
            snapshots: self.unless_stored(snapshot).await?,
            commits: vec![commit],
        };
        let admitted = self.admit(&repo, arrivals).await?;
        Ok(Prepared {
            changed: Some(changed),
            ..Prepared::new(repo, admitted, around, ids)
        })
    }

    /// Returns the row of the branch, whose head must still be the one that was seen.
    async fn branch_as_seen(
        &self,
        repo: &RepoRow,
        onto: Onto<'_>,
    ) -> Result<Option<BranchRow>, HubWriteError> {
        let row = self.branch(repo, onto.branch).await?;
        if row.is_none() {
            self.admit_branch(repo, onto.branch).await?;
        }
        let head = row.as_ref().and_then(|row| row.head_commit_id.as_deref());
        let head = head.filter(|id| !id.is_empty());
        match head == onto.seen.map(ObjectId::as_str) {
            true => Ok(row),
            false => Err(refused(
                onto.branch,
                "the branch was moved meanwhile; read it again",
            )),
        }
    }

    /// Returns the tree that a commit of the hub names, from whatever of it proves.
    pub(super) async fn tree_of(&self, commit: &ObjectId) -> Result<Tree, HubWriteError> {
        let index = self.store().index();
        let row = index
            .commits_by_id(&[commit.as_str().to_owned()])
            .await?
            .pop();
        let row = row.ok_or_else(|| refused(commit.as_str(), "the hub has no such commit"))?;
        let tree = row.snapshot_id.filter(|id| !id.is_empty());
        let tree = tree.ok_or_else(|| refused(commit.as_str(), "the commit has no snapshot"))?;
        let row = index
            .snapshots_by_id(std::slice::from_ref(&tree))
            .await?
            .pop();
        let row = row.ok_or_else(|| refused(&tree, "the hub has no such snapshot"))?;
        let found = self.store().tree(&row, &mut TreeCache::default()).await?;
        found.map_err(|why| refused(&tree, why.to_string()))
    }

    /// Returns a snapshot, unless the hub has it and serves it as an object: then it need not come again.
    pub(super) async fn unless_stored(
        &self,
        record: SnapshotRecord,
    ) -> Result<Vec<SnapshotRecord>, HubWriteError> {
        let served = self
            .store()
            .serve(Kind::Snapshot, &record.snapshot_id)
            .await;
        match served {
            Ok(served) if served.source != crate::store::Source::Reconstructed => Ok(Vec::new()),
            Err(ServeError::Store(error)) => Err(error.into()),
            _ => Ok(vec![record]),
        }
    }
}

/// Changes a tree and gives the blobs that it needs.
fn apply(
    ids: Ids,
    manifest: &mut Manifest,
    changes: Vec<FileChange>,
) -> Result<Vec<Arrived>, HubWriteError> {
    let mut blobs = Vec::new();
    for change in changes {
        match change {
            FileChange::Put { path, bytes } => {
                let id = ids.blob(&bytes);
                manifest.insert(path.clone(), id.clone());
                blobs.push(Arrived { id, path, bytes });
            }
            FileChange::Remove { path } => {
                if manifest.remove(&path).is_none() {
                    return Err(refused(&path, "there is no such file to remove"));
                }
            }
        }
    }
    Ok(blobs)
}
