//! Every repository pulled as `luthier pull OWNER/SLUG` pulls it, and nothing kept of it: the client's own walk, checks
//! and proofs.

use super::SignoffError;
use futures_util::TryStreamExt;
use luthier_client::PullError;
use luthier_client::tried::TriedPull;
use luthier_client::tried_repo::{BranchEnd, TriedBranch, try_branch, try_branches};
use luthier_hub::index::RepoRow;
use luthier_hub::progress::{Cancelled, Progress};
use luthier_hub::store::reconstruct::non_empty;
use luthier_hub::store::{Store, StoreError};
use luthier_object::ObjectId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// Failures that are listed one by one.
pub(super) const NAMED: usize = 100;

/// The branches to pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulls {
    All,
    /// So many, spread evenly over all branches.
    Sample(u64),
}

/// A branch that no client can pull.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedPull {
    /// `owner/slug`.
    pub repo: String,
    pub branch: String,
    /// The way to what is refused, and why, in one sentence.
    pub why: String,
}

/// A repository whose branches no client can pull together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedRepo {
    /// `owner/slug`.
    pub repo: String,
    /// The reason, in one sentence.
    pub why: String,
}

impl RefusedRepo {
    /// Says what was refused, and why.
    #[must_use]
    pub fn words(&self) -> String {
        Self::worded(&self.repo, &self.why)
    }

    /// Returns the same words around a name and a reason as a page spells them.
    pub(super) fn worded(repo: &str, why: &str) -> String {
        format!("all branches of {repo} in one pull: {why}")
    }
}

/// The results of all pulls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullOutcome {
    /// Branches of repositories that were not deleted.
    pub heads: u64,
    pub tried: u64,
    pub succeeded: u64,
    /// Branches without a commit: there is nothing to pull.
    pub empty: u64,
    /// Branches of repositories that were deleted: no client can ask for them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub of_deleted: u64,
    /// Repositories that were not deleted, and those of them that came as a whole.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repositories: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repositories_whole: u64,
    /// The first hundred.
    pub failed: Vec<FailedPull>,
    pub failed_total: u64,
    /// The pulls that could not be read: the first hundred.
    pub unknown: Vec<FailedPull>,
    pub unknown_total: u64,
    /// Repositories that no client takes with all their branches, although each branch alone may come: the first
    /// hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedRepo>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused_total: u64,
    /// Objects that were handed on, each branch counted for itself unless a repository came whole.
    pub objects: u64,
    pub bytes: u64,
    /// sha256 over every repository, branch and head; hex.
    pub heads_digest: String,
}

/// Reports of earlier versions have no such figure, and their checksum is made without it.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl PullOutcome {
    /// Counts the end of a branch that was tried.
    fn add(&mut self, repo: &RepoRow, branch: &TriedBranch) {
        let (list, total) = match &branch.end {
            BranchEnd::Whole => {
                self.succeeded += branch.rows;
                return;
            }
            BranchEnd::Empty => {
                self.empty += branch.rows;
                return;
            }
            BranchEnd::Refused(_) | BranchEnd::Unfit(_) => {
                (&mut self.failed, &mut self.failed_total)
            }
            BranchEnd::Unread(_) => (&mut self.unknown, &mut self.unknown_total),
        };
        *total += branch.rows;
        let why = match branch.rows {
            1 => branch.end.why(),
            rows => format!("{} ({rows} rows of this branch)", branch.end.why()),
        };
        if list.len() < NAMED {
            list.push(FailedPull {
                repo: repo.path(),
                branch: branch.name.clone(),
                why,
            });
        }
    }

    /// Counts a repository that no client takes as a whole.
    fn refuse(&mut self, repo: &RepoRow, why: String) {
        self.refused_total += 1;
        if self.refused.len() < NAMED {
            let repo = repo.path();
            self.refused.push(RefusedRepo { repo, why });
        }
    }

    /// Counts what was received.
    fn receive(&mut self, pull: &TriedPull) {
        self.objects += pull.received.total();
        self.bytes += pull.received.bytes;
    }
}

impl Pulls {
    /// Returns whether the branch at a place is pulled: of a sample, as many as asked for, spread over all.
    fn chooses(self, at: u64, all: u64) -> bool {
        match self {
            Pulls::All => true,
            Pulls::Sample(count) => {
                let before = |at: u64| u128::from(at) * u128::from(count) / u128::from(all.max(1));
                at < all && before(at + 1) > before(at)
            }
        }
    }
}

