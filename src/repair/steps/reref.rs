//! A row that another repository of the same owner holds, held by this one too.

use super::{Built, Target};
use crate::change::StepChange;
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError};
use luthier_object::ObjectId;

/// Adds the membership. Only between repositories of one owner: else it would show somebody's objects to
/// somebody else.
pub(super) async fn build(store: &Store, target: &Target) -> Result<Built, StoreError> {
    let refused = |why: String| Ok(Built::Refused(why));
    let index = store.index();
    let table = index.capabilities().refs(target.kind);
    let (true, Some(origin)) = (table, &target.origin) else {
        return refused(
            "on this hub a row belongs to one repository; there is no table to add another one"
                .to_owned(),
        );
    };
    let ids = [target.id.clone()];
    let held = index.held_by(target.kind, &origin.repo_id, &ids).await?;
    if !held.is_empty() {
        return Ok(Built::Already);
    }
    let Some(own) = index.repo_by_id(&origin.repo_id).await? else {
        return refused("the repository that refers to it is gone".to_owned());
    };
    let mut owners = Vec::new();
    for holder in &target.holders {
        let row = match holder.split_once('/') {
            Some((owner, slug)) => index.repo_by_path(owner, slug).await?,
            None => index.repo_by_id(holder).await?,
        };
        let Some(row) = row else { continue };
        let holds = index.held_by(target.kind, &row.repo_id, &ids).await?;
        if holds.is_empty() {
            continue;
        }
        if (&row.owner, &row.owner_user_id) == (&own.owner, &own.owner_user_id) {
            return Ok(step(target, &origin.repo_id, holder));
        }
        owners.push(row.path());
    }
    refused(format!(
        "{} belongs to {}, but the row belongs to another owner ({}); the owners have to agree",
        own.path(),
        own.owner,
        if owners.is_empty() {
            "nobody now".to_owned()
        } else {
            owners.join(", ")
        },
    ))
}

fn step(target: &Target, repo_id: &str, holder: &str) -> Built {
    let change = StepChange::Hold {
        repo_id: repo_id.to_owned(),
        holder: Some(holder.to_owned()),
        holders: format!("{holder}, {}", target.repo),
    };
    let step = target.step(
        format!(
            "Gives {} the {} too, which {holder} of the same owner has.",
            target.repo, target.kind
        ),
        "The row still belongs to the other repository, and not to this one.".to_owned(),
        change,
    );
    let change = Change::Hold {
        kind: target.kind,
        id: ObjectId::new(&target.id),
        repo_id: repo_id.to_owned(),
    };
    Built::Step(Box::new(step), change)
}
