//! The pulls of all branches of a repository, tried: which fail, and why.

use super::error::PullError;
use super::tried::{TriedPull, try_pull};
use futures_util::TryStreamExt;
use luthier_hub::progress::Progress;
use luthier_hub::store::fetch::Refusal;
use luthier_hub::store::reconstruct::non_empty;
use luthier_hub::store::{Store, StoreError};
use luthier_object::{Kind, ObjectId};

/// Branches asked for at once.
const PAGE: u32 = 500;

/// Failures that are listed one by one; the rest is counted.
pub const NAMED: usize = 500;

/// The result of pulling one branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BranchEnd {
    Whole,
    /// There is no commit yet.
    Empty,
    /// A client refuses an object of it.
    Refused(Box<Refusal>),
    /// A client refuses it before it asks for an object.
    Unfit(String),
    /// A side did not answer.
    Unread(String),
}

/// A branch whose pull was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedBranch {
    pub name: String,
    pub head: Option<ObjectId>,
    pub end: BranchEnd,
}

/// The results of pulling a repository's branches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriedRepo {
    pub whole: u64,
    pub empty: u64,
    pub failed: u64,
    pub unread: u64,
    /// Branches that failed or could not be read: the first [`NAMED`].
    pub named: Vec<TriedBranch>,
    /// The reason why no client takes all branches together, although each alone may succeed.
    pub together: Option<String>,
    /// The received objects, and the last of them.
    pub received: TriedPull,
    pub stopped: bool,
}

/// Tries all branches together; where they do not come whole, one by one. Each is reported as it ends.
///
/// # Errors
/// No such repository, or the database cannot be read.
pub async fn try_branches(
    store: &Store,
    path: (&str, &str),
    progress: &Progress,
    tell: &mut (dyn FnMut(&TriedBranch) + Send),
) -> Result<TriedRepo, PullError> {
    let mut out = TriedRepo::default();
    match try_pull(store, path, None, progress).await {
        Ok(pull) if pull.stopped => {
            out.stopped = true;
            return Ok(out);
        }
        Ok(pull) if pull.refusal.is_none() => {
            for (name, head) in &pull.heads {
                let branch = TriedBranch {
                    name: name.clone(),
                    head: head.clone(),
                    end: if head.is_some() {
                        BranchEnd::Whole
                    } else {
                        BranchEnd::Empty
                    },
                };
                out.count(branch, tell);
            }
            out.received = pull;
            return Ok(out);
        }
        Err(PullError::Refused(why)) => out.together = Some(why),
        Err(error @ PullError::NoSuchRepo(_)) => return Err(error),
        // Which of them cannot be read is seen one by one.
        Ok(_) | Err(_) => {}
    }
    one_by_one(store, path, progress, (&mut out, tell)).await?;
    Ok(out)
}

async fn one_by_one(
    store: &Store,
    path: (&str, &str),
    progress: &Progress,
    (out, tell): (&mut TriedRepo, &mut (dyn FnMut(&TriedBranch) + Send)),
) -> Result<(), PullError> {
    let repo = store.index().repo_by_path(path.0, path.1).await;
    let repo = repo.map_err(StoreError::from)?;
    let repo = repo.ok_or_else(|| PullError::NoSuchRepo(format!("{}/{}", path.0, path.1)))?;
    let mut last: Option<String> = None;
    let mut pages = store.index().branch_pages_of(&repo.repo_id, PAGE);
    while let Some(rows) = pages.try_next().await.map_err(StoreError::from)? {
        for row in rows {
            let head = non_empty(row.head_commit_id.as_deref()).map(ObjectId::new);
            let name = row.name;
            if last.as_ref() == Some(&name) {
                continue;
            }
            let own = progress.part();
            let tried = try_pull(store, path, Some(&name), &own).await;
            let end = match tried {
                Ok(pull) if pull.stopped => {
                    out.stopped = true;
                    return Ok(());
                }
                Ok(mut pull) => {
                    let refusal = pull.refusal.take();
                    out.receive(pull);
                    match (refusal, &head) {
                        (Some(refusal), _) => BranchEnd::Refused(Box::new(refusal)),
                        (None, Some(_)) => BranchEnd::Whole,
                        (None, None) => BranchEnd::Empty,
                    }
                }
                Err(PullError::Refused(why)) => BranchEnd::Unfit(why),
                Err(error) => BranchEnd::Unread(error.to_string()),
            };
            last = Some(name.clone());
            out.count(TriedBranch { name, head, end }, tell);
        }
    }
    Ok(())
}

impl TriedRepo {
    fn count(&mut self, branch: TriedBranch, tell: &mut (dyn FnMut(&TriedBranch) + Send)) {
        tell(&branch);
        let count = match branch.end {
            BranchEnd::Whole => &mut self.whole,
            BranchEnd::Empty => &mut self.empty,
            BranchEnd::Refused(_) | BranchEnd::Unfit(_) => &mut self.failed,
            BranchEnd::Unread(_) => &mut self.unread,
        };
        *count += 1;
        let is_bad = !matches!(branch.end, BranchEnd::Whole | BranchEnd::Empty);
        if is_bad && self.named.len() < NAMED {
            self.named.push(branch);
        }
    }

    /// Adds what one branch brought: what branches share is counted with each.
    fn receive(&mut self, pull: TriedPull) {
        for kind in Kind::ALL {
            let at = kind as usize;
            self.received.served[at] += pull.served[at];
            self.received.reconstructed[at] += pull.reconstructed[at];
        }
        self.received.bytes += pull.bytes;
        if !pull.last.is_empty() {
            self.received.last = pull.last;
        }
    }

    /// Returns the number of branches.
    #[must_use]
    pub const fn branches(&self) -> u64 {
        self.whole + self.empty + self.failed + self.unread
    }
}
