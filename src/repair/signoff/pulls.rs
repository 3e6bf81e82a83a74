//! Every branch pulled, and nothing kept of it: the client's own walk and proofs.

use super::SignoffError;
use crate::client::PullError;
use crate::client::tried::{TriedPull, try_pull};
use crate::index::RepoRow;
use crate::object::ObjectId;
use crate::progress::Progress;
use crate::store::fetch::FetchError;
use crate::store::reconstruct::given;
use crate::store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// Failures that are told one by one.
const NAMED: usize = 100;

/// Which branches are pulled.
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

/// What became of all pulls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullOutcome {
    /// Branches of repositories that were not deleted.
    pub heads: u64,
    pub tried: u64,
    pub succeeded: u64,
    /// Branches without a commit: there is nothing to pull.
    pub empty: u64,
    /// The first hundred.
    pub failed: Vec<FailedPull>,
    pub failed_total: u64,
    /// What could not be read: the first hundred.
    pub unknown: Vec<FailedPull>,
    pub unknown_total: u64,
    /// Objects that were handed on, each branch counted for itself unless a repository came whole.
    pub objects: u64,
    pub bytes: u64,
    /// sha256 over every repository, branch and head; hex.
    pub heads_digest: String,
}

impl PullOutcome {
    fn fail(&mut self, repo: &RepoRow, branch: &str, why: String) {
        self.failed_total += 1;
        note(&mut self.failed, repo, branch, why);
    }

    fn unread(&mut self, repo: &RepoRow, branch: &str, why: String) {
        self.unknown_total += 1;
        note(&mut self.unknown, repo, branch, why);
    }
}

fn note(list: &mut Vec<FailedPull>, repo: &RepoRow, branch: &str, why: String) {
    if list.len() < NAMED {
        list.push(FailedPull {
            repo: repo.path(),
            branch: branch.to_owned(),
            why,
        });
    }
}

/// A branch and its head.
struct Branch {
    name: String,
    head: Option<ObjectId>,
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
    let counts = store.index().counts().await?;
    progress.phase("pulls", Some(counts.branches));
    let every = match pulls {
        Pulls::All => 1,
        Pulls::Sample(0) => u64::MAX,
        Pulls::Sample(count) => counts.branches.div_ceil(count).max(1),
    };
    let most = match pulls {
        Pulls::All => u64::MAX,
        Pulls::Sample(count) => count,
    };
    let mut out = PullOutcome::default();
    let mut digest = Sha256::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.index().repos(after.as_deref(), PAGE).await?;
        for repo in page.rows.iter().filter(|repo| repo.deleted_at.is_none()) {
            let branches = branches(store, repo, &mut digest).await?;
            let first = out.heads;
            out.heads += branches.len() as u64;
            let chosen: Vec<&Branch> = (first..)
                .zip(&branches)
                .filter(|(at, _)| at % every == 0)
                .map(|(_, branch)| branch)
                .take(usize::try_from(most - out.tried.min(most)).unwrap_or(usize::MAX))
                .collect();
            out.tried += chosen.len() as u64;
            let whole = chosen.len() == branches.len();
            pull(store, repo, &chosen, whole, &mut out, progress).await?;
        }
        after = page.rows.last().map(|repo| repo.repo_id.clone()).or(after);
        if page.end {
            out.heads_digest = hex::encode(digest.finalize());
            return Ok(out);
        }
    }
}

/// The branches of a repository, in the order of their names.
async fn branches(
    store: &Store,
    repo: &RepoRow,
    digest: &mut Sha256,
) -> Result<Vec<Branch>, SignoffError> {
    let mut out = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store
            .index()
            .branches_of(&repo.repo_id, after.as_deref(), PAGE)
            .await?;
        for row in &page.rows {
            for part in [
                &repo.repo_id,
                &row.name,
                row.head_commit_id.as_deref().unwrap_or_default(),
            ] as [&str; 3]
            {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
            out.push(Branch {
                name: row.name.clone(),
                head: given(row.head_commit_id.as_deref()).map(ObjectId::new),
            });
        }
        after = page.rows.last().map(|row| row.name.clone()).or(after);
        if page.end || page.rows.is_empty() {
            return Ok(out);
        }
    }
}

/// Pulls a whole repository at once, since its branches share most of their history; branch by branch only
/// where that does not come whole, to tell which.
async fn pull(
    store: &Store,
    repo: &RepoRow,
    branches: &[&Branch],
    whole: bool,
    out: &mut PullOutcome,
    progress: &Progress,
) -> Result<(), SignoffError> {
    // A client asks by path: a repository that its path does not lead to cannot be pulled at all.
    let led = store.index().repo_by_path(&repo.owner, &repo.slug).await?;
    if led.is_none_or(|led| led.repo_id != repo.repo_id) {
        for branch in branches {
            let why = "another repository has the same path, so no client comes to this one";
            out.fail(repo, &branch.name, why.to_owned());
        }
        return Ok(());
    }
    let empty = branches
        .iter()
        .filter(|branch| branch.head.is_none())
        .count() as u64;
    if whole && branches.len() > 1 {
        let tried = try_one(store, repo, None, progress).await?;
        if let Tried::Whole(pull) = tried {
            out.empty += empty;
            out.succeeded += branches.len() as u64 - empty;
            count(out, &pull);
            progress.update(|f| f.done += branches.len() as u64);
            return Ok(());
        }
    }
    for branch in branches {
        match try_one(store, repo, Some(&branch.name), progress).await? {
            Tried::Whole(_) if branch.head.is_none() => out.empty += 1,
            Tried::Whole(pull) => {
                out.succeeded += 1;
                count(out, &pull);
            }
            Tried::Refused(why) => out.fail(repo, &branch.name, why),
            Tried::Unread(why) => out.unread(repo, &branch.name, why),
        }
        progress.update(|f| f.done += 1);
    }
    Ok(())
}

fn count(out: &mut PullOutcome, pull: &TriedPull) {
    out.objects += pull.served.iter().chain(&pull.reconstructed).sum::<u64>();
    out.bytes += pull.bytes;
}

enum Tried {
    Whole(Box<TriedPull>),
    Refused(String),
    Unread(String),
}

async fn try_one(
    store: &Store,
    repo: &RepoRow,
    branch: Option<&str>,
    progress: &Progress,
) -> Result<Tried, SignoffError> {
    progress.update(|f| f.subject = repo.path());
    // Its own phases would hide the one that this is part of.
    let own = progress.part();
    let path = (repo.owner.as_str(), repo.slug.as_str());
    match try_pull(store, path, branch, &own).await {
        Ok(pull) if pull.stopped => Err(crate::progress::Cancelled.into()),
        Ok(TriedPull {
            refusal: Some(refusal),
            ..
        }) => Ok(Tried::Refused(refusal.to_string())),
        Ok(pull) => Ok(Tried::Whole(Box::new(pull))),
        Err(PullError::Store(StoreError::Index(error))) => Err(error.into()),
        Err(PullError::Fetch(FetchError::Cancelled(cancelled))) => Err(cancelled.into()),
        Err(
            error @ (PullError::Refused(_)
            | PullError::NoSuchRepo(_)
            | PullError::NoSuchBranch { .. }),
        ) => Ok(Tried::Refused(error.to_string())),
        Err(error) => Ok(Tried::Unread(error.to_string())),
    }
}
