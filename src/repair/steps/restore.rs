//! A missing object stored again, from whatever proves it.

use super::{Built, NO_DIGEST, StepContext, Target};
use super::{anew, replace};
use luthier_audit::Code;
use luthier_hub::backend::Key;
use luthier_hub::index::AnyRow;
use luthier_hub::store::StoreError;
use luthier_hub::store::packs::{FoundIn, PackState};
use luthier_object::{ObjectId, Proof};

/// Stores the object again, and points the row at it.
pub(super) async fn build(
    ctx: StepContext<'_>,
    target: &Target,
    row: &AnyRow,
) -> Result<Built, StoreError> {
    let Some((_, key)) = target.home(ctx.store).await? else {
        return Ok(Built::refused(NO_DIGEST));
    };
    if let Some(built) = there(ctx, target, row).await? {
        return Ok(built);
    }
    if occupied(ctx, target, row, &key).await? {
        return replace::at(ctx, target, row, key).await;
    }
    anew::build(ctx, target, row, &key).await
}

/// Returns whether the key that the object gets has bytes that do not match it, where the row points to another key.
async fn occupied(
    ctx: StepContext<'_>,
    target: &Target,
    row: &AnyRow,
    key: &Key,
) -> Result<bool, StoreError> {
    if row.uri() == Some(&ctx.store.backend().uri_for(key)) {
        return Ok(false);
    }
    let id = ObjectId::new(&target.id);
    let there = ctx.store.read_object(key).await?;
    Ok(there.is_some_and(|bytes| Proof::read(target.kind, &id, &bytes).is_err()))
}

/// Returns an answer if the row's own key has an object now.
async fn there(
    ctx: StepContext<'_>,
    target: &Target,
    row: &AnyRow,
) -> Result<Option<Built>, StoreError> {
    let Some(named) = row.uri() else {
        return Ok(None);
    };
    let id = ObjectId::new(&target.id);
    let own: Key = match ctx.store.locate(target.kind, &id, named) {
        Ok(key) => key,
        // What is not followed holds nothing; the row gets a pointer that can be.
        Err(_) if target.code == Code::UriRefused => return Ok(None),
        Err(why) => return Ok(Some(Built::Refused(format!("{named}: {why}")))),
    };
    // What the row itself keeps is no object of the store, where its pack is gone.
    let search = ctx.store.search_packs(&own, true).await?;
    if search.is_some_and(|search| {
        search.found == Some(FoundIn::Row) && search.pack == PackState::Absent
    }) {
        return Ok(None);
    }
    let Some(bytes) = ctx.store.read_object(&own).await? else {
        return Ok(None);
    };
    Ok(Some(match Proof::read(target.kind, &id, &bytes) {
        Ok(_) => Built::Already,
        // A pack is never written: the blob gets an object of its own.
        Err(_) if own.in_pack().is_some() => return Ok(None),
        Err(why) => Built::Refused(format!("other bytes are under {own} now: {why}")),
    }))
}
