//! The key that a new object gets.

use super::{Store, StoreError};
use crate::backend::{Key, layout};
use luthier_object::{Kind, ObjectId, Proof, Record};

/// The sha256 of nothing. By the formulas of March to May 2026 it names the empty tree and the empty file alike; no
/// other two objects of a hub share a digest unless somebody made one for it.
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

impl Store {
    /// Returns the key that a new object gets: the first that no object of another kind has. `None` for an id without
    /// digest.
    ///
    /// # Errors
    /// A store that did not answer; only what has the digest of nothing is asked for.
    pub async fn home(&self, kind: Kind, id: &ObjectId) -> Result<Option<Key>, StoreError> {
        let first = layout::key_for(id);
        if id.hex() != Some(OF_NOTHING) {
            return Ok(first);
        }
        for key in layout::keys_for(id, None) {
            let there = self.read_object(&key).await?;
            if !there.is_some_and(|bytes| is_another(kind, id, &bytes)) {
                return Ok(Some(key));
            }
        }
        Ok(first)
    }
}

/// Returns whether the bytes are a sound object, and not the one of this kind and id: the empty trees of March and of
/// April state the same digest in two spellings.
fn is_another(kind: Kind, id: &ObjectId, bytes: &[u8]) -> bool {
    match Proof::read(kind, id, bytes).map(Proof::into_record) {
        Ok(Record::Snapshot(record, _)) => record.snapshot_id != *id,
        Ok(Record::Commit(..) | Record::Blob(_)) => false,
        Err(_) => Proof::of_another_kind(kind, id, bytes),
    }
}
