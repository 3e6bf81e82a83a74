//! Blobs in packs.

use super::{Named, ObjectState, Probe, absent};
use luthier_hub::backend::Key;
use luthier_hub::store::packs::PackState;

impl Probe<'_> {
    /// Looks at a blob in a pack. Where its bytes are not to be read, the place of the pack is asked for, and no byte
    /// of it.
    pub(super) async fn packed(&self, row: Named<'_>, key: Key) -> ObjectState {
        if self.read {
            let answer = self.read(row.kind, row.id, &key, None).await;
            return self.elsewhere(row, answer).await;
        }
        let search = match self.store.search_packs(&key, false).await {
            Ok(search) => search,
            Err(error) => {
                let why = error.reason(key.as_str());
                return ObjectState::Unknown { key, why };
            }
        };
        match search {
            Some(search) if search.found.is_some() || search.pack != PackState::Absent => {
                let size = search.length;
                ObjectState::There { key, size }
            }
            _ => self.elsewhere(row, absent(key)).await,
        }
    }
}
