//! The pulls of all branches of a repository, tried: which fail, and why.

use super::branches::unfit;
use super::error::PullError;
use super::tried::{TriedPull, try_pull};
use futures_util::TryStreamExt;
use luthier_hub::progress::Progress;
use luthier_hub::store::fetch::Refusal;
use luthier_hub::store::reconstruct::non_empty;
use luthier_hub::store::{Store, StoreError};
use luthier_object::ObjectId;

/// Branches asked for at once.
const PAGE: u32 = 500;

/// Failures that are listed one by one; the rest is counted.
pub const NAMED: usize = 500;

/// Names that are refused together with others: more of them are counted.
const OTHERS: usize = 3;

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

impl BranchEnd {
    /// Returns the reason why the branch does not come whole; empty where it does.
    #[must_use]
    pub fn why(&self) -> String {
        match self {
            BranchEnd::Refused(refusal) => refusal.to_string(),
            BranchEnd::Unfit(why) | BranchEnd::Unread(why) => why.clone(),
            BranchEnd::Whole | BranchEnd::Empty => String::new(),
        }
    }
}

/// A branch whose pull was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedBranch {
    pub name: String,
    pub head: Option<ObjectId>,
    /// Rows of this name: a hub may have several, and each is counted.
    pub rows: u64,
    pub end: BranchEnd,
}

/// The results of pulling a repository's branches. Branches are counted by their rows.
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
    let branches = branches(store, path).await?;
    let whole = match try_pull(store, path, None, progress).await {
        Ok(pull) if pull.stopped => {
            out.stopped = true;
            return Ok(out);
        }
        Err(error) if ends_all(&error) => return Err(error),
        Ok(pull) => Some((pull.refusal.clone(), pull)),
        Err(PullError::Refused(why)) => {
            out.together = Some(all_reasons(why, &branches));
            None
        }
        // Which of them cannot be read is seen one by one.
        Err(_) => None,
    };
    // One branch is the whole: it need not be tried again.
    if let Some((refusal, pull)) = whole
        && (refusal.is_none() || branches.len() <= 1)
    {
        out.received = pull;
        for mut branch in branches {
            branch.end = end_of(refusal.clone(), branch.head.as_ref());
            out.count(branch, tell);
        }
        return Ok(out);
    }
    for mut branch in branches {
        let named = (branch.name.as_str(), branch.head.as_ref());
        let Some((end, pull)) = try_branch(store, path, named, progress).await? else {
            out.stopped = true;
            return Ok(out);
        };
        out.receive(pull);
        branch.end = end;
        out.count(branch, tell);
    }
    Ok(out)
}

/// Tries one branch by itself, and returns how it ended and what was received; `None` if it was stopped.
///
/// # Errors
/// No such repository, or the database cannot be read.
pub async fn try_branch(
    store: &Store,
    path: (&str, &str),
    (name, head): (&str, Option<&ObjectId>),
    progress: &Progress,
) -> Result<Option<(BranchEnd, TriedPull)>, PullError> {
    // Its own phases would hide the one that this is part of.
    let own = progress.part();
    let mut pull = match try_pull(store, path, Some(name), &own).await {
        Ok(pull) if pull.stopped => return Ok(None),
        Ok(pull) => pull,
        Err(error) if ends_all(&error) => return Err(error),
        Err(error) => {
            let end = match error {
                PullError::Refused(why) => BranchEnd::Unfit(why),
                gone @ PullError::NoSuchBranch { .. } => BranchEnd::Unfit(gone.to_string()),
                error => BranchEnd::Unread(error.to_string()),
            };
            return Ok(Some((end, TriedPull::default())));
        }
    };
    let end = end_of(pull.refusal.take(), head);
    Ok(Some((end, pull)))
}

/// Returns whether an error ends the pulls of all branches, not of one.
const fn ends_all(error: &PullError) -> bool {
    matches!(
        error,
        PullError::NoSuchRepo(_) | PullError::Store(StoreError::Index(_))
    )
}

fn end_of(refusal: Option<Refusal>, head: Option<&ObjectId>) -> BranchEnd {
    match (refusal, head) {
        (Some(refusal), _) => BranchEnd::Refused(Box::new(refusal)),
        (None, Some(_)) => BranchEnd::Whole,
        (None, None) => BranchEnd::Empty,
    }
}

/// Adds to the reason at which a client stops the names that it would refuse next: whoever mends one of them would be
/// called again for the others.
fn all_reasons(first: String, branches: &[TriedBranch]) -> String {
    let names = branches.iter().map(|branch| branch.name.as_str());
    let mut others: Vec<String> = unfit(names).into_values().collect();
    others.retain(|other| *other != first);
    let rest = others.len().saturating_sub(OTHERS);
    others.truncate(OTHERS);
    others.insert(0, first);
    if rest > 0 {
        others.push(format!("and {rest} more such names"));
    }
    others.join("; ")
}

/// Returns each branch once, in the order of their names, with the head of its first row; none was tried yet.
async fn branches(
    store: &Store,
    (owner, slug): (&str, &str),
) -> Result<Vec<TriedBranch>, PullError> {
    let repo = store.index().repo_by_path(owner, slug).await;
    let repo = repo.map_err(StoreError::from)?;
    let repo = repo.ok_or_else(|| PullError::NoSuchRepo(format!("{owner}/{slug}")))?;
    let mut out: Vec<TriedBranch> = Vec::new();
    let mut pages = store.index().branch_pages_of(&repo.repo_id, PAGE);
    while let Some(page) = pages.try_next().await.map_err(StoreError::from)? {
        for row in page {
            match out.last_mut() {
                Some(same) if same.name == row.name => same.rows += 1,
                _ => out.push(TriedBranch {
                    name: row.name,
                    head: non_empty(row.head_commit_id.as_deref()).map(ObjectId::new),
                    rows: 1,
                    end: BranchEnd::Empty,
                }),
            }
        }
    }
    Ok(out)
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
        *count += branch.rows;
        let is_bad = !matches!(branch.end, BranchEnd::Whole | BranchEnd::Empty);
        if is_bad && self.named.len() < NAMED {
            self.named.push(branch);
        }
    }

    /// Adds what one branch brought: what branches share is counted with each.
    fn receive(&mut self, pull: TriedPull) {
        self.received.received.add(&pull.received);
        if !pull.last.is_empty() {
            self.received.last = pull.last;
        }
    }

    /// Returns whether a client takes the repository with all its branches.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.failed == 0 && self.unread == 0 && self.together.is_none() && !self.stopped
    }
}