/// Pulls branches of every repository that lives.
///
/// # Errors
/// The database cannot be read, or cancellation.
pub(super) async fn try_all(
    store: &Store,
    pulls: Pulls,
    progress: &Progress,
) -> Result<PullOutcome, SignoffError> {
    let of_deleted = branches_of_deleted(store).await?;
    let all = store.index().counts().await?.branches;
    let all = all.saturating_sub(of_deleted);
    progress.phase("pulls", Some(all));
    let mut out = PullOutcome {
        of_deleted,
        ..PullOutcome::default()
    };
    let mut digest = Sha256::new();
    let mut pages = store.index().repo_pages(PAGE);
    while let Some(rows) = pages.try_next().await? {
        for repo in rows.iter().filter(|repo| repo.deleted_at.is_none()) {
            let branches = branches(store, repo, &mut digest).await?;
            let first = out.heads;
            out.repositories += 1;
            out.heads += branches.len() as u64;
            let chosen: Vec<TriedBranch> = (first..)
                .zip(&branches)
                .filter(|(at, _)| pulls.chooses(*at, all))
                .map(|(_, branch)| branch.clone())
                .collect();
            out.tried += chosen.len() as u64;
            progress.update(|f| f.subject = repo.path());
            let is_whole = chosen.len() == branches.len();
            pull(store, repo, (chosen, is_whole), &mut out, progress).await?;
        }
    }
    out.heads_digest = hex::encode(digest.finalize());
    Ok(out)
}

/// Counts the branches of deleted repositories: nobody pulls them, so no figure of the job holds them.
async fn branches_of_deleted(store: &Store) -> Result<u64, SignoffError> {
    let mut count = 0;
    let mut pages = store.index().repo_pages(PAGE);
    while let Some(rows) = pages.try_next().await? {
        for repo in rows.iter().filter(|repo| repo.deleted_at.is_some()) {
            count += branches(store, repo, &mut Sha256::new()).await?.len() as u64;
        }
    }
    Ok(count)
}

/// Returns the branches of a repository, in the order of their names, as rows that were not tried yet.
async fn branches(
    store: &Store,
    repo: &RepoRow,
    digest: &mut Sha256,
) -> Result<Vec<TriedBranch>, SignoffError> {
    let mut out = Vec::new();
    let mut pages = store.index().branch_pages_of(&repo.repo_id, PAGE);
    while let Some(rows) = pages.try_next().await? {
        for row in &rows {
            for part in [
                &repo.repo_id,
                &row.name,
                row.head_commit_id.as_deref().unwrap_or_default(),
            ] as [&str; 3]
            {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
            out.push(TriedBranch {
                name: row.name.clone(),
                head: non_empty(row.head_commit_id.as_deref()).map(ObjectId::new),
                rows: 1,
                end: BranchEnd::Empty,
            });
        }
    }
    Ok(out)
}

/// Pulls a repository as a whole, and branch by branch only where that does not come, to tell which. A sample is
/// pulled branch by branch.
async fn pull(
    store: &Store,
    repo: &RepoRow,
    (branches, is_whole): (Vec<TriedBranch>, bool),
    out: &mut PullOutcome,
    progress: &Progress,
) -> Result<(), SignoffError> {
    // A client asks by path: a repository that its path does not lead to cannot be pulled at all.
    let led = store.index().repo_by_path(&repo.owner, &repo.slug).await?;
    if led.is_none_or(|led| led.repo_id != repo.repo_id) {
        let why = "another repository has the same path, so clients cannot reach this one";
        out.refuse(repo, why.to_owned());
        for mut branch in branches {
            branch.end = BranchEnd::Unfit(why.to_owned());
            out.add(repo, &branch);
            progress.update(|f| f.done += 1);
        }
        return Ok(());
    }
    let pulled = match is_whole {
        true => all_branches(store, repo, out, progress).await,
        false => some_branches(store, repo, branches, out, progress).await,
    };
    match pulled {
        Err(PullError::Store(StoreError::Index(error))) => Err(error.into()),
        Err(error) => {
            out.refuse(repo, error.to_string());
            Ok(())
        }
        Ok(true) => Err(Cancelled.into()),
        Ok(false) => Ok(()),
    }
}

/// Pulls all branches of a repository; `true` if that was stopped.
async fn all_branches(
    store: &Store,
    repo: &RepoRow,
    out: &mut PullOutcome,
    progress: &Progress,
) -> Result<bool, PullError> {
    // Its own phases would hide the one that this is part of.
    let own = progress.part();
    let mut tell = |branch: &TriedBranch| {
        out.add(repo, branch);
        progress.update(|f| f.done += branch.rows);
    };
    let tried = try_branches(store, (&repo.owner, &repo.slug), &own, &mut tell).await?;
    out.receive(&tried.received);
    out.repositories_whole += u64::from(tried.is_whole());
    if let Some(why) = tried.together {
        out.refuse(repo, why);
    }
    Ok(tried.stopped)
}

/// Pulls branches of a repository one by one; `true` if that was stopped.
async fn some_branches(
    store: &Store,
    repo: &RepoRow,
    branches: Vec<TriedBranch>,
    out: &mut PullOutcome,
    progress: &Progress,
) -> Result<bool, PullError> {
    let path = (repo.owner.as_str(), repo.slug.as_str());
    for mut branch in branches {
        let named = (branch.name.as_str(), branch.head.as_ref());
        let Some((end, pull)) = try_branch(store, path, named, progress).await? else {
            return Ok(true);
        };
        out.receive(&pull);
        branch.end = end;
        out.add(repo, &branch);
        progress.update(|f| f.done += 1);
    }
    Ok(false)
}
