//! Bad bytes put aside, and bytes that prove in their place.

use super::source::{self, NoSource, Source};
use super::{Built, NO_DIGEST, StepContext, Target, anew, hash, link, pointed, still};
use crate::change::{StepChange, Swap};
use crate::step::Step;
use bytes::Bytes;
use luthier_audit::Code;
use luthier_hub::backend::{Key, layout};
use luthier_hub::cause::Cause;
use luthier_hub::index::AnyRow;
use luthier_hub::store::StoreError;
use luthier_hub::store::write::Change;
use luthier_object::{Kind, ObjectId, Proof};

/// Replaces the bytes under the key that the row names, or would get.
pub(super) async fn build(
    ctx: StepContext<'_>,
    target: &Target,
    row: &AnyRow,
) -> Result<Built, StoreError> {
    let id = ObjectId::new(&target.id);
    match key_of(ctx, target.kind, &id, row).await? {
        Ok(key) if layout::is_of_another(&key, &id) => at_home(ctx, target, row).await,
        Ok(key) => at(ctx, target, row, key).await,
        Err(why) => Ok(Built::refused(why)),
    }
}

/// Points the row at the key that is its own, with the object that is there or is stored there.
async fn at_home(ctx: StepContext<'_>, target: &Target, row: &AnyRow) -> Result<Built, StoreError> {
    let id = ObjectId::new(&target.id);
    let Some(home) = ctx.store.home(target.kind, &id).await? else {
        return Ok(Built::refused(NO_DIGEST));
    };
    match ctx.store.read_twice(&home).await? {
        None => anew::build(ctx, target, row, &home).await,
        Some(bytes) if Proof::read(target.kind, &id, &bytes).is_ok() => {
            let target = Target {
                keys: vec![home.as_str().to_owned()],
                ..target.clone()
            };
            link::build(ctx.store, &target, row).await
        }
        Some(_) => at(ctx, target, row, home).await,
    }
}

/// Replaces the bytes under a key, and points the row at it.
pub(super) async fn at(
    ctx: StepContext<'_>,
    target: &Target,
    row: &AnyRow,
    key: Key,
) -> Result<Built, StoreError> {
    let id = ObjectId::new(&target.id);
    let bad = match bad_bytes(ctx, target.kind, &id, &key).await? {
        Ok(bad) => bad,
        Err(built) => return Ok(built),
    };
    let source = match good(ctx, target, row, &key, &bad).await? {
        Ok(source) => source,
        Err(why) => return Ok(Built::refused(why)),
    };
    let uri = ctx.store.backend().uri_for(&key);
    let bytes = source.object.bytes();
    let change = StepChange::Row {
        object: Some(Swap {
            from: hash(&bad),
            to: hash(bytes),
        }),
        cells: pointed(row, &uri),
    };
    let step = Step {
        key: Some(key.as_str().to_owned()),
        from: source.key.map(|key| key.as_str().to_owned()),
        bytes: bytes.len() as u64,
        sha256: Some(hash(bytes)),
        ..target.step(
            format!(
                "Copies the {} bad bytes under {key} into quarantine, then stores the {} in their place, from {}.",
                bad.len(),
                target.kind,
                source.words
            ),
            format!("{} The same bad bytes are still there.", still(row.uri())),
            change,
        )
    };
    let change = Change::Replace {
        object: source.object.sealed(),
        seen_uri: row.uri().map(str::to_owned),
        key,
        bad,
    };
    Ok(Built::Step(Box::new(step), change))
}

/// Returns the bytes under a key that are to be replaced; `Err` where there are none.
async fn bad_bytes(
    ctx: StepContext<'_>,
    kind: Kind,
    id: &ObjectId,
    key: &Key,
) -> Result<Result<Bytes, Built>, StoreError> {
    let Some(there) = ctx.store.read_twice(key).await? else {
        let why = format!("the store has no object under {key} any more");
        return Ok(Err(Built::Refused(why)));
    };
    Ok(match Proof::read(kind, id, &there) {
        Ok(_) => Err(Built::Already),
        Err(_) if Proof::of_another_kind(kind, id, &there) => Err(Built::Refused(format!(
            "the bytes under {key} are another object of the same digest; they stay"
        ))),
        Err(_) => Ok(there),
    })
}

async fn key_of(
    ctx: StepContext<'_>,
    kind: Kind,
    id: &ObjectId,
    row: &AnyRow,
) -> Result<Result<Key, Cause>, StoreError> {
    let Some(uri) = row.uri() else {
        let key = ctx.store.home(kind, id).await?;
        return Ok(key.ok_or_else(|| NO_DIGEST.into()));
    };
    let key = ctx.store.backend().locate(uri);
    Ok(key.map_err(|why| Cause::told(format!("{uri}: {why}"), why)))
}

/// Returns the replacement: the unwrapped object itself if the stored one is only wrapped, so that nothing is lost;
/// otherwise any bytes that match the id.
async fn good(
    ctx: StepContext<'_>,
    target: &Target,
    row: &AnyRow,
    key: &Key,
    bad: &Bytes,
) -> Result<Result<Source, NoSource>, StoreError> {
    if target.code == Code::ObjectEncoded || target.also.contains(&Code::ObjectEncoded) {
        let id = ObjectId::new(&target.id);
        if let Ok(object) = source::canonical(target.kind, &id, bad.clone()) {
            return Ok(Ok(Source {
                object,
                words: "their own unwrapped contents".to_owned(),
                key: None,
            }));
        }
    }
    source::find(ctx, target, Some(row), Some(key)).await
}
