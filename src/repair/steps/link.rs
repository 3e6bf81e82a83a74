//! A row pointed at an object that is there and proves.

use super::{Built, Target, hash, pointer, still};
use crate::change::StepChange;
use crate::step::Step;
use luthier_hub::backend::Key;
use luthier_hub::index::AnyRow;
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError};
use luthier_object::{ObjectId, Proven};

/// Points the row at an object that is there and proves.
pub(super) async fn build(
    store: &Store,
    target: &Target,
    row: &AnyRow,
) -> Result<Built, StoreError> {
    let id = ObjectId::new(&target.id);
    let keys = target.keys.iter().filter_map(|key| Key::new(key).ok());
    let mut refused = "no key is known that contains it".to_owned();
    for key in keys {
        let uri = store.backend().uri_for(&key);
        let prove = |bytes| Proven::read(target.kind, &id, bytes);
        let object = match store.read_proved(&key, prove).await? {
            None => continue,
            Some(Ok(object)) => object,
            Some(Err(why)) => {
                refused = format!("{key}: {why}");
                continue;
            }
        };
        if row.uri() == Some(uri.as_str()) {
            return Ok(Built::Already);
        }
        let step = Step {
            key: Some(key.as_str().to_owned()),
            sha256: Some(hash(object.bytes())),
            ..target.step(
                format!(
                    "Points the row at the object under {key}, whose bytes match the id (formula {}).",
                    object.scheme()
                ),
                still(row.uri()),
                StepChange::cells(vec![pointer(row.uri(), &uri)]),
            )
        };
        let change = Change::Link {
            kind: target.kind,
            id,
            seen_uri: row.uri().map(str::to_owned),
            key,
        };
        return Ok(Built::Step(Box::new(step), change));
    }
    Ok(Built::Refused(refused))
}
