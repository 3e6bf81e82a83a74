//! A proposal that is merged on the hub: a commit with both parents, that every client can fetch.

use super::commit_writes::Around;
use super::files::record;
use super::history::History;
use super::{Arrivals, Authorship, HubWriteError, Written, refused};
use crate::index::{BranchRow, HeadMove, Merged, ProposalRow};
use crate::store::Writer;
use luthier_object::{ObjectId, merge};
use std::collections::BTreeSet;

/// A merge that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    pub commit: ObjectId,
    /// The commit from which the two histories parted; none if they have nothing in common.
    pub base: Option<ObjectId>,
    pub written: Written,
}

impl Writer {
    /// Merges an open proposal three ways, path by path, and closes it. The commit's parents are the
    /// heads of the target and of the source, in this order.
    ///
    /// # Errors
    /// Conflicts, then nothing was written; a proposal that is not open or has nothing to merge; a
    /// branch without a commit whose tree proves; somebody who was quicker; a side that did not answer.
    pub async fn merge_proposal(
        &self,
        proposal_id: &str,
        said: &Authorship,
    ) -> Result<Merge, HubWriteError> {
        let proposal = self.open_proposal(proposal_id).await?;
        let repo = self.repo(&proposal.repo_id).await?;
        let into = self.branch(&repo, &proposal.to_branch).await?;
        let from = self.branch(&repo, &proposal.from_branch).await?;
        let ours = head_of(into.as_ref(), &proposal.to_branch)?;
        let theirs = head_of(from.as_ref(), &proposal.from_branch)?;
        let history = History::new(self.store(), &[]);
        let base = history.merge_base(ours.as_str(), theirs.as_str()).await?;
        if base.as_deref() == Some(theirs.as_str()) {
            return Err(refused(proposal_id, "everything in it is merged already"));
        }
        let base = base.map(ObjectId::new);
        let (manifest, directories) = self.merged(base.as_ref(), &ours, &theirs).await?;
        let snapshot = record(manifest, directories, said.time()?);
        let parents = [ours, theirs];
        let commit = said.commit(&repo, &proposal.to_branch, &snapshot.snapshot_id, &parents)?;
        let id = commit.commit_id.clone();
        let around = Around {
            head: Some(HeadMove {
                repo_id: repo.repo_id.clone(),
                name: proposal.to_branch.clone(),
                seen: into,
                branch_id: String::new(),
                new: id.as_str().to_owned(),
                at: said.time()?,
            }),
            merged: Some(Merged {
                proposal_id: proposal_id.to_owned(),
                seen: proposal.state.clone(),
                merge_commit_id: id.as_str().to_owned(),
                at: said.time()?,
            }),
            new_repo: None,
        };
        let arrivals = Arrivals {
            blobs: Vec::new(),
            snapshots: self.unless_stored(snapshot).await?,
            commits: vec![commit],
        };
        let admitted = self.admit(&repo, arrivals).await?;
        let written = self.commit_writes(&repo, admitted, around).await?;
        Ok(Merge {
            commit: id,
            base,
            written,
        })
    }

    /// Returns the row of a proposal that is open.
    async fn open_proposal(&self, id: &str) -> Result<ProposalRow, HubWriteError> {
        let found = self.store().index().proposal_by_id(id).await?;
        let proposal = found.ok_or_else(|| refused(id, "there is no such proposal"))?;
        if proposal.state != "open" {
            let why = format!("the proposal is {}, not open", proposal.state);
            return Err(refused(id, why));
        }
        Ok(proposal)
    }

    /// Returns the tree that both sides give together.
    async fn merged(
        &self,
        base: Option<&ObjectId>,
        ours: &ObjectId,
        theirs: &ObjectId,
    ) -> Result<(luthier_object::Manifest, BTreeSet<String>), HubWriteError> {
        let (base, folders) = match base {
            Some(base) => self.tree_of(base).await?.into_parts(),
            None => Default::default(),
        };
        let (ours, theirs) = (self.tree_of(ours).await?, self.tree_of(theirs).await?);
        let manifest = merge::manifests(&base, ours.manifest(), theirs.manifest())
            .map_err(HubWriteError::Conflicts)?;
        let directories = merge::directories(
            &folders,
            ours.directories(),
            theirs.directories(),
            &manifest,
        );
        Ok((manifest, directories))
    }
}

fn head_of(branch: Option<&BranchRow>, name: &str) -> Result<ObjectId, HubWriteError> {
    let head = branch
        .and_then(|row| row.head_commit_id.as_deref())
        .filter(|id| !id.is_empty());
    head.map(ObjectId::new)
        .ok_or_else(|| refused(name, "the branch does not exist, or has no commit yet"))
}
