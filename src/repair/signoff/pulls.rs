//! Every repository pulled as `luthier pull OWNER/SLUG` pulls it, and nothing kept of it: the client's own walk, checks
//! and proofs.

use super::SignoffError;
use futures_util::TryStreamExt;
use luthier_client::PullError;
use luthier_client::branches::unfit;
use luthier_client::tried::{TriedPull, try_pull};
use luthier_hub::index::RepoRow;
use luthier_hub::progress::Progress;
use luthier_hub::store::fetch::FetchError;
use luthier_hub::store::reconstruct::non_empty;
use luthier_hub::store::{Store, StoreError};
use luthier_object::ObjectId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Rows asked for at once.
const PAGE: u32 = 500;

/// Failures that are listed one by one.
const NAMED: usize = 100;

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
    let mut pages = store.index().repo_pages(PAGE);
    while let Some(rows) = pages.try_next().await? {
        for repo in &rows {
            if repo.deleted_at.is_some() {
                let branches = branches(store, repo, &mut Sha256::new()).await?.len() as u64;
                out.of_deleted += branches;
                // They are not pulled, so the figures of the job are those of the verdict.
                progress.update(|f| f.total = f.total.map(|all| all.saturating_sub(branches)));
                continue;
            }
            let branches = branches(store, repo, &mut digest).await?;
            let first = out.heads;
            out.repositories += 1;
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
    }
    out.heads_digest = hex::encode(digest.finalize());
    Ok(out)
}

/// Returns the branches of a repository, in the order of their names.
async fn branches(
    store: &Store,
    repo: &RepoRow,
    digest: &mut Sha256,
) -> Result<Vec<Branch>, SignoffError> {
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
            out.push(Branch {
                name: row.name.clone(),
                head: non_empty(row.head_commit_id.as_deref()).map(ObjectId::new),
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
    branches: &[&Branch],
    whole: bool,
    out: &mut PullOutcome,
    progress: &Progress,
) -> Result<(), SignoffError> {
    // A client asks by path: a repository that its path does not lead to cannot be pulled at all.
    let led = store.index().repo_by_path(&repo.owner, &repo.slug).await?;
    if led.is_none_or(|led| led.repo_id != repo.repo_id) {
        let why = "another repository has the same path, so clients cannot reach this one";
        fail_all(out, repo, branches, why);
        progress.update(|f| f.done += branches.len() as u64);
        return Ok(());
    }
    let together = match whole {
        false => None,
        true => match try_one(store, repo, None, progress).await? {
            Tried::Whole(pull) => {
                out.whole(branches, &pull);
                progress.update(|f| f.done += branches.len() as u64);
                return Ok(());
            }
            failed => Some(failed),
        },
    };
    let tried = match (together, branches) {
        // There is nothing to tell apart.
        (Some(failed), [] | [_]) => vec![failed],
        (together, branches) => {
            let mut tried = one_by_one(store, repo, branches, whole, progress).await?;
            let all_come = tried.iter().all(|tried| matches!(tried, Tried::Whole(_)));
            if let (Some(together), Some(first), true) = (together, tried.first_mut(), all_come) {
                *first = together.beside_others();
            }
            tried
        }
    };
    let no_branch = Branch {
        name: repo.default_branch.clone(),
        head: None,
    };
    for (at, tried) in tried.into_iter().enumerate() {
        let branch = branches.get(at).copied().unwrap_or(&no_branch);
        out.add(repo, branch, tried);
    }
    Ok(())
}

impl PullOutcome {
    /// Adds a repository that was pulled as a whole.
    fn whole(&mut self, branches: &[&Branch], pull: &TriedPull) {
        let empty = branches.iter().filter(|branch| branch.head.is_none());
        let empty = empty.count() as u64;
        self.repositories_whole += 1;
        self.empty += empty;
        self.succeeded += branches.len() as u64 - empty;
        count(self, pull);
    }

    /// Adds the pull of one branch.
    fn add(&mut self, repo: &RepoRow, branch: &Branch, tried: Tried) {
        match tried {
            Tried::Whole(_) if branch.head.is_none() => self.empty += 1,
            Tried::Whole(pull) => {
                self.succeeded += 1;
                count(self, &pull);
            }
            Tried::Refused(why) => self.fail(repo, &branch.name, why),
            Tried::Unread(why) => self.unread(repo, &branch.name, why),
        }
    }
}

/// Fails every branch of a repository; one that has none fails by the branch that its clients would start with.
fn fail_all(out: &mut PullOutcome, repo: &RepoRow, branches: &[&Branch], why: &str) {
    for branch in branches {
        out.fail(repo, &branch.name, why.to_owned());
    }
    if branches.is_empty() {
        out.fail(repo, &repo.default_branch, why.to_owned());
    }
}

/// Returns the result of each branch. If all branches were asked for, a name that cannot be stored beside the others
/// fails, although it would succeed alone. Where the whole was asked for, a name that cannot stand beside the others
/// fails, although it would come by itself.
async fn one_by_one(
    store: &Store,
    repo: &RepoRow,
    branches: &[&Branch],
    whole: bool,
    progress: &Progress,
) -> Result<Vec<Tried>, SignoffError> {
    let names = branches.iter().map(|branch| branch.name.as_str());
    let unfit = match whole {
        true => unfit(names),
        false => BTreeMap::new(),
    };
    let mut out = Vec::with_capacity(branches.len());
    for branch in branches {
        out.push(match unfit.get(&branch.name) {
            Some(why) => Tried::Refused(why.clone()),
            None => try_one(store, repo, Some(&branch.name), progress).await?,
        });
        progress.update(|f| f.done += 1);
    }
    Ok(out)
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

impl Tried {
    /// Returns the same of a repository whose branches come one by one, and not together.
    fn beside_others(self) -> Self {
        let words = |why| format!("together with the other branches: {why}");
        match self {
            Tried::Refused(why) => Tried::Refused(words(why)),
            Tried::Unread(why) => Tried::Unread(words(why)),
            Tried::Whole(pull) => Tried::Whole(pull),
        }
    }
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
        Ok(pull) if pull.stopped => Err(luthier_hub::progress::Cancelled.into()),
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
