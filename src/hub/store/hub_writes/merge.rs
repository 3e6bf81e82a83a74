//! A proposal that is merged on the hub: a commit with both parents, that every client can fetch.

use super::commit_writes::Around;
use super::history::History;
use super::prepared::{Changed, Prepared};
use super::{
    Arrivals, Authorship, HubReader, HubWriteError, HubWriter, Ids, Site, Written, refused,
};
use crate::index::{BranchRow, HeadMove, Merged, ProposalRow, RepoRow};
use luthier_object::{ObjectId, merge};
use std::collections::BTreeSet;

/// A merge that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    pub commit: ObjectId,
    /// The branch that was moved.
    pub into: String,
    /// The commit from which the two histories parted; none if they have nothing in common.
    pub base: Option<ObjectId>,
    /// The formulas that its ids were made with: those of the target's head.
    pub ids: Ids,
    pub written: Written,
}

impl HubWriter {
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
        let prepared = self.prepare_proposal(proposal_id, said).await?;
        self.merge(prepared).await
    }

    /// Merges a branch into another one, `(from, into)`, as [`HubWriter::merge_proposal`] does, without a proposal.
    ///
    /// # Errors
    /// As [`HubWriter::merge_proposal`].
    pub async fn merge_branches(
        &self,
        repo_id: &str,
        branches: (&str, &str),
        said: &Authorship,
    ) -> Result<Merge, HubWriteError> {
        let prepared = self.prepare_merge(repo_id, branches, said).await?;
        self.merge(prepared).await
    }

    async fn merge(&self, prepared: Prepared) -> Result<Merge, HubWriteError> {
        let told = prepared.told();
        let (base, ids) = (prepared.base.clone(), prepared.ids());
        let written = self.write(prepared).await?;
        Ok(Merge {
            commit: ObjectId::new(told.to.unwrap_or_default()),
            into: told.branch.unwrap_or_default(),
            base,
            ids,
            written,
        })
    }
}

impl HubReader {
    /// Prepares the merge of an open proposal.
    ///
    /// # Errors
    /// As [`HubWriter::merge_proposal`].
    pub async fn prepare_proposal(
        &self,
        proposal_id: &str,
        said: &Authorship,
    ) -> Result<Prepared, HubWriteError> {
        let proposal = self.open_proposal(proposal_id).await?;
        let repo = self.repo(&proposal.repo_id).await?;
        let branches = (proposal.from_branch.as_str(), proposal.to_branch.as_str());
        self.prepared(repo, branches, Some(&proposal), said).await
    }

    /// Prepares the merge of a branch into another one, `(from, into)`.
    ///
    /// # Errors
    /// As [`HubWriter::merge_proposal`].
    pub async fn prepare_merge(
        &self,
        repo_id: &str,
        branches: (&str, &str),
        said: &Authorship,
    ) -> Result<Prepared, HubWriteError> {
        let repo = self.repo(repo_id).await?;
        self.prepared(repo, branches, None, said).await
    }

    async fn prepared(
        &self,
        repo: RepoRow,
        (from, into): (&str, &str),
        proposal: Option<&ProposalRow>,
        said: &Authorship,
    ) -> Result<Prepared, HubWriteError> {
        let target = self.branch(&repo, into).await?;
        let source = self.branch(&repo, from).await?;
        let ours = head_of(target.as_ref(), into)?;
        let theirs = head_of(source.as_ref(), from)?;
        let history = History::new(self.store(), &[]);
        let base = history.merge_base(ours.as_str(), theirs.as_str()).await?;
        if base.as_deref() == Some(theirs.as_str()) {
            let subject = proposal.map_or(from, |proposal| &proposal.proposal_id);
            return Err(refused(subject, "everything in it is merged already"));
        }
        let base = base.map(ObjectId::new);
        let ids = self.ids_of(&ours).await?;
        let (manifest, directories) = self.merged(base.as_ref(), &ours, &theirs).await?;
        let before = self.tree_of(&ours).await?;
        let changed = Changed::between(before.manifest(), &manifest);
        let snapshot = ids.snapshot(manifest, directories, said.time()?);
        let parents = [ours, theirs];
        let commit = said.commit(ids, (&repo, into), &snapshot.snapshot_id, &parents)?;
        let id = commit.commit_id.clone();
        let at = said.time()?;
        let around = Around {
            head: Some(HeadMove {
                repo_id: repo.repo_id.clone(),
                name: into.to_owned(),
                seen: target,
                branch_id: String::new(),
                new: id.as_str().to_owned(),
                at: at.clone(),
            }),
            merged: proposal.map(|proposal| closed(proposal, &id, at)),
            ..Around::nothing(Site::Merge)
        };
        let arrivals = Arrivals {
            blobs: Vec::new(),
            snapshots: self.unless_stored(snapshot).await?,
            commits: vec![commit],
        };
        let admitted = self.admit(&repo, arrivals).await?;
        Ok(Prepared {
            base,
            changed: Some(changed),
            ..Prepared::new(repo, admitted, around, ids)
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

/// Returns how a proposal is closed by its merge.
fn closed(proposal: &ProposalRow, merge: &ObjectId, at: String) -> Merged {
    Merged {
        proposal_id: proposal.proposal_id.clone(),
        seen: proposal.state.clone(),
        merge_commit_id: merge.as_str().to_owned(),
        at,
    }
}

fn head_of(branch: Option<&BranchRow>, name: &str) -> Result<ObjectId, HubWriteError> {
    let head = branch
        .and_then(|row| row.head_commit_id.as_deref())
        .filter(|id| !id.is_empty());
    head.map(ObjectId::new)
        .ok_or_else(|| refused(name, "the branch does not exist, or has no commit yet"))
}
