//! The step that brings one repository's refs into the store. Planning and applying both make it from
//! the rows as they are, and what decides whether they made the same one is the hash of its bytes.

use super::change::{HeadChange, StepChange};
use super::step::Step;
use super::steps::{Built, hash};
use luthier_audit::{Code, Remedy, Subject};
use luthier_hub::index::BranchRow;
use luthier_hub::store::checkpoint::{CheckpointError, Next, Refs};
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError};
use luthier_hub::text;
use std::collections::BTreeMap;

/// Heads that a step shows; the hash covers the others.
const SHOWN: usize = 20;

/// Whose refs, and the time that the checkpoint bears.
pub(super) struct Target {
    pub repo_id: String,
    /// `owner/slug`, or the id where there is no row.
    pub repo: String,
    pub made_at: String,
    /// Findings that it repairs beside the first, one a branch.
    pub others: u64,
}

impl Target {
    /// Computes a step of a plan again.
    pub fn again(step: &Step) -> Self {
        let (repo_id, made_at) = match &step.change {
            StepChange::SaveRefs {
                repo_id, made_at, ..
            } => (repo_id.clone(), made_at.clone()),
            // A forged step: there is no such repository, and so no such step.
            _ => (String::new(), String::new()),
        };
        Self {
            repo_id,
            repo: step.repo.clone(),
            made_at,
            others: step.others,
        }
    }
}

/// Makes the step from the rows as they are now.
///
/// # Errors
/// A side that could not be asked: then nothing is known.
pub(super) async fn build(store: &Store, target: &Target) -> Result<Built, StoreError> {
    match next(store, target).await {
        Ok(built) => Ok(built),
        Err(CheckpointError::Store(error)) => Err(error),
        Err(error) => Ok(Built::Refused(error.to_string())),
    }
}

async fn next(store: &Store, target: &Target) -> Result<Built, CheckpointError> {
    let Some(refs) = store.refs_of(&target.repo_id).await? else {
        return Ok(Built::Refused("the repository's row is gone".to_owned()));
    };
    let (key, bytes, before) = match store.next_checkpoint(&refs, &target.made_at).await? {
        Next::Covered(_) => return Ok(Built::Already),
        Next::Write { key, bytes, before } => (key, bytes, before),
    };
    let branches = text::plural(refs.branches.len() as u64, "branch");
    let step = Step {
        number: 0,
        code: Code::RefsUnsaved,
        also: Vec::new(),
        others: target.others,
        more: false,
        remedy: Remedy::Checkpoint,
        kind: Subject::Branch,
        id: target.repo.clone(),
        repo: target.repo.clone(),
        path: None,
        words: format!(
            "Saves where {branches} of {} point in {key}, which lists all branches.",
            target.repo
        ),
        precondition:
            "The rows of the repository and its branches still have the values that were seen, and there is no newer checkpoint."
                .to_owned(),
        key: Some(key.as_str().to_owned()),
        from: None,
        bytes: bytes.len() as u64,
        sha256: Some(hash(&bytes)),
        change: change_of(target, &refs, before.as_deref()),
    };
    let change = Change::Checkpoint { key, bytes };
    Ok(Built::Step(Box::new(step), change))
}

/// Returns what the store says before and after as if it were a change of rows; no row changes.
fn change_of(target: &Target, refs: &Refs, before: Option<&Refs>) -> StepChange {
    let mut heads: BTreeMap<(&str, &str), [Option<&String>; 2]> = BTreeMap::new();
    fn name(row: &BranchRow) -> (&str, &str) {
        (&row.name, &row.branch_id)
    }
    for row in before.iter().flat_map(|refs| &refs.branches) {
        heads.entry(name(row)).or_default()[0] = row.head_commit_id.as_ref();
    }
    for row in &refs.branches {
        heads.entry(name(row)).or_default()[1] = row.head_commit_id.as_ref();
    }
    let moved = heads
        .into_iter()
        .filter(|(_, [from, to])| from != to)
        .take(SHOWN)
        .map(|((name, _), [from, to])| HeadChange {
            branch: name.to_owned(),
            from: from.cloned(),
            to: to.cloned(),
        });
    StepChange::SaveRefs {
        repo_id: target.repo_id.clone(),
        heads: moved.collect(),
        made_at: target.made_at.clone(),
    }
}
