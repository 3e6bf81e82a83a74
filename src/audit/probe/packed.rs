//! Blobs in packs.

use super::{Named, ObjectState, Probe, absent};
use luthier_hub::backend::Key;
use luthier_hub::store::packs::{PackSearch, PackState};

/// A blob whose row names a pack.
#[derive(Clone, Debug)]
pub struct PackedState {
    pub key: Key,
    pub search: PackSearch,
    /// Nothing that the row and the index name leads to its bytes.
    pub is_lost: bool,
    /// Of a lost blob: keys of the store whose bytes prove the id.
    pub found: Vec<Key>,
}

impl PackedState {
    /// Returns the id of the pack that the row names.
    #[must_use]
    pub fn pack(&self) -> String {
        let pack = self.key.in_pack().map(|place| place.pack.as_str());
        format!("sha256:{}", pack.unwrap_or_default())
    }
}

impl Probe<'_> {
    /// Looks at a blob in a pack. Where its bytes are not to be read, the place of the pack is asked for, and no byte
    /// of it.
    pub(super) async fn packed(&self, row: Named<'_>, key: Key) -> ObjectState {
        let search = match self.store.search_packs(&key, self.read).await {
            Ok(Some(search)) => search,
            Ok(None) => return absent(key),
            Err(error) => {
                let why = error.reason(key.as_str());
                return ObjectState::Unknown { key, why };
            }
        };
        let is_gone = search.pack == PackState::Absent;
        let is_lost = search.found.is_none() && (self.read || is_gone);
        let mut found = Vec::new();
        if is_lost {
            match self.elsewhere(row, absent(key.clone())).await {
                ObjectState::Absent { found: keys, .. } => found = keys,
                unknown => return unknown,
            }
        }
        ObjectState::Packed(Box::new(PackedState {
            key,
            search,
            is_lost,
            found,
        }))
    }
}
