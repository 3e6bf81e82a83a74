//! A row of the index of packs, from a pack that proves.

use super::{Built, Target, still};
use crate::change::{RangeChange, StepChange};
use crate::step::Step;
use luthier_hub::index::{AnyRow, PackedRow};
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError};
use luthier_object::ObjectId;

/// Writes where in its pack a blob lies. The whole pack has to prove; another pack of the blob is left alone.
pub(super) async fn build(
    store: &Store,
    target: &Target,
    row: &AnyRow,
) -> Result<Built, StoreError> {
    let refused = |why: &str| Ok(Built::refused(why));
    let id = ObjectId::new(&target.id);
    let key = row
        .uri()
        .and_then(|uri| store.locate(target.kind, &id, uri).ok());
    let Some(place) = key.as_ref().and_then(|key| key.in_pack()) else {
        return refused("the row does not point into a pack any more");
    };
    if !store.index().capabilities().packs() {
        return refused("this hub has no index of packs");
    }
    let spot = match store.proved_spot(&place.pack, &id).await? {
        Ok(spot) => spot,
        Err(why) => return Ok(Built::refused(why)),
    };
    let spellings = [
        target.id.clone(),
        format!("sha256:{}", id.bare()),
        id.bare().to_owned(),
    ];
    let mut rows = store.index().packed_by_id(&spellings).await?;
    rows.retain(|row| row.pack() == Some(place.pack.as_str()));
    let right = |row: &PackedRow| spot.row(&ObjectId::new(&row.object_id), &row.pack_id);
    let wrong = rows.iter().find(|row| right(row) != **row).cloned();
    let new = match (&wrong, rows.is_empty()) {
        (None, false) => return Ok(Built::Already),
        (None, true) => spot.row(&id, &format!("sha256:{}", place.pack)),
        (Some(seen), _) => right(seen),
    };
    Ok(step(target, row, wrong, new))
}

fn step(target: &Target, row: &AnyRow, seen: Option<PackedRow>, new: PackedRow) -> Built {
    let words = match &seen {
        None => {
            "Adds the index row that says where in its pack the blob is; the whole pack matches its id."
        }
        Some(_) => {
            "Corrects the index row to where in its pack the blob is; the whole pack matches its id."
        }
    };
    let text = |number: Option<i64>| number.map(|number| number.to_string());
    let change = StepChange::Index(RangeChange {
        object_id: new.object_id.clone(),
        pack_id: new.pack_id.clone(),
        from: seen
            .as_ref()
            .map(|row| (text(row.offset), text(row.length))),
        to: (text(new.offset), text(new.length)),
    });
    let step = Step {
        ..target.step(words.to_owned(), still(row.uri()), change)
    };
    Built::Step(Box::new(step), Change::Index { seen, new })
}
