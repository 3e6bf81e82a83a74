//! An object stored under its own key, where nothing is.

use super::source::{self, NoSource, Source};
use super::{Built, StepContext, Target, hash, pointed, still};
use crate::change::StepChange;
use crate::step::Step;
use bytes::Bytes;
use luthier_hub::backend::Key;
use luthier_hub::index::AnyRow;
use luthier_hub::store::StoreError;
use luthier_hub::store::write::Change;
use luthier_object::{Kind, ObjectId, Proven};

/// Stores the object under its own key, where nothing is, and points the row at it.
pub(super) async fn build(
    ctx: StepContext<'_>,
    target: &Target,
    row: &AnyRow,
    key: &Key,
) -> Result<Built, StoreError> {
    let source = match source_of(ctx, target, Some(row)).await? {
        Ok(source) => source,
        Err(why) => return Ok(Built::refused(why)),
    };
    let uri = ctx.store.backend().uri_for(key);
    let seen_uri = row.uri().map(str::to_owned);
    let step = Step {
        key: Some(key.as_str().to_owned()),
        from: source.key.map(|key| key.as_str().to_owned()),
        bytes: source.object.bytes().len() as u64,
        sha256: Some(hash(source.object.bytes())),
        ..target.step(
            format!("Stores the {} again, from {}.", target.kind, source.words),
            format!(
                "{} The store still has no object under that key.",
                still(row.uri())
            ),
            StepChange::cells(pointed(row, &uri)),
        )
    };
    let change = Change::Store {
        object: source.object.sealed(),
        seen_uri,
    };
    Ok(Built::Step(Box::new(step), change))
}

/// Returns bytes that match the id; those of the empty blob need no source.
pub(super) async fn source_of(
    ctx: StepContext<'_>,
    target: &Target,
    row: Option<&AnyRow>,
) -> Result<Result<Source, NoSource>, StoreError> {
    let id = ObjectId::new(&target.id);
    if let Ok(object) = Proven::read(Kind::Blob, &id, Bytes::new()) {
        return Ok(Ok(Source {
            object,
            words: "nothing: the blob is empty".to_owned(),
            key: None,
        }));
    }
    source::find(ctx, target, row, None).await
}
