//! A row that a repository's branches reach, held by it.

use super::{Built, Target};
use crate::change::StepChange;
use luthier_hub::index::{AnyRow, Index, RepoRow};
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError};
use luthier_object::ObjectId;
use std::collections::BTreeSet;

/// Of more holders than these only the first are asked for their owner.
const ASKED: usize = 100;

/// Adds the membership. Where only repositories of other owners hold the row, it would show somebody's objects to
/// somebody else.
pub(super) async fn build(
    store: &Store,
    target: &Target,
    row: &AnyRow,
) -> Result<Built, StoreError> {
    let index = store.index();
    let (true, Some(origin)) = (index.capabilities().refs(target.kind), &target.origin) else {
        return Ok(Built::refused("this hub has no table of memberships"));
    };
    let repo_id = &origin.repo_id;
    let ids = [target.id.clone()];
    if !index.held_by(target.kind, repo_id, &ids).await?.is_empty() {
        return Ok(Built::Already);
    }
    let Some(own) = index.repo_by_id(repo_id).await? else {
        return Ok(Built::refused("the repository is gone"));
    };
    let holders = index.holders_of(target.kind, &ids).await?;
    let holders = holders.iter().map(|holder| holder.repo_id.as_str());
    let holders: BTreeSet<&str> = holders.chain(row.repo_id()).collect();
    if !holders.contains(repo_id.as_str())
        && let Some(others) = other_owners(index, &own, &holders).await?
    {
        return Ok(Built::refused(format!(
            "{} belongs to {}, but the row belongs to another owner ({}); the owners have to agree",
            own.path(),
            own.owner,
            others.join(", "),
        )));
    }
    Ok(step(target, repo_id))
}

/// Returns the repositories of other owners that hold the row, where there are some and none of its own owner.
async fn other_owners(
    index: &dyn Index,
    own: &RepoRow,
    holders: &BTreeSet<&str>,
) -> Result<Option<Vec<String>>, StoreError> {
    let mut others = Vec::new();
    for holder in holders.iter().take(ASKED) {
        // What a repository without row holds, nobody owns.
        let Some(repo) = index.repo_by_id(holder).await? else {
            continue;
        };
        if (&repo.owner, &repo.owner_user_id) == (&own.owner, &own.owner_user_id) {
            return Ok(None);
        }
        others.push(repo.path());
    }
    Ok((!others.is_empty()).then_some(others))
}

fn step(target: &Target, repo_id: &str) -> Built {
    let change = StepChange::Hold {
        repo_id: repo_id.to_owned(),
        holder: None,
        holders: target.repo.clone(),
    };
    let step = target.step(
        format!(
            "Adds the {} to the memberships of {}, whose branches need it.",
            target.kind, target.repo
        ),
        "The repository still does not hold the row, and repositories of other owners are not the only ones that hold it.".to_owned(),
        change,
    );
    let change = Change::Hold {
        kind: target.kind,
        id: ObjectId::new(&target.id),
        repo_id: repo_id.to_owned(),
    };
    Built::Step(Box::new(step), change)
}
