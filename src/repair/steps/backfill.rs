//! An object stored from what its row proves.

use super::{Built, NO_DIGEST, StepContext, Target, hash, pointer, still};
use crate::change::StepChange;
use crate::step::Step;
use luthier_audit::Code;
use luthier_hub::index::AnyRow;
use luthier_hub::store::StoreError;
use luthier_hub::store::read::{self, UnprovenRow};
use luthier_hub::store::write::Change;

/// Stores what the row proves, and points the row at it.
pub(super) async fn build(
    ctx: StepContext<'_>,
    target: &Target,
    row: &AnyRow,
) -> Result<Built, StoreError> {
    let Some((_, key)) = target.home(ctx.store).await? else {
        return Ok(Built::refused(NO_DIGEST));
    };
    let uri = ctx.store.backend().uri_for(&key);
    match row.uri() {
        Some(now) if now == uri => return Ok(Built::Already),
        Some(now) => return Ok(Built::Refused(format!("the row points to {now} now"))),
        None => {}
    }
    let made = match row {
        AnyRow::Commit(row) => read::canonical_commit(row),
        AnyRow::Snapshot(row) => {
            let mut trees = ctx.trees.lock().await;
            ctx.store.canonical_snapshot(row, &mut trees).await?
        }
        AnyRow::Blob(_) => Err(UnprovenRow::Blob),
    };
    let object = match made {
        Ok(object) => object,
        Err(why) => return Ok(Built::refused(why)),
    };
    let step = Step {
        key: Some(key.as_str().to_owned()),
        bytes: object.bytes().len() as u64,
        sha256: Some(hash(object.bytes())),
        ..target.step(
            words(target, object.scheme()),
            still(None),
            StepChange::cells(vec![pointer(None, &uri)]),
        )
    };
    let change = Change::Store {
        object: object.sealed(),
        seen_uri: None,
    };
    Ok(Built::Step(Box::new(step), change))
}

fn words(target: &Target, scheme: &str) -> String {
    let marked = match target.code {
        Code::IdentityStale => " Clients still refuse this id.",
        _ => "",
    };
    format!(
        "Stores the {} that its row describes (formula {scheme}), then links the row to it.{marked}",
        target.kind
    )
}
